// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/depthwise_plan.hpp>
#include <tenon/kernel/x86/matmul.hpp>
#include <tenon/kernel/x86/stage.hpp>
#include <type_traits>

// Depthwise convolution, bias, ReLU and output quantizer of DepthwiseBlock, equal to the reference
// kernel. Weights are packed once, by `pack`; `packed` and `scratch` are aligned to 64 bytes.
// Nothing is read or written outside of the arrays.
namespace tenon::kernel {

[[nodiscard]] constexpr std::size_t packed_bytes(arch::avx2, const DepthwiseBlock& block) noexcept {
  const x86::DepthwisePlan plan = x86::plan_of(block);
  return x86::depthwise_plan_bytes +
         x86::layout_of(plan).bytes * static_cast<std::size_t>(plan.blocks * plan.parities);
}

[[nodiscard]] constexpr std::size_t scratch_bytes(arch::avx2,
                                                  const DepthwiseBlock& block) noexcept {
  const x86::DepthwisePlan plan = x86::plan_of(block);
  const std::int32_t rows = plan.band_height(block.window.y, plan.band_rows);
  return x86::to_cache_line(static_cast<std::size_t>(x86::ceiling(rows, 2) + 1) *
                            static_cast<std::size_t>(plan.pair_bytes)) +
         x86::band_slack;
}

inline void pack(arch::avx2, const DepthwiseBlock& block, const signed char* w,
                 const ChannelFinish* channel_finish, std::byte* packed) noexcept {
  x86::pack_depthwise(block, w, channel_finish, packed);
}

namespace x86 {

/// Two rows of which one may lie outside: its elements are loaded from the other one and dropped.
template <class X>
struct RowPair {
  const X* first;
  const X* second;
  __m128i keep_first;
  __m128i keep_second;
};

/// 16 bytes of each row side by side, as bytes or as words; words stand as their unpacking leaves
/// them.
template <bool Bytes, class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void interleave(__m128i first,
                                                                       __m128i second,
                                                                       std::byte* to) noexcept {
  if constexpr (Bytes) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_unpacklo_epi8(first, second));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16), _mm_unpackhi_epi8(first, second));
  } else {
    const __m256i x =
        std::is_signed_v<X> ? _mm256_cvtepi8_epi16(first) : _mm256_cvtepu8_epi16(first);
    const __m256i y =
        std::is_signed_v<X> ? _mm256_cvtepi8_epi16(second) : _mm256_cvtepu8_epi16(second);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_unpacklo_epi16(x, y));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 32), _mm256_unpackhi_epi16(x, y));
  }
}

/// `count` elements from `from` on; may write up to 64 bytes too many, over what is written next.
template <bool Bytes, class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void interleave_row(const RowPair<X>& rows,
                                                                           std::ptrdiff_t from,
                                                                           std::int32_t count,
                                                                           std::byte* to) noexcept {
  const X* a = rows.first + from;
  const X* b = rows.second + from;
  for (; count >= 16; count -= 16, a += 16, b += 16, to += Bytes ? 32 : 64) {
    const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a));
    const __m128i second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b));
    interleave<Bytes, X>(_mm_and_si128(first, rows.keep_first),
                         _mm_and_si128(second, rows.keep_second), to);
  }
  if (count >= 8) {
    const __m128i first = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(a));
    const __m128i second = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(b));
    interleave<Bytes, X>(_mm_and_si128(first, rows.keep_first),
                         _mm_and_si128(second, rows.keep_second), to);
    if (count == 8) return;
    // Words of a pixel stand in another order: its tail is made at once below.
    if constexpr (Bytes) {
      count -= 8;
      a += 8;
      b += 8;
      to += 16;
    }
  }
  if (count <= 0) return;
  alignas(16) X rest[2][16] = {};
  for (std::int32_t i = 0; i < count; ++i) {
    rest[0][i] = a[i];
    rest[1][i] = b[i];
  }
  const __m128i first = _mm_load_si128(reinterpret_cast<const __m128i*>(rest[0]));
  const __m128i second = _mm_load_si128(reinterpret_cast<const __m128i*>(rest[1]));
  interleave<Bytes, X>(_mm_and_si128(first, rows.keep_first),
                       _mm_and_si128(second, rows.keep_second), to);
}

