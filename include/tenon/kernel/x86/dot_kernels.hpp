// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/x86/matmul_plan.hpp>
#include <type_traits>

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
  [[TENON_AVX512]] static Vector shifted(Vector a, Vector bits) noexcept {
    return _mm512_maskz_sllv_epi32(every, a, bits);
  }
  /// The words of one half, widened.
  [[TENON_AVX512]] static Vector low_half(Vector a) noexcept {
    return _mm512_maskz_cvtepi16_epi32(every, _mm512_maskz_extracti64x4_epi64(0xFF, a, 0));
  }
  [[TENON_AVX512]] static Vector high_half(Vector a) noexcept {
    return _mm512_maskz_cvtepi16_epi32(every, _mm512_maskz_extracti64x4_epi64(0xFF, a, 1));
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
  /// Products of two int16 in each lane.
  [[TENON_AVX512]] static Vector dot_words(Vector sum, Vector x, Vector w) noexcept {
    return _mm512_dpwssd_epi32(sum, x, w);
  }
  /// The first `count` bytes, and zeros.
  [[TENON_AVX512]] static Vector load_part(const void* from, std::size_t count) noexcept {
    return _mm512_maskz_loadu_epi8(bytes(count), from);
  }
  [[TENON_AVX512]] static void store_part(std::int8_t* to, Vector a, std::size_t count) noexcept {
    _mm512_mask_storeu_epi8(to, bytes(count), a);
  }
  [[TENON_AVX512]] static void store_all(void* to, Vector a) noexcept {
    _mm512_storeu_si512(to, a);
  }
  /// 16 bytes of the vector.
  template <int Quarter>
  [[TENON_AVX512]] static void store_quarter(std::int8_t* to, Vector a) noexcept {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm512_maskz_extracti32x4_epi32(0xF, a, Quarter));
  }
  /// 32 bytes, twice.
  [[TENON_AVX512]] static Vector load_twice(const void* from) noexcept {
    return _mm512_maskz_broadcast_i64x4(0xFF,
                                        _mm256_loadu_si256(static_cast<const __m256i*>(from)));
  }
  /// 32 bytes as words.
  template <class X>
  [[TENON_AVX512]] static Vector load_words(const X* from) noexcept {
    const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    return std::is_signed_v<X> ? _mm512_maskz_cvtepi8_epi16(every_word, half)
                               : _mm512_maskz_cvtepu8_epi16(every_word, half);
  }
  /// The highest bit of each byte inverted.
  [[TENON_AVX512]] static Vector flipped(Vector a) noexcept {
    return _mm512_xor_si512(a, _mm512_set1_epi8(-128));
  }
  [[TENON_AVX512]] static Vector add_words(Vector a, Vector b) noexcept {
    return _mm512_add_epi16(a, b);
  }
  // In each quarter, elements of a and b by turns: from the lower half, from the higher half.
  [[TENON_AVX512]] static Vector low_bytes(Vector a, Vector b) noexcept {
    return _mm512_unpacklo_epi8(a, b);
  }
  [[TENON_AVX512]] static Vector high_bytes(Vector a, Vector b) noexcept {
    return _mm512_unpackhi_epi8(a, b);
  }
  [[TENON_AVX512]] static Vector low_words(Vector a, Vector b) noexcept {
    return _mm512_unpacklo_epi16(a, b);
  }
  [[TENON_AVX512]] static Vector high_words(Vector a, Vector b) noexcept {
    return _mm512_unpackhi_epi16(a, b);
  }
  // In each quarter, all elements of a and all of b in half as many bits, saturated.
  [[TENON_AVX512]] static Vector to_words(Vector a, Vector b) noexcept {
    return _mm512_packs_epi32(a, b);
  }
  [[TENON_AVX512]] static Vector to_bytes(Vector a, Vector b) noexcept {
    return _mm512_packs_epi16(a, b);
  }
  [[TENON_AVX512]] static Vector least_bytes(Vector a, Vector b) noexcept {
    return _mm512_min_epi8(a, b);
  }
  [[TENON_AVX512]] static Vector most_bytes(Vector a, Vector b) noexcept {
    return _mm512_max_epi8(a, b);
  }
  /// Lane 4i + k goes to 4k + i.
  [[TENON_AVX512]] static Vector transposed(Vector a) noexcept {
    const Vector from = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_maskz_permutexvar_epi32(every, from, a);
  }
  /// The lower eight bytes of all quarters, then the higher ones.
  [[TENON_AVX512]] static Vector halves_together(Vector a) noexcept {
    const Vector from = _mm512_setr_epi32(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
    return _mm512_maskz_permutexvar_epi32(every, from, a);
  }

 private:
  static constexpr __mmask32 every_word = 0xFFFFFFFF;
  [[nodiscard]] static __mmask64 bytes(std::size_t count) noexcept {
    return count < 64 ? (std::uint64_t{1} << count) - 1 : ~std::uint64_t{0};
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
