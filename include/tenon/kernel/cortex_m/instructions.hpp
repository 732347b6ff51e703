// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#if defined(__ARM_FEATURE_DSP) || defined(__ARM_FEATURE_SAT)
#include <arm_acle.h>
#endif

// Instructions of Cortex-M under their own names, and what they mean in C++ where the processor has none, so that the
// kernels can be tested anywhere. Words are little endian.
namespace tenon::kernel::cortex_m {

[[gnu::always_inline]] inline std::uint32_t load_word(const void* p) noexcept {
  std::uint32_t v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
[[gnu::always_inline]] inline std::uint32_t ror8(std::uint32_t v) noexcept { return v >> 8 | v << 24; }
[[gnu::always_inline]] inline std::int32_t low_half(std::uint32_t v) noexcept { return static_cast<std::int16_t>(v); }
[[gnu::always_inline]] inline std::int32_t high_half(std::uint32_t v) noexcept {
  return static_cast<std::int32_t>(v) >> 16;
}
[[gnu::always_inline]] inline std::int32_t wrapped(std::uint32_t v) noexcept { return static_cast<std::int32_t>(v); }
/// Sum and product modulo 2^32: what a register keeps.
[[gnu::always_inline]] inline std::int32_t mla(std::int32_t a, std::int32_t b, std::int32_t sum) noexcept {
  return wrapped(static_cast<std::uint32_t>(a) * static_cast<std::uint32_t>(b) + static_cast<std::uint32_t>(sum));
}

#if defined(__ARM_FEATURE_SAT)
template <int Bits>
[[gnu::always_inline]] inline std::int32_t ssat(std::int32_t v) noexcept {
  return static_cast<std::int32_t>(__builtin_arm_ssat(v, Bits));  // the macro __ssat converts an unsigned result
}
template <int Bits>
[[gnu::always_inline]] inline std::int32_t usat(std::int32_t v) noexcept {
  return static_cast<std::int32_t>(__usat(v, Bits));
}
#else
template <int Bits>
[[gnu::always_inline]] inline std::int32_t ssat(std::int32_t v) noexcept {
  constexpr std::int32_t top = (std::int32_t{1} << (Bits - 1)) - 1;
  return v > top ? top : v < -top - 1 ? -top - 1 : v;
}
template <int Bits>
[[gnu::always_inline]] inline std::int32_t usat(std::int32_t v) noexcept {
  constexpr std::int32_t top = (std::int32_t{1} << Bits) - 1;
  return v > top ? top : v < 0 ? 0 : v;
}
#endif

/// Arithmetic shift by the lowest byte of `word`, at most 31: what ASR by a register does by itself.
#if defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB >= 2
[[gnu::always_inline]] inline std::int32_t asr(std::int32_t v, std::uint32_t word) noexcept {
  std::int32_t r;
  asm("asr %0, %1, %2" : "=r"(r) : "r"(v), "r"(word));
  return r;
}
#else
[[gnu::always_inline]] inline std::int32_t asr(std::int32_t v, std::uint32_t word) noexcept { return v >> (word & 31); }
#endif

#if defined(__ARM_FEATURE_DSP)
[[gnu::always_inline]] inline std::uint32_t sxtb16(std::uint32_t v) noexcept {
  return static_cast<std::uint32_t>(__sxtb16(static_cast<int8x4_t>(v)));
}
[[gnu::always_inline]] inline std::uint32_t uxtb16(std::uint32_t v) noexcept {
  return static_cast<std::uint32_t>(__uxtb16(static_cast<uint8x4_t>(v)));
}
// With the rotation, which compilers leave apart.
[[gnu::always_inline]] inline std::uint32_t sxtb16_ror8(std::uint32_t v) noexcept {
  std::uint32_t r;
  asm("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(v));
  return r;
}
[[gnu::always_inline]] inline std::uint32_t uxtb16_ror8(std::uint32_t v) noexcept {
  std::uint32_t r;
  asm("uxtb16 %0, %1, ror #8" : "=r"(r) : "r"(v));
  return r;
}
[[gnu::always_inline]] inline std::uint32_t sxtab16(std::uint32_t sum, std::uint32_t v) noexcept {
  return static_cast<std::uint32_t>(__sxtab16(static_cast<int16x2_t>(sum), static_cast<int8x4_t>(v)));
}
[[gnu::always_inline]] inline std::uint32_t uxtab16(std::uint32_t sum, std::uint32_t v) noexcept {
  return static_cast<std::uint32_t>(__uxtab16(static_cast<uint16x2_t>(sum), static_cast<uint8x4_t>(v)));
}
[[gnu::always_inline]] inline std::int32_t smlad(std::uint32_t a, std::uint32_t b, std::int32_t sum) noexcept {
  std::int32_t r;
  asm("smlad %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(sum));
  return r;
}
[[gnu::always_inline]] inline std::int32_t smulbb(std::uint32_t a, std::uint32_t b) noexcept {
  std::int32_t r;
  asm("smulbb %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
  return r;
}
[[gnu::always_inline]] inline std::int32_t smultt(std::uint32_t a, std::uint32_t b) noexcept {
  std::int32_t r;
  asm("smultt %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
  return r;
}
[[gnu::always_inline]] inline std::int32_t smlabb(std::uint32_t a, std::uint32_t b, std::int32_t sum) noexcept {
  std::int32_t r;
  asm("smlabb %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(sum));
  return r;
}
[[gnu::always_inline]] inline std::int32_t smlatt(std::uint32_t a, std::uint32_t b, std::int32_t sum) noexcept {
  std::int32_t r;
  asm("smlatt %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(sum));
  return r;
}
/// The low halves of two words, the first below.
[[gnu::always_inline]] inline std::uint32_t pack_low(std::uint32_t low, std::uint32_t high) noexcept {
  std::uint32_t r;
  asm("pkhbt %0, %1, %2, lsl #16" : "=r"(r) : "r"(low), "r"(high));
  return r;
}
/// The high halves of two words, the first below.
[[gnu::always_inline]] inline std::uint32_t pack_high(std::uint32_t low, std::uint32_t high) noexcept {
  std::uint32_t r;
  asm("pkhtb %0, %1, %2, asr #16" : "=r"(r) : "r"(high), "r"(low));
  return r;
}
#else
[[gnu::always_inline]] inline std::uint32_t pack_low(std::uint32_t low, std::uint32_t high) noexcept {
  return (low & 0xFFFF) | high << 16;
}
[[gnu::always_inline]] inline std::uint32_t pack_high(std::uint32_t low, std::uint32_t high) noexcept {
  return low >> 16 | (high & 0xFFFF0000);
}
[[gnu::always_inline]] inline std::uint32_t sxtb16(std::uint32_t v) noexcept {
  return pack_low(static_cast<std::uint32_t>(static_cast<std::int8_t>(v)),
                  static_cast<std::uint32_t>(static_cast<std::int8_t>(v >> 16)));
}
[[gnu::always_inline]] inline std::uint32_t uxtb16(std::uint32_t v) noexcept { return v & 0x00FF00FF; }
[[gnu::always_inline]] inline std::uint32_t sxtb16_ror8(std::uint32_t v) noexcept { return sxtb16(ror8(v)); }
[[gnu::always_inline]] inline std::uint32_t uxtb16_ror8(std::uint32_t v) noexcept { return uxtb16(ror8(v)); }
[[gnu::always_inline]] inline std::uint32_t sxtab16(std::uint32_t sum, std::uint32_t v) noexcept {
  return pack_low(sum + sxtb16(v), (sum >> 16) + (sxtb16(v) >> 16));
}
[[gnu::always_inline]] inline std::uint32_t uxtab16(std::uint32_t sum, std::uint32_t v) noexcept {
  return pack_low(sum + uxtb16(v), (sum >> 16) + (uxtb16(v) >> 16));
}
[[gnu::always_inline]] inline std::int32_t smulbb(std::uint32_t a, std::uint32_t b) noexcept {
  return low_half(a) * low_half(b);
}
[[gnu::always_inline]] inline std::int32_t smultt(std::uint32_t a, std::uint32_t b) noexcept {
  return high_half(a) * high_half(b);
}
[[gnu::always_inline]] inline std::int32_t smlabb(std::uint32_t a, std::uint32_t b, std::int32_t sum) noexcept {
  return mla(low_half(a), low_half(b), sum);
}
[[gnu::always_inline]] inline std::int32_t smlatt(std::uint32_t a, std::uint32_t b, std::int32_t sum) noexcept {
  return mla(high_half(a), high_half(b), sum);
}
[[gnu::always_inline]] inline std::int32_t smlad(std::uint32_t a, std::uint32_t b, std::int32_t sum) noexcept {
  return smlatt(a, b, smlabb(a, b, sum));
}
#endif

/// Bytes 0 and 2 of a word in its halves, extended as X is.
template <class X>
[[gnu::always_inline]] inline std::uint32_t extend(std::uint32_t word) noexcept {
  return static_cast<X>(-1) < X{0} ? sxtb16(word) : uxtb16(word);
}
/// Bytes 1 and 3.
template <class X>
[[gnu::always_inline]] inline std::uint32_t extend_odd(std::uint32_t word) noexcept {
  return static_cast<X>(-1) < X{0} ? sxtb16_ror8(word) : uxtb16_ror8(word);
}

}  // namespace tenon::kernel::cortex_m