/// Zeros, up to 31 bytes too many: what is written next stands there.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void clear(std::byte* to,
                                                                  std::ptrdiff_t bytes) noexcept {
  for (; bytes > 0; bytes -= 32, to += 32) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_setzero_si256());
  }
}

/// One pair of rows of the band, from left to right.
template <bool Bytes, class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void stage_pair(const DepthwiseBlock& block,
                                                                       const DepthwisePlan& plan,
                                                                       const X* a, const X* b,
                                                                       std::byte* to) noexcept {
  const WindowAxis& wx = block.window.x;
  const std::ptrdiff_t pixel = std::ptrdiff_t{plan.channels} * plan.lane;
  if (a == nullptr && b == nullptr) return clear(to, plan.pair_bytes);
  const __m128i all = _mm_set1_epi8(-1);
  const RowPair<X> rows{a == nullptr ? b : a, b == nullptr ? a : b,
                        a == nullptr ? _mm_setzero_si128() : all,
                        b == nullptr ? _mm_setzero_si128() : all};
  if (plan.planes == 1 && plan.channels == block.channels) {
    const std::int32_t end = std::min(wx.input, plan.plane_width - wx.before);
    clear(to, wx.before * pixel);
    if (end > 0) interleave_row<Bytes>(rows, 0, end * block.channels, to + wx.before * pixel);
    return clear(to + (wx.before + end) * pixel, (plan.plane_width - wx.before - end) * pixel);
  }
  for (std::int32_t plane = 0; plane < plan.planes; ++plane) {
    // Columns of the band whose pixels lie inside.
    const std::int32_t outside = wx.before - plane;
    const std::int32_t first =
        std::min(outside > 0 ? ceiling(outside, plan.planes) : 0, plan.plane_width);
    const std::int32_t inside_end =
        wx.input + outside > 0 ? ceiling(wx.input + outside, plan.planes) : 0;
    const std::int32_t end = std::max(std::min(inside_end, plan.plane_width), first);
    clear(to, first * pixel);
    to += first * pixel;
    std::ptrdiff_t from = std::ptrdiff_t{first * plan.planes - outside} * block.channels;
    const std::ptrdiff_t next = std::ptrdiff_t{plan.planes} * block.channels;
    if (block.channels == depthwise_lanes) {  // no loop in the loop
      for (std::int32_t i = first; i < end; ++i, from += next, to += pixel) {
        const __m128i a16 = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows.first + from));
        const __m128i b16 = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows.second + from));
        interleave<Bytes, X>(_mm_and_si128(a16, rows.keep_first),
                             _mm_and_si128(b16, rows.keep_second), to);
      }
    } else {
      for (std::int32_t i = first; i < end; ++i, from += next, to += pixel) {
        interleave_row<Bytes>(rows, from, block.channels, to);
      }
    }
    clear(to, (plan.plane_width - end) * pixel);
    to += (plan.plane_width - end) * pixel;
  }
}

template <bool Bytes, class X>
[[gnu::target("avx2,fma"), gnu::noinline]] void stage_pairs(const DepthwiseBlock& block,
                                                            const DepthwisePlan& plan, const X* x,
                                                            std::int32_t first, std::int32_t rows,
                                                            std::byte* to) noexcept {
  const WindowAxis& wy = block.window.y;
  const std::ptrdiff_t row_size = std::ptrdiff_t{block.window.x.input} * block.channels;
  const std::int32_t height = plan.band_height(wy, rows);
  for (std::int32_t r = 0; r < height; r += 2, to += plan.pair_bytes) {
    const X* row[2] = {};
    for (std::int32_t half = 0; half < 2; ++half) {
      const std::int32_t y = first * wy.stride - wy.before + (r + half) * wy.dilation;
      if (r + half < height && y >= 0 && y < wy.input) row[half] = x + y * row_size;
    }
    stage_pair<Bytes>(block, plan, row[0], row[1], to);
  }
}

