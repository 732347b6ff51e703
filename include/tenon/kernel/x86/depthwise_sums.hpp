// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/depthwise_plan.hpp>
#include <tenon/kernel/x86/ymm_finish.hpp>
#include <type_traits>

// Sums over any taps of a depthwise convolution, finished and written, for AVX2.
namespace tenon::kernel::x86 {

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

/// Sums of 32 bits, which may be where the outputs go.
template <std::size_t Outputs>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void scale_sums(
    const FinishTraits& traits, const DepthwiseFinish& finish, const __m256i (&sums)[Outputs][2],
    __m256i (&out)[Outputs][2]) noexcept {
#pragma GCC unroll 8
  for (std::size_t o = 0; o < Outputs; ++o) {
#pragma GCC unroll 2
    for (std::int32_t h = 0; h < 2; ++h) {
      out[o][h] = scaled(traits, finish.offset + 8 * h, finish.multiplier + 8 * h,
                         finish.shift + 8 * h, sums[o][h]);
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
  scale_sums(traits, finish, out, out);
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

/// Output rows of 16 lanes that share their weights.
struct DepthwiseRows {
  std::int32_t count;
  std::ptrdiff_t x_step;  ///< from a row to the next
  std::ptrdiff_t y_step;
  std::int32_t positions;  ///< in a row
  std::ptrdiff_t x_position_step;
  std::ptrdiff_t y_position_step;
  std::int32_t last_lanes;
  DepthwiseTarget target;
};

template <bool Bytes, std::size_t Outputs, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void next_positions(
    const FinishTraits& traits, const DepthwiseTile& tile, const DepthwiseRows& rows,
    std::int32_t& left, const std::byte*& x, Y*& y) noexcept {
  __m256i values[Outputs][2];
  depthwise_outputs<Bytes>(traits, tile, x, rows.x_position_step, values);
  left -= static_cast<std::int32_t>(Outputs);
  store_outputs(traits, *tile.finish, values, rows.target,
                left == 0 ? rows.last_lanes : rows.target.lanes, y, rows.y_position_step);
  x += static_cast<std::ptrdiff_t>(Outputs) * rows.x_position_step;
  y += static_cast<std::ptrdiff_t>(Outputs) * rows.y_position_step;
}

/// Not part of its caller: the registers are all needed here. Takes copies: outputs are bytes,
/// which may stand for anything, so what is behind references would be read again after each.
template <bool Bytes, class Y>
[[gnu::target("avx2,fma"), gnu::noinline]] void any_taps_rows(const FinishTraits& traits,
                                                              const DepthwiseTile tile,
                                                              const DepthwiseRows rows,
                                                              const std::byte* first,
                                                              Y* to) noexcept {
  for (std::int32_t row = 0; row < rows.count; ++row, first += rows.x_step, to += rows.y_step) {
    const std::byte* x = first;
    Y* y = to;
    std::int32_t left = rows.positions;
    while (left >= 4) next_positions<Bytes, 4>(traits, tile, rows, left, x, y);
    if (left >= 2) next_positions<Bytes, 2>(traits, tile, rows, left, x, y);
    if (left >= 1) next_positions<Bytes, 1>(traits, tile, rows, left, x, y);
  }
}

}  // namespace tenon::kernel::x86
#endif
