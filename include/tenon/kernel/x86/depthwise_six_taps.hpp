// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/depthwise_plan.hpp>
#include <tenon/kernel/x86/depthwise_sums.hpp>
#include <tenon/kernel/x86/registers.hpp>

// Depthwise convolutions of 3x3 and all others of six pairs of taps, for AVX2: sums and finish stay
// in registers.
namespace tenon::kernel::x86 {

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
          keep_in_register(sum);
        }
      }
    }
  } else {
#pragma GCC unroll 8
    for (std::size_t t = 0; t < 6; ++t) {
      __m256i w = load(tile.weights + 32 * t);
      keep_in_register(w);
      const std::byte* at = x + tile.offsets[t];
#pragma GCC unroll 8
      for (std::size_t o = 0; o < Outputs; ++o, at += step) {
        __m256i& sum = sums[t * Parts / 6][o];
        const __m256i products = _mm256_maddubs_epi16(load(at), w);
        sum = t * Parts % 6 == 0 ? products : _mm256_add_epi16(sum, products);
        keep_in_register(sum);
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
      __m256i w[2] = {load(tile.weights + 32 * t), load(tile.weights + 32 * t + 32)};
      keep_in_register(w[0]);
      keep_in_register(w[1]);
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
          keep_in_register(sums[o][h]);
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
    scale_sums(traits, finish, sums, out);
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

/// One block of lanes. Not part of its caller, and with copies, as any_taps_rows().
template <SixTaps How>
[[gnu::target("avx2,fma"), gnu::noinline]] inline void six_taps_rows(const FinishTraits& traits,
                                                                     const DepthwiseTile tile,
                                                                     const DepthwiseRows rows,
                                                                     const std::byte* first,
                                                                     std::int8_t* to) noexcept {
  const std::ptrdiff_t step = rows.x_position_step;
  const std::ptrdiff_t y_step = rows.y_position_step;
  constexpr std::int32_t most =
      How == SixTaps::sliding ? 8 : 4;  // places whose sums fit the registers
  for (std::int32_t row = 0; row < rows.count; ++row, first += rows.x_step, to += rows.y_step) {
    const std::byte* x = first;
    std::int8_t* y = to;
    std::int32_t left = rows.positions;
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
}

/// The sums as the weights of the block of lanes allow.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void any_six_taps_rows(
    const FinishTraits& traits, const DepthwiseTile& tile, const DepthwiseRows& rows,
    const std::byte* x, std::int8_t* y) noexcept {
  if (tile.header.sliding) return six_taps_rows<SixTaps::sliding>(traits, tile, rows, x, y);
  switch (tile.header.form) {
    case DepthwiseForm::whole:
      return six_taps_rows<SixTaps::one>(traits, tile, rows, x, y);
    case DepthwiseForm::halves:
      return six_taps_rows<SixTaps::two>(traits, tile, rows, x, y);
    case DepthwiseForm::thirds:
      return six_taps_rows<SixTaps::three>(traits, tile, rows, x, y);
    case DepthwiseForm::sixths:
      return six_taps_rows<SixTaps::six>(traits, tile, rows, x, y);
    case DepthwiseForm::any:
      return any_taps_rows<true>(traits, tile, rows, x, y);
  }
}

}  // namespace tenon::kernel::x86
#endif