struct DepthwiseTile {
  DepthwiseHeader header;
  const std::int32_t* offsets;
  const std::int32_t* counts;
  const std::byte* weights;
  const DepthwiseFinish* finish;
};

[[nodiscard]] inline DepthwiseTile tile_at(const std::byte* packed,
                                           const DepthwiseLayout& layout) noexcept {
  DepthwiseHeader header;
  std::memcpy(&header, packed, sizeof header);
  return {header, reinterpret_cast<const std::int32_t*>(packed + layout.offsets),
          reinterpret_cast<const std::int32_t*>(packed + layout.counts), packed + layout.weights,
          reinterpret_cast<const DepthwiseFinish*>(packed + sizeof header)};
}

/// Sums of `taps` products of pairs of bytes in 16 bits, at `Outputs` places.
template <std::size_t Outputs>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void sum_taps(
    const std::byte* x, std::ptrdiff_t step, const std::int32_t* offsets, const std::byte* weights,
    std::int32_t taps, __m256i (&sums)[Outputs]) noexcept {
#pragma GCC unroll 8
  for (std::size_t o = 0; o < Outputs; ++o) sums[o] = _mm256_setzero_si256();
  for (std::int32_t t = 0; t < taps; ++t) {
    const __m256i w = load(weights + t * 32);
    const std::byte* at = x + offsets[t];
#pragma GCC unroll 8
    for (std::size_t o = 0; o < Outputs; ++o) {
      sums[o] = _mm256_add_epi16(
          sums[o], _mm256_maddubs_epi16(load(at + static_cast<std::ptrdiff_t>(o) * step), w));
    }
  }
}

/// finish() of block.hpp without the last clamp, of sums of 16 bits by multipliers of 15.
template <std::size_t Outputs>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void scale_words(
    const DepthwiseFinish& finish, const __m256i (&sums)[Outputs],
    __m256i (&out)[Outputs][2]) noexcept {
  const __m256i zero = _mm256_setzero_si256();
#pragma GCC unroll 8
  for (std::size_t o = 0; o < Outputs; ++o) {
    const __m256i words[2] = {_mm256_unpacklo_epi16(sums[o], zero),
                              _mm256_unpackhi_epi16(sums[o], zero)};
#pragma GCC unroll 2
    for (std::int32_t h = 0; h < 2; ++h) {
      const __m256i product = _mm256_madd_epi16(words[h], load(finish.multiplier + 8 * h));
      out[o][h] = _mm256_srav_epi32(_mm256_add_epi32(product, load(finish.offset + 8 * h)),
                                    load(finish.shift + 8 * h));
    }
  }
}

