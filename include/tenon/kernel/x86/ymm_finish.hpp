// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/matmul_plan.hpp>
#include <type_traits>

// Sums of a tile become outputs, for AVX2.
namespace tenon::kernel::x86 {

[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i load(const void* from) noexcept {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}

/// finish() of block.hpp without the last clamp, for the eight filters from `f` on.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i scaled(
    const FinishTraits& traits, const std::int32_t* offset, const std::int32_t* multiplier,
    const std::int32_t* shift, __m256i sum) noexcept {
  if (traits.raw) return _mm256_add_epi32(sum, load(offset));
  if (traits.limit_bits < 31) {
    const std::int32_t top = (std::int32_t{1} << traits.limit_bits) - 1;
    sum = _mm256_max_epi32(_mm256_min_epi32(sum, _mm256_set1_epi32(top)),
                           _mm256_set1_epi32(-top - 1));
  }
  const __m256i product = _mm256_add_epi32(_mm256_mullo_epi32(sum, load(multiplier)), load(offset));
  return _mm256_srav_epi32(product, load(shift));
}

/// Four vectors of eight outputs become their 32 bytes, in order, limited to [low, high].
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i to_bytes(__m256i a, __m256i b,
                                                                        __m256i c, __m256i d,
                                                                        __m256i low,
                                                                        __m256i high) noexcept {
  const __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
  const __m256i in_order =
      _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  return _mm256_max_epi8(_mm256_min_epi8(in_order, high), low);
}

/// Writes the outputs of a tile: `pixels` of them, `step` apart, the first `filters` of each.
template <class Y, std::size_t Pixels, std::size_t Vectors>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void finish_tile(
    const FinishTraits& traits, const TileFinish& constants, const __m256i (&sums)[Pixels][Vectors],
    Y* y, std::ptrdiff_t step, std::size_t pixels, std::size_t filters) noexcept {
  constexpr std::size_t count = Pixels * Vectors;
  constexpr std::size_t width = Vectors * 8;
  alignas(32) Y out[(count + 3) / 4 * 32];
  __m256i values[(count + 3) / 4 * 4];
#pragma GCC unroll 16
  for (std::size_t i = 0; i < (count + 3) / 4 * 4; ++i) {
    const std::size_t j = i < count ? i : count - 1;
    const std::size_t f = j % Vectors * 8;
    values[i] = scaled(traits, constants.offset + f, constants.multiplier + f, constants.shift + f,
                       sums[j / Vectors][j % Vectors]);
  }
  if constexpr (std::is_same_v<Y, std::int8_t>) {
    const __m256i low = _mm256_set1_epi8(traits.low);
    const __m256i high = load(constants.high);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < (count + 3) / 4; ++i) {
      const __m256i bytes = to_bytes(values[4 * i], values[4 * i + 1], values[4 * i + 2],
                                     values[4 * i + 3], low, high);
      if (filters < width || pixels < Pixels || count % 4 != 0) {
        _mm256_store_si256(reinterpret_cast<__m256i*>(out + 32 * i), bytes);
      } else if constexpr (Vectors == 4) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + static_cast<std::ptrdiff_t>(i) * step),
                            bytes);
      } else if constexpr (Vectors == 2) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(y + 2 * static_cast<std::ptrdiff_t>(i) * step),
                         _mm256_castsi256_si128(bytes));
        _mm_storeu_si128(
            reinterpret_cast<__m128i*>(y + (2 * static_cast<std::ptrdiff_t>(i) + 1) * step),
            _mm256_extracti128_si256(bytes, 1));
      } else {
        const __m128i halves[2] = {_mm256_castsi256_si128(bytes),
                                   _mm256_extracti128_si256(bytes, 1)};
        Y* const at = y + 4 * static_cast<std::ptrdiff_t>(i) * step;
        _mm_storel_epi64(reinterpret_cast<__m128i*>(at), halves[0]);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(at + step),
                         _mm_unpackhi_epi64(halves[0], halves[0]));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(at + 2 * step), halves[1]);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(at + 3 * step),
                         _mm_unpackhi_epi64(halves[1], halves[1]));
      }
    }
    if (filters == width && pixels == Pixels && count % 4 == 0) return;
  } else {
#pragma GCC unroll 16
    for (std::size_t i = 0; i < count; ++i) {
      __m256i v = values[i];
      if (!traits.raw) {
        const auto* const high = reinterpret_cast<const __m128i*>(constants.high + i % Vectors * 8);
        v = _mm256_min_epi32(v, _mm256_cvtepi8_epi32(_mm_loadl_epi64(high)));
        v = _mm256_max_epi32(v, _mm256_set1_epi32(traits.low));
      }
      _mm256_store_si256(reinterpret_cast<__m256i*>(out + 8 * i), v);
    }
  }
  // Copies of constant size are single instructions.
  if (filters == width && pixels == Pixels) {
#pragma GCC unroll 8
    for (std::size_t p = 0; p < Pixels; ++p, y += step)
      std::memcpy(y, out + p * width, width * sizeof(Y));
    return;
  }
  for (std::size_t p = 0; p < pixels; ++p, y += step)
    std::memcpy(y, out + p * width, filters * sizeof(Y));
}

}  // namespace tenon::kernel::x86
#endif
