// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/reference/add_rows.hpp>

namespace tenon::kernel {
namespace x86 {

/// `Vectors` times eight channels through all rows.
template <std::size_t Vectors>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void add_columns(
    std::int64_t rows, std::int64_t channels, __m256i low, const std::int32_t* x,
    std::int32_t* sums) noexcept {
  __m256i sum[Vectors];
#pragma GCC unroll 4
  for (std::size_t v = 0; v < Vectors; ++v)
    sum[v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums + 8 * v));
  for (std::int64_t r = 0; r < rows; ++r, x += channels) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < Vectors; ++v) {
      const __m256i row = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + 8 * v));
      sum[v] = _mm256_add_epi32(sum[v], _mm256_max_epi32(row, low));
    }
  }
#pragma GCC unroll 4
  for (std::size_t v = 0; v < Vectors; ++v)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + 8 * v), sum[v]);
}

}  // namespace x86

// As the reference. Other counts of channels, and maxima of their own, are rare.
[[gnu::target("avx2,fma")]] inline void add_rows(arch::avx2, std::int64_t rows,
                                                 std::int64_t channels, bool relu,
                                                 const std::int64_t* maximum, const std::int32_t* x,
                                                 std::int32_t* sums) noexcept {
  if (maximum != nullptr || channels % 8 != 0)
    return add_rows(arch::reference{}, rows, channels, relu, maximum, x, sums);
  const __m256i low = _mm256_set1_epi32(relu ? 0 : std::numeric_limits<std::int32_t>::min());
  std::int64_t c = 0;
  for (; c + 32 <= channels; c += 32) x86::add_columns<4>(rows, channels, low, x + c, sums + c);
  for (; c < channels; c += 8) x86::add_columns<1>(rows, channels, low, x + c, sums + c);
}

}  // namespace tenon::kernel
#endif