/// Outputs in 32 bits, still to be limited: lanes 0..3 and 8..11 in the first vector, the others in
/// the second.
template <bool Bytes, std::size_t Outputs>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void depthwise_outputs(
    const FinishTraits& traits, const DepthwiseTile& tile, const std::byte* x, std::ptrdiff_t step,
    __m256i (&out)[Outputs][2]) noexcept {
  const DepthwiseFinish& finish = *tile.finish;
  if constexpr (Bytes) {
    if (tile.header.form == DepthwiseForm::whole) {
      __m256i sums[Outputs];
      sum_taps(x, step, tile.offsets, tile.weights, tile.header.taps, sums);
      scale_words(finish, sums, out);
      return;
    }
  }
#pragma GCC unroll 8
  for (std::size_t o = 0; o < Outputs; ++o) out[o][0] = out[o][1] = _mm256_setzero_si256();
  const std::int32_t* offsets = tile.offsets;
  const std::byte* weights = tile.weights;
  if constexpr (Bytes) {
    // Two sums at a time: widened by one instruction that adds them.
    const __m256i ones = _mm256_set1_epi16(1);
    for (std::int32_t s = 0; s < tile.header.sums; s += 2) {
      const std::int32_t taps[2] = {tile.counts[s],
                                    s + 1 < tile.header.sums ? tile.counts[s + 1] : 0};
      __m256i sums[2][Outputs];
#pragma GCC unroll 2
      for (std::int32_t i = 0; i < 2; ++i) {
        sum_taps(x, step, offsets, weights, taps[i], sums[i]);
        offsets += taps[i];
        weights += taps[i] * 32;
      }
#pragma GCC unroll 8
      for (std::size_t o = 0; o < Outputs; ++o) {
        const __m256i low = _mm256_unpacklo_epi16(sums[0][o], sums[1][o]);
        const __m256i high = _mm256_unpackhi_epi16(sums[0][o], sums[1][o]);
        out[o][0] = _mm256_add_epi32(out[o][0], _mm256_madd_epi16(low, ones));
        out[o][1] = _mm256_add_epi32(out[o][1], _mm256_madd_epi16(high, ones));
      }
    }
  } else {
    for (std::int32_t t = 0; t < tile.header.taps; ++t) {
      const __m256i w[2] = {load(weights + t * 64), load(weights + t * 64 + 32)};
      const std::byte* at = x + offsets[t];
#pragma GCC unroll 8
      for (std::size_t o = 0; o < Outputs; ++o) {
        out[o][0] = _mm256_add_epi32(
            out[o][0], _mm256_madd_epi16(load(at + static_cast<std::ptrdiff_t>(o) * step), w[0]));
        out[o][1] = _mm256_add_epi32(
            out[o][1],
            _mm256_madd_epi16(load(at + static_cast<std::ptrdiff_t>(o) * step + 32), w[1]));
      }
    }
  }
#pragma GCC unroll 8
  for (std::size_t o = 0; o < Outputs; ++o) {
#pragma GCC unroll 2
    for (std::int32_t h = 0; h < 2; ++h) {
      out[o][h] = scaled(traits, finish.offset + 8 * h, finish.multiplier + 8 * h,
                         finish.shift + 8 * h, out[o][h]);
    }
  }
}

/// Where the outputs of a block of lanes go.
struct DepthwiseTarget {
  std::int32_t lanes;     ///< used of 16
  std::int32_t packed;    ///< channels of a pixel in the lanes, where they are fewer than 16
  std::int32_t channels;  ///< of them used
};

template <class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void store_lanes(
    const Y* out, const DepthwiseTarget& target, std::int32_t lanes, Y* y) noexcept {
  if (target.packed == target.channels) {
    if (lanes == depthwise_lanes) {
      std::memcpy(y, out, depthwise_lanes * sizeof(Y));
    } else {
      std::memcpy(y, out, static_cast<std::size_t>(lanes) * sizeof(Y));
    }
    return;
  }
  for (std::int32_t from = 0; from < lanes; from += target.packed, y += target.channels) {
    std::memcpy(y, out + from, static_cast<std::size_t>(target.channels) * sizeof(Y));
  }
}

/// Limits and writes outputs: 16 lanes at each place but the last.
template <std::size_t Outputs, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void store_outputs(
    const FinishTraits& traits, const DepthwiseFinish& finish, const __m256i (&values)[Outputs][2],
    const DepthwiseTarget& target, std::int32_t last_lanes, Y* y, std::ptrdiff_t y_step) noexcept {
  if constexpr (std::is_same_v<Y, std::int8_t>) {
    const __m256i low = _mm256_set1_epi8(traits.low);
    const __m256i high = load(finish.high);
    const bool whole = target.packed == target.channels && target.lanes == depthwise_lanes;
#pragma GCC unroll 8
    for (std::size_t o = 0; o < Outputs; o += 2) {
      const std::size_t next = o + 1 < Outputs ? o + 1 : o;
      const __m256i bytes =
          _mm256_packs_epi16(_mm256_packs_epi32(values[o][0], values[o][1]),
                             _mm256_packs_epi32(values[next][0], values[next][1]));
      const __m256i in_order = _mm256_permute4x64_epi64(bytes, 0xD8);
      const __m256i limited = _mm256_max_epi8(_mm256_min_epi8(in_order, high), low);
      const __m128i out[2] = {_mm256_castsi256_si128(limited),
                              _mm256_extracti128_si256(limited, 1)};
#pragma GCC unroll 2
      for (std::size_t i = 0; i < 2; ++i, y += y_step) {
        if (o + i >= Outputs) break;
        const std::int32_t lanes = o + i + 1 < Outputs ? target.lanes : last_lanes;
        if (whole && lanes == depthwise_lanes) {
          _mm_storeu_si128(reinterpret_cast<__m128i*>(y), out[i]);
        } else {
          alignas(16) Y staged[16];
          _mm_store_si128(reinterpret_cast<__m128i*>(staged), out[i]);
          store_lanes(staged, target, lanes, y);
        }
      }
    }
  } else {
#pragma GCC unroll 8
    for (std::size_t o = 0; o < Outputs; ++o, y += y_step) {
      alignas(32) Y staged[16];
      const __m256i halves[2] = {_mm256_permute2x128_si256(values[o][0], values[o][1], 0x20),
                                 _mm256_permute2x128_si256(values[o][0], values[o][1], 0x31)};
#pragma GCC unroll 2
      for (std::int32_t h = 0; h < 2; ++h) {
        __m256i v = halves[h];
        if (!traits.raw) {
          const auto* const high = reinterpret_cast<const __m128i*>(finish.high + 8 * h);
          v = _mm256_min_epi32(v, _mm256_cvtepi8_epi32(_mm_loadl_epi64(high)));
          v = _mm256_max_epi32(v, _mm256_set1_epi32(traits.low));
        }
        _mm256_store_si256(reinterpret_cast<__m256i*>(staged + 8 * h), v);
      }
      store_lanes(staged, target, o + 1 < Outputs ? target.lanes : last_lanes, y);
    }
  }
}

