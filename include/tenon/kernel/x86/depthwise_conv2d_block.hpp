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
  return x86::layout_of(plan).bytes * static_cast<std::size_t>(plan.blocks * plan.parities);
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

/// Elements of two rows side by side; a row that is null is zeros. Words stand as the unpacking
/// leaves them, 16 at a time.
template <bool Bytes, class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void interleave(const X* a, const X* b,
                                                                       std::int32_t count,
                                                                       std::byte* to) noexcept {
  constexpr std::int32_t lane = Bytes ? 2 : 4;
  for (std::int32_t i = 0; i < count; i += 16, to += 16 * lane) {
    alignas(16) X rest[2][16] = {};
    const std::int32_t now = count - i;
    const X* from[2] = {a == nullptr ? rest[0] : a + i, b == nullptr ? rest[1] : b + i};
    if (now < 16) {
      if (a != nullptr) std::memcpy(rest[0], a + i, static_cast<std::size_t>(now));
      if (b != nullptr) std::memcpy(rest[1], b + i, static_cast<std::size_t>(now));
      from[0] = rest[0];
      from[1] = rest[1];
    }
    const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from[0]));
    const __m128i second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from[1]));
    if constexpr (Bytes) {
      const __m128i pairs[2] = {_mm_unpacklo_epi8(first, second), _mm_unpackhi_epi8(first, second)};
      if (now >= 16) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to), pairs[0]);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16), pairs[1]);
      } else if (now == 8) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to), pairs[0]);
      } else {
        std::memcpy(to, pairs, static_cast<std::size_t>(2 * now));
      }
    } else {
      const __m256i x =
          std::is_signed_v<X> ? _mm256_cvtepi8_epi16(first) : _mm256_cvtepu8_epi16(first);
      const __m256i y =
          std::is_signed_v<X> ? _mm256_cvtepi8_epi16(second) : _mm256_cvtepu8_epi16(second);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_unpacklo_epi16(x, y));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 32), _mm256_unpackhi_epi16(x, y));
    }
  }
}

/// One pair of rows of the band.
template <bool Bytes, class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void stage_pair(const DepthwiseBlock& block,
                                                                       const DepthwisePlan& plan,
                                                                       const X* a, const X* b,
                                                                       std::byte* to) noexcept {
  const WindowAxis& wx = block.window.x;
  const std::int32_t end = std::min(wx.input, plan.plane_width * plan.planes - wx.before);
  const std::ptrdiff_t pixel = std::ptrdiff_t{plan.channels} * plan.lane;
  if ((a == nullptr && b == nullptr) || end <= 0) {
    std::memset(to, 0, static_cast<std::size_t>(plan.pair_bytes));
    return;
  }
  if (plan.planes == 1 && plan.channels == block.channels) {
    std::memset(to, 0, static_cast<std::size_t>(wx.before * pixel));
    interleave<Bytes>(a, b, end * block.channels, to + wx.before * pixel);
    const std::int32_t right = plan.plane_width - wx.before - end;
    std::memset(to + (wx.before + end) * pixel, 0, static_cast<std::size_t>(right * pixel));
    return;
  }
  const std::int32_t columns = plan.plane_width * plan.planes;
  std::int32_t plane = 0;
  std::byte* at = to;
  for (std::int32_t column = 0; column < columns; ++column) {
    const std::int32_t x = column - wx.before;
    std::byte* const pixel_at = at + plane * plan.plane_bytes;
    if (x < 0 || x >= end) {
      std::memset(pixel_at, 0, static_cast<std::size_t>(pixel));
    } else {
      const std::ptrdiff_t from = std::ptrdiff_t{x} * block.channels;
      interleave<Bytes>(a == nullptr ? a : a + from, b == nullptr ? b : b + from, block.channels,
                        pixel_at);
    }
    if (++plane == plan.planes) {
      plane = 0;
      at += pixel;
    }
  }
}

