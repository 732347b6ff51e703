// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

// Output quantizers in float32, as the definition has them: floor(float32(v * multiplier * 2^shift)
// + 0.5). Eight channels at a time, where every number on the way is exact or rounded as the
// definition rounds it; others are told to the caller.
namespace tenon::kernel::x86 {

/// Eight integers as floats, rounded beyond 2^24.
template <class T>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256 floats_8(const T* p) noexcept {
  if constexpr (sizeof(T) == 1) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
    return _mm256_cvtepi32_ps(std::is_signed_v<T> ? _mm256_cvtepi8_epi32(bytes)
                                                  : _mm256_cvtepu8_epi32(bytes));
  } else if constexpr (sizeof(T) == 2) {
    const __m128i words = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    return _mm256_cvtepi32_ps(std::is_signed_v<T> ? _mm256_cvtepi16_epi32(words)
                                                  : _mm256_cvtepu16_epi32(words));
  } else {
    static_assert(std::is_same_v<T, std::int32_t>);
    return _mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
}

/// 2^n of eight exponents up to 127; those below -126 count as -126.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256 powers_of_two(__m256i n) noexcept {
  const __m256i normal = _mm256_max_epi32(n, _mm256_set1_epi32(-126));
  return _mm256_castsi256_ps(
      _mm256_slli_epi32(_mm256_add_epi32(normal, _mm256_set1_epi32(127)), 23));
}
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i exponents_8(
    const std::int8_t* p) noexcept {
  return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}
/// Of channels [c, c + 8) of one element a channel, or of one for all.
template <class Vector>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i exponents_of(
    const Vector& shifts, std::size_t c) noexcept {
  return shifts.size() == 1 ? _mm256_set1_epi32(shifts[0]) : exponents_8(shifts.data() + c);
}

[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256 magnitude(__m256 v) noexcept {
  return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), v);
}
/// All eight magnitudes are below the limit.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline bool all_below(__m256 v,
                                                                      float limit) noexcept {
  return _mm256_movemask_ps(_mm256_cmp_ps(magnitude(v), _mm256_set1_ps(limit), _CMP_LT_OQ)) == 0xFF;
}

inline constexpr float exact_limit = 16777216.0F;  ///< 2^24: integers below are floats

/// floor(v + 0.5) to bytes of `value_bits`, eight of them.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void store_rounded(__m256 v, int value_bits,
                                                                          std::int8_t* y) noexcept {
  const auto top = static_cast<float>((1 << value_bits) - 1);
  const __m256 rounded = _mm256_floor_ps(_mm256_add_ps(v, _mm256_set1_ps(0.5F)));
  const __m256 limited =
      _mm256_min_ps(_mm256_max_ps(rounded, _mm256_set1_ps(-top - 1)), _mm256_set1_ps(top));
  const __m256i words = _mm256_cvtps_epi32(limited);
  const __m128i halves =
      _mm_packs_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(y), _mm_packs_epi16(halves, halves));
}

/// Output quantizers as exported models store them, with nothing but a ReLU in front.
template <class Output>
concept StoredInBytes = requires(const Output& output) {
  output.has_relu;
  requires sizeof(output.shifts[0]) == 1;
};

/// What an output quantizer makes of the sums of channels [c, c + 8), or nothing where that would
/// not be exact: false.
template <StoredInBytes Output>
[[nodiscard, gnu::target("avx2,fma"), gnu::always_inline]] inline bool store_outputs(
    const Output& output, std::size_t c, __m256 sums, std::int8_t* y) noexcept {
  if (!all_below(sums, exact_limit)) return false;
  if (output.has_relu) sums = _mm256_max_ps(sums, _mm256_setzero_ps());
  if (!output.mantissas.empty()) {
    sums = _mm256_mul_ps(sums, output.mantissas.size() == 1
                                   ? _mm256_set1_ps(static_cast<float>(output.mantissas[0]))
                                   : floats_8(output.mantissas.data() + c));
    // Products are rounded to float32, or have to be exact and leave a bit for the half.
    const float limit = output.float32_products
                            ? static_cast<float>(std::int64_t{1} << output.buffer_bits)
                            : exact_limit / 2;
    if (!all_below(sums, limit)) return false;
  } else if (!output.float32_products && !all_below(sums, exact_limit / 2)) {
    return false;
  }
  if (!output.shifts.empty())
    sums = _mm256_mul_ps(sums, powers_of_two(exponents_of(output.shifts, c)));
  store_rounded(sums, output.value_bits, y);
  return true;
}

}  // namespace tenon::kernel::x86
#endif