/// An output row of 16 lanes.
struct DepthwiseRow {
  const std::byte* x;
  std::ptrdiff_t step;
  std::int32_t positions;
  std::int32_t last_lanes;
  DepthwiseTarget target;
  std::ptrdiff_t y_step;
};

template <bool Bytes, std::size_t Outputs, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void next_positions(
    const FinishTraits& traits, const DepthwiseTile& tile, DepthwiseRow& row, Y*& y) noexcept {
  __m256i values[Outputs][2];
  depthwise_outputs<Bytes>(traits, tile, row.x, row.step, values);
  row.positions -= static_cast<std::int32_t>(Outputs);
  store_outputs(traits, *tile.finish, values, row.target,
                row.positions == 0 ? row.last_lanes : row.target.lanes, y, row.y_step);
  row.x += static_cast<std::ptrdiff_t>(Outputs) * row.step;
  y += static_cast<std::ptrdiff_t>(Outputs) * row.y_step;
}

/// How six pairs of taps are summed up: in so many parts of 16 bits, or in one where inputs serve
/// three places each.
enum class SixTaps : std::uint8_t { one, two, three, six, sliding };

template <SixTaps How, std::size_t Parts, std::size_t Outputs>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void sum_six_taps(
    const DepthwiseTile& tile, const std::byte* x, std::ptrdiff_t step,
    __m256i (&sums)[Parts][Outputs]) noexcept {
  if constexpr (How == SixTaps::sliding) {
#pragma GCC unroll 2
    for (std::size_t pair = 0; pair < 2; ++pair) {
      const std::byte* at = x + tile.offsets[3 * pair];
      const __m256i w[3] = {load(tile.weights + 96 * pair), load(tile.weights + 96 * pair + 32),
                            load(tile.weights + 96 * pair + 64)};
#pragma GCC unroll 16
      for (std::size_t column = 0; column < Outputs + 2; ++column, at += step) {
        const __m256i inputs = load(at);
#pragma GCC unroll 4
        for (std::size_t k = 0; k < 3; ++k) {
          if (column < k || column - k >= Outputs) continue;
          __m256i& sum = sums[0][column - k];
          const __m256i products = _mm256_maddubs_epi16(inputs, w[k]);
          sum = pair == 0 && k == 0 ? products : _mm256_add_epi16(sum, products);
          in_order(sum);
        }
      }
    }
  } else {
#pragma GCC unroll 8
    for (std::size_t t = 0; t < 6; ++t) {
      const __m256i w = load(tile.weights + 32 * t);
      const std::byte* at = x + tile.offsets[t];
#pragma GCC unroll 8
      for (std::size_t o = 0; o < Outputs; ++o, at += step) {
        __m256i& sum = sums[t * Parts / 6][o];
        const __m256i products = _mm256_maddubs_epi16(load(at), w);
        sum = t * Parts % 6 == 0 ? products : _mm256_add_epi16(sum, products);
        in_order(sum);
      }
    }
  }
}