template <bool Bytes, class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void stage_pairs(
    const DepthwiseBlock& block, const DepthwisePlan& plan, const X* x, std::int32_t first,
    std::int32_t rows, std::byte* to) noexcept {
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

/// Outputs in 32 bits, still to be limited: lanes 0..3 and 8..11 in the first vector, the others in
/// the second.
template <bool Bytes, std::size_t Outputs>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void depthwise_outputs(
    const FinishTraits& traits, const DepthwiseTile& tile, const std::byte* x, std::ptrdiff_t step,
    __m256i (&out)[Outputs][2]) noexcept {
  const DepthwiseFinish& finish = *tile.finish;
  if constexpr (Bytes) {
    if (tile.header.small) {
      __m256i sums[Outputs];
      sum_taps(x, step, tile.offsets, tile.weights, tile.header.taps, sums);
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

template <bool Bytes, std::size_t Outputs, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void depthwise_positions(
    const FinishTraits& traits, const DepthwiseTile& tile, const std::byte* x, std::ptrdiff_t step,
    const DepthwiseTarget& target, std::int32_t last_lanes, Y* y, std::ptrdiff_t y_step) noexcept {
  __m256i values[Outputs][2];
  depthwise_outputs<Bytes>(traits, tile, x, step, values);
  alignas(32) Y out[(Outputs + 1) / 2 * 32];
  if constexpr (std::is_same_v<Y, std::int8_t>) {
    const __m256i low = _mm256_set1_epi8(traits.low);
    const __m256i high = load(tile.finish->high);
#pragma GCC unroll 8
    for (std::size_t o = 0; o < Outputs; o += 2) {
      const std::size_t next = o + 1 < Outputs ? o + 1 : o;
      const __m256i bytes =
          _mm256_packs_epi16(_mm256_packs_epi32(values[o][0], values[o][1]),
                             _mm256_packs_epi32(values[next][0], values[next][1]));
      const __m256i limited =
          _mm256_max_epi8(_mm256_min_epi8(bytes, _mm256_permute4x64_epi64(high, 0x50)), low);
      _mm256_store_si256(reinterpret_cast<__m256i*>(out + 16 * o),
                         _mm256_permute4x64_epi64(limited, 0xD8));
    }
  } else {
#pragma GCC unroll 8
    for (std::size_t o = 0; o < Outputs; ++o) {
      const __m256i halves[2] = {_mm256_permute2x128_si256(values[o][0], values[o][1], 0x20),
                                 _mm256_permute2x128_si256(values[o][0], values[o][1], 0x31)};
#pragma GCC unroll 2
      for (std::int32_t h = 0; h < 2; ++h) {
        __m256i v = halves[h];
        if (!traits.raw) {
          const auto* const high = reinterpret_cast<const __m128i*>(tile.finish->high + 8 * h);
          v = _mm256_min_epi32(v, _mm256_cvtepi8_epi32(_mm_loadl_epi64(high)));
          v = _mm256_max_epi32(v, _mm256_set1_epi32(traits.low));
        }
        _mm256_store_si256(reinterpret_cast<__m256i*>(out + 16 * o + 8 * h), v);
      }
    }
  }
#pragma GCC unroll 8
  for (std::size_t o = 0; o < Outputs; ++o) {
    store_lanes(out + 16 * o, target, o + 1 < Outputs ? target.lanes : last_lanes,
                y + static_cast<std::ptrdiff_t>(o) * y_step);
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
  for (std::int32_t row = 0; row < wy.output; ++row) {
    const std::int32_t in_band = row % plan.band_rows;
    if (in_band == 0) {
      stage_pairs<Bytes>(block, plan, x, row, std::min(plan.band_rows, wy.output - row), scratch);
    }
    const std::int32_t first = in_band * wy.stride;
    const std::byte* const from = scratch + first / 2 * plan.pair_bytes;
    const std::byte* at = packed + (plan.parities == 2 ? first % 2 * plan.blocks : 0) *
                                       static_cast<std::ptrdiff_t>(layout.bytes);
    for (std::int32_t b = 0; b < plan.blocks; ++b, at += layout.bytes) {
      const DepthwiseTile tile = tile_at(at, layout);
      const std::int32_t used = std::min(depthwise_lanes, block.channels - b * depthwise_lanes);
      const DepthwiseTarget target{several ? depthwise_lanes : used, several ? plan.channels : used,
                                   several ? block.channels : used};
      const std::int32_t last =
          several ? (width - (plan.positions - 1) * pixels) * plan.channels : used;
      const std::byte* in = from + std::ptrdiff_t{b} * depthwise_lanes * plan.lane;
      Y* out = y + std::ptrdiff_t{row} * width * block.channels + b * depthwise_lanes;
      std::int32_t left = plan.positions;
      const std::ptrdiff_t step = plan.position_bytes;
      for (; left >= 4; left -= 4, in += 4 * step, out += 4 * y_step) {
        depthwise_positions<Bytes, 4>(block.finish, tile, in, step, target,
                                      left == 4 ? last : target.lanes, out, y_step);
      }
      if (left >= 2) {
        depthwise_positions<Bytes, 2>(block.finish, tile, in, step, target,
                                      left == 2 ? last : target.lanes, out, y_step);
        in += 2 * step;
        out += 2 * y_step;
        left -= 2;
      }
      if (left == 1) {
        depthwise_positions<Bytes, 1>(block.finish, tile, in, step, target, last, out, y_step);
      }
    }
  }
}

template <class X, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void depthwise_any(
    const DepthwiseBlock& block, const X* x, const std::byte* packed, Y* y,
    std::byte* scratch) noexcept {
  const DepthwisePlan plan = plan_of(block);
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
  x86::depthwise_any(block, x, packed, y, scratch);
}

/// The same for a block that is a constant.
template <DepthwiseBlock Block, class X, class Y>
[[gnu::target("avx2,fma")]] void depthwise_conv2d_block(arch::avx2, const X* x,
                                                        const std::byte* packed, Y* y,
                                                        std::byte* scratch) noexcept {
  x86::depthwise_any(Block, x, packed, y, scratch);
}

}  // namespace tenon::kernel
#endif
