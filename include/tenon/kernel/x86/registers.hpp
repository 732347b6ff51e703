// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

// Where compilers have to be told what stays in registers: they would load a value again for each
// use, move sums to and fro, and keep more products alive than there are registers.
namespace tenon::kernel::x86 {

/// Keeps a value in a register from here on; such values are made in the order in which they are
/// written.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void keep_in_register(
    __m256i& value) noexcept {
  asm volatile("" : "+x"(value));
}

/// Adds in place, in the order in which sums are written.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void add_words(__m256i& sum,
                                                                      __m256i term) noexcept {
  asm volatile("vpaddw %1, %0, %0" : "+x"(sum) : "x"(term));
}
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void add_doublewords(__m256i& sum,
                                                                            __m256i term) noexcept {
  asm volatile("vpaddd %1, %0, %0" : "+x"(sum) : "x"(term));
}

}  // namespace tenon::kernel::x86
#endif