/// The sums of two vectors of words in 32 bits: lanes 0..3 and 8..11, and the others.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void widen_sums(
    __m256i first, __m256i second, __m256i (&sums)[2]) noexcept {
  const __m256i ones = _mm256_set1_epi16(1);
  sums[0] = _mm256_madd_epi16(_mm256_unpacklo_epi16(first, second), ones);
  sums[1] = _mm256_madd_epi16(_mm256_unpackhi_epi16(first, second), ones);
}

/// Sums in 32 bits, as widen_sums() leaves them.
template <SixTaps How, std::size_t Outputs>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void wide_six_taps(
    const DepthwiseTile& tile, const std::byte* x, std::ptrdiff_t step,
    __m256i (&sums)[Outputs][2]) noexcept {
  if constexpr (How == SixTaps::six) {
#pragma GCC unroll 4
    for (std::size_t t = 0; t < 6; t += 2) {
      const __m256i w[2] = {load(tile.weights + 32 * t), load(tile.weights + 32 * t + 32)};
      const std::byte* first = x + tile.offsets[t];
      const std::byte* second = x + tile.offsets[t + 1];
#pragma GCC unroll 8
      for (std::size_t o = 0; o < Outputs; ++o, first += step, second += step) {
        __m256i both[2];
        widen_sums(_mm256_maddubs_epi16(load(first), w[0]),
                   _mm256_maddubs_epi16(load(second), w[1]), both);
#pragma GCC unroll 2
        for (std::size_t h = 0; h < 2; ++h) {
          sums[o][h] = t == 0 ? both[h] : _mm256_add_epi32(sums[o][h], both[h]);
          in_order(sums[o][h]);
        }
      }
    }
  } else {
    constexpr std::size_t parts = How == SixTaps::two ? 2 : 3;
    __m256i words[parts][Outputs];
    sum_six_taps<How>(tile, x, step, words);
#pragma GCC unroll 8
    for (std::size_t o = 0; o < Outputs; ++o) {
      widen_sums(words[0][o], words[1][o], sums[o]);
      if constexpr (parts == 3) {
        __m256i third[2];
        widen_sums(words[2][o], _mm256_setzero_si256(), third);
        sums[o][0] = _mm256_add_epi32(sums[o][0], third[0]);
        sums[o][1] = _mm256_add_epi32(sums[o][1], third[1]);
      }
    }
  }
}

/// 16 outputs each at some places.
template <SixTaps How, std::size_t Outputs>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void six_taps(
    const FinishTraits& traits, const DepthwiseTile& tile, const std::byte* x, std::ptrdiff_t step,
    std::int8_t* y, std::ptrdiff_t y_step) noexcept {
  __m256i out[Outputs][2];
  const DepthwiseFinish& finish = *tile.finish;
  if constexpr (How == SixTaps::one || How == SixTaps::sliding) {
    __m256i sums[1][Outputs];
    sum_six_taps<How>(tile, x, step, sums);
    scale_words(finish, sums[0], out);
  } else {
    __m256i sums[Outputs][2];
    wide_six_taps<How>(tile, x, step, sums);
#pragma GCC unroll 8
    for (std::size_t o = 0; o < Outputs; ++o) {
#pragma GCC unroll 2
      for (std::int32_t h = 0; h < 2; ++h) {
        out[o][h] = scaled(traits, finish.offset + 8 * h, finish.multiplier + 8 * h,
                           finish.shift + 8 * h, sums[o][h]);
      }
    }
  }
  const __m256i low = _mm256_set1_epi8(traits.low);
  const __m256i high =
      _mm256_permute4x64_epi64(load(finish.high), 0x50);  // as the packed bytes stand
#pragma GCC unroll 8
  for (std::size_t o = 0; o < Outputs; o += 2) {
    const std::size_t next = o + 1 < Outputs ? o + 1 : o;
    const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(out[o][0], out[o][1]),
                                             _mm256_packs_epi32(out[next][0], out[next][1]));
    const __m256i limited = _mm256_max_epi8(_mm256_min_epi8(bytes, high), low);
    const __m256i ordered = _mm256_permute4x64_epi64(limited, 0xD8);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y), _mm256_castsi256_si128(ordered));
    y += y_step;
    if (next > o)
      _mm_storeu_si128(reinterpret_cast<__m128i*>(y), _mm256_extracti128_si256(ordered, 1));
    y += y_step;
  }
}

