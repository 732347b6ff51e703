// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/x86/matmul_plan.hpp>

// The instructions in which architectures differ, so that tests can stand in for processors they do
// not run on.
namespace tenon::kernel::x86 {

struct NoDots {
  static constexpr Dot dot = Dot::none;
};

struct YmmDots {
  static constexpr Dot dot = Dot::ymm;
  /// Written in assembly: its intrinsic wants functions that are compiled for AVX-VNNI, all others
  /// here do with AVX2.
  [[gnu::target("avx2,fma"), gnu::always_inline]] static __m256i add(__m256i sum, __m256i x,
                                                                     __m256i w) noexcept {
    asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(x), "x"(w));
    return sum;
  }
};

#define TENON_AVX512 \
  gnu::target("avx2,fma,avx512f,avx512bw,avx512vl,avx512vnni"), gnu::always_inline
struct ZmmDots {
  static constexpr Dot dot = Dot::zmm;
  using Vector = __m512i;
  /// Of all lanes: g++ 12 takes what the intrinsics without a mask leave undefined for a mistake of
  /// ours.
  static constexpr __mmask16 every = 0xFFFF;
  [[TENON_AVX512]] static Vector zero() noexcept { return _mm512_setzero_si512(); }
  [[TENON_AVX512]] static Vector load(const void* from) noexcept {
    return _mm512_loadu_si512(from);
  }
  [[TENON_AVX512]] static Vector all(std::int32_t value) noexcept {
    return _mm512_set1_epi32(value);
  }
  [[TENON_AVX512]] static Vector dots(Vector sum, Vector x, Vector w) noexcept {
    return _mm512_dpbusd_epi32(sum, x, w);
  }
  [[TENON_AVX512]] static Vector add(Vector a, Vector b) noexcept { return _mm512_add_epi32(a, b); }
  [[TENON_AVX512]] static Vector subtract(Vector a, Vector b) noexcept {
    return _mm512_sub_epi32(a, b);
  }
  [[TENON_AVX512]] static Vector multiply(Vector a, Vector b) noexcept {
    return _mm512_mullo_epi32(a, b);
  }
  [[TENON_AVX512]] static Vector least(Vector a, Vector b) noexcept {
    return _mm512_maskz_min_epi32(every, a, b);
  }
  [[TENON_AVX512]] static Vector most(Vector a, Vector b) noexcept {
    return _mm512_maskz_max_epi32(every, a, b);
  }
  [[TENON_AVX512]] static Vector left(Vector a, std::int32_t bits) noexcept {
    return _mm512_maskz_sllv_epi32(every, a, _mm512_set1_epi32(bits));
  }
  [[TENON_AVX512]] static Vector right(Vector a, Vector bits) noexcept {
    return _mm512_maskz_srav_epi32(every, a, bits);
  }
  /// 16 bytes, widened.
  [[TENON_AVX512]] static Vector load_bytes(const std::int8_t* from) noexcept {
    return _mm512_maskz_cvtepi8_epi32(every,
                                      _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  /// The first `count` elements; those stored as bytes fit.
  [[TENON_AVX512]] static void store(std::int8_t* to, Vector a, std::size_t count) noexcept {
    _mm512_mask_cvtepi32_storeu_epi8(to, static_cast<__mmask16>((1U << count) - 1), a);
  }
  [[TENON_AVX512]] static void store(std::int32_t* to, Vector a, std::size_t count) noexcept {
    _mm512_mask_storeu_epi32(to, static_cast<__mmask16>((1U << count) - 1), a);
  }
};
#undef TENON_AVX512

/// Which of them an architecture has; never called.
NoDots dots_of(arch::avx2);
YmmDots dots_of(arch::avx_vnni);
ZmmDots dots_of(arch::avx512_vnni);
template <class Arch>
using DotsOf = decltype(dots_of(Arch{}));

}  // namespace tenon::kernel::x86
#endif