/// One block of lanes of a row.
template <SixTaps How>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void six_taps_positions(
    const FinishTraits& traits, const DepthwiseTile& tile, const DepthwiseRow& row,
    const std::byte* x, std::int8_t* y) noexcept {
  const std::ptrdiff_t step = row.step;
  const std::ptrdiff_t y_step = row.y_step;
  std::int32_t left = row.positions;
  constexpr std::int32_t most =
      How == SixTaps::sliding ? 8 : 4;  // places whose sums fit the registers
  for (; left >= most; left -= most, x += most * step, y += most * y_step) {
    six_taps<How, most>(traits, tile, x, step, y, y_step);
  }
  if (left == 1) six_taps<How, 1>(traits, tile, x, step, y, y_step);
  if (left == 2) six_taps<How, 2>(traits, tile, x, step, y, y_step);
  if (left == 3) six_taps<How, 3>(traits, tile, x, step, y, y_step);
  if constexpr (most > 4) {
    if (left == 4) six_taps<How, 4>(traits, tile, x, step, y, y_step);
    if (left == 5) six_taps<How, 5>(traits, tile, x, step, y, y_step);
    if (left == 6) six_taps<How, 6>(traits, tile, x, step, y, y_step);
    if (left == 7) six_taps<How, 7>(traits, tile, x, step, y, y_step);
  }
}

/// Not part of its caller: the registers are all needed here.
template <bool Bytes, class Y>
[[gnu::target("avx2,fma"), gnu::noinline]] void any_taps_row(const FinishTraits& traits,
                                                             const DepthwiseTile& tile,
                                                             DepthwiseRow row, Y* y) noexcept {
  while (row.positions >= 4) next_positions<Bytes, 4>(traits, tile, row, y);
  if (row.positions >= 2) next_positions<Bytes, 2>(traits, tile, row, y);
  if (row.positions >= 1) next_positions<Bytes, 1>(traits, tile, row, y);
}

/// All blocks of lanes of a row. Not part of its caller: the registers are all needed here.
[[gnu::target("avx2,fma"), gnu::noinline]] inline void six_taps_row(
    const FinishTraits& traits, const std::byte* packed, const DepthwiseLayout& layout,
    std::int32_t blocks, const DepthwiseRow& row, std::int8_t* y) noexcept {
  for (std::int32_t b = 0; b < blocks; ++b, packed += layout.bytes) {
    const DepthwiseTile tile = tile_at(packed, layout);
    const std::byte* const x = row.x + b * 2 * depthwise_lanes;
    if (tile.header.sliding) {
      six_taps_positions<SixTaps::sliding>(traits, tile, row, x, y + b * depthwise_lanes);
    } else if (tile.header.form == DepthwiseForm::whole) {
      six_taps_positions<SixTaps::one>(traits, tile, row, x, y + b * depthwise_lanes);
    } else if (tile.header.form == DepthwiseForm::halves) {
      six_taps_positions<SixTaps::two>(traits, tile, row, x, y + b * depthwise_lanes);
    } else if (tile.header.form == DepthwiseForm::thirds) {
      six_taps_positions<SixTaps::three>(traits, tile, row, x, y + b * depthwise_lanes);
    } else if (tile.header.form == DepthwiseForm::sixths) {
      six_taps_positions<SixTaps::six>(traits, tile, row, x, y + b * depthwise_lanes);
    } else {
      DepthwiseRow any = row;
      any.x = x;
      any_taps_row<true>(traits, tile, any, y + b * depthwise_lanes);
    }
  }
}

template <bool Bytes, class X, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void depthwise_rows(
    const DepthwiseBlock& block, const DepthwisePlan& plan, const X* x, const std::byte* packed,
    Y* y, std::byte* scratch) noexcept {
  const DepthwiseLayout layout = layout_of(plan);
  const WindowAxis& wy = block.window.y;
  const std::int32_t width = block.window.x.output;
  const bool several = plan.channels < depthwise_lanes;  // pixels in a block of lanes
  const std::int32_t pixels = several ? depthwise_lanes / plan.channels : 1;
  const std::ptrdiff_t y_step = std::ptrdiff_t{block.channels} * pixels;
  const DepthwiseHeader header = tile_at(packed, layout).header;
  const bool whole =
      plan.channels == block.channels && width * plan.channels % depthwise_lanes == 0;
  const bool six = whole && header.taps == 6 && !block.finish.raw;
  for (std::int32_t row = 0; row < wy.output; ++row) {
    const std::int32_t in_band = row % plan.band_rows;
    if (in_band == 0) {
      stage_pairs<Bytes>(block, plan, x, row, std::min(plan.band_rows, wy.output - row), scratch);
    }
    const std::int32_t first = in_band * wy.stride;
    const std::byte* const from = scratch + first / 2 * plan.pair_bytes;
    const std::byte* at = packed + (plan.parities == 2 ? first % 2 * plan.blocks : 0) *
                                       static_cast<std::ptrdiff_t>(layout.bytes);
    Y* const to = y + std::ptrdiff_t{row} * width * block.channels;
    if constexpr (Bytes && std::is_same_v<Y, std::int8_t>) {
      if (six) {
        six_taps_row(block.finish, at, layout, plan.blocks,
                     {from,
                      plan.position_bytes,
                      plan.positions,
                      depthwise_lanes,
                      {depthwise_lanes, depthwise_lanes, depthwise_lanes},
                      y_step},
                     to);
        continue;
      }
    }
    for (std::int32_t b = 0; b < plan.blocks; ++b, at += layout.bytes) {
      const std::int32_t used = std::min(depthwise_lanes, block.channels - b * depthwise_lanes);
      const DepthwiseTarget target{several ? depthwise_lanes : used, several ? plan.channels : used,
                                   several ? block.channels : used};
      const std::int32_t last =
          several ? (width - (plan.positions - 1) * pixels) * plan.channels : used;
      any_taps_row<Bytes>(block.finish, tile_at(at, layout),
                          {from + std::ptrdiff_t{b} * depthwise_lanes * plan.lane,
                           plan.position_bytes, plan.positions, last, target, y_step},
                          to + b * depthwise_lanes);
    }
  }
}

template <class X, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void depthwise_any(
    const DepthwiseBlock& block, const DepthwisePlan& plan, const X* x, const std::byte* packed,
    Y* y, std::byte* scratch) noexcept {
  packed += depthwise_plan_bytes;
  if (plan.bytes) {
    depthwise_rows<true>(block, plan, x, packed, y, scratch);
  } else {
    depthwise_rows<false>(block, plan, x, packed, y, scratch);
  }
}

}  // namespace x86

template <class X, class Y>
[[gnu::target("avx2,fma")]] void depthwise_conv2d_block(arch::avx2, const DepthwiseBlock& block,
                                                        const X* x, const std::byte* packed, Y* y,
                                                        std::byte* scratch) noexcept {
  x86::DepthwisePlan plan;
  std::memcpy(&plan, packed, sizeof plan);
  x86::depthwise_any(block, plan, x, packed, y, scratch);
}

/// The same for a block that is a constant.
template <DepthwiseBlock Block, class X, class Y>
[[gnu::target("avx2,fma")]] void depthwise_conv2d_block(arch::avx2, const X* x,
                                                        const std::byte* packed, Y* y,
                                                        std::byte* scratch) noexcept {
  static constexpr x86::DepthwisePlan plan = x86::plan_of(Block);
  x86::depthwise_any(Block, plan, x, packed, y, scratch);
}

}  // namespace tenon::kernel
#endif
