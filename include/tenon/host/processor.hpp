// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <concepts>
#include <tenon/kernel/arch.hpp>
#if defined(__x86_64__)
#include <cpuid.h>

#include <cstdint>
#include <tenon/kernel/x86/tiles.hpp>
#endif

// What the processor that runs this program has and what its system lets a program use, asked once.
namespace tenon::host {

#if defined(__x86_64__)
namespace detail {

/// The registers that the system saves when it goes from one program to another.
[[nodiscard]] inline std::uint64_t saved_registers() {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return std::uint64_t{high} << 32 | low;
}

struct Processor {
  bool avx2 = false;
  bool avx_vnni = false;
  bool avx512_vnni = false;
  bool amx_int8 = false;
};

[[nodiscard]] inline Processor find_processor() {
  const auto has = [](std::uint32_t word, auto... bits) { return ((word >> bits & 1) && ...); };
  const auto saves = [](std::uint64_t registers, std::uint64_t mask) { return (registers & mask) == mask; };
  std::uint32_t a = 0, b = 0, c = 0, d = 0;
  Processor p;
  constexpr int fma = 12, xgetbv = 27, avx = 28;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || !has(c, fma, xgetbv, avx)) return p;
  const std::uint64_t registers = saved_registers();
  if (!saves(registers, 0x6) || __get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return p;
  constexpr int avx2 = 5, avx512f = 16, avx512bw = 30, avx512vl = 31, avx512vnni = 11, amx_tile = 24, amx_int8 = 25;
  p.avx2 = has(b, avx2);
  p.avx512_vnni = p.avx2 && has(b, avx512f, avx512bw, avx512vl) && has(c, avx512vnni) && saves(registers, 0xE6);
  p.amx_int8 = p.avx512_vnni && has(d, amx_tile, amx_int8) && saves(registers, 0x60000) && kernel::x86::request_tiles();
  const bool more = a >= 1;
  if (!more || __get_cpuid_count(7, 1, &a, &b, &c, &d) == 0) return p;
  constexpr int avx_vnni = 4;
  p.avx_vnni = p.avx2 && has(a, avx_vnni);
  return p;
}

[[nodiscard]] inline const Processor& processor() {
  static const Processor found = find_processor();
  return found;
}

}  // namespace detail
#endif

/// Code for `Arch` runs here. What the compiler was asked to build for always does.
template <class Arch>
[[nodiscard]] bool supports(Arch) {
  if constexpr (std::derived_from<arch::native, Arch>) {
    return true;
#if defined(__x86_64__)
  } else if constexpr (std::derived_from<Arch, arch::amx_int8>) {
    return detail::processor().amx_int8;
  } else if constexpr (std::derived_from<Arch, arch::avx512_vnni>) {
    return detail::processor().avx512_vnni;
  } else if constexpr (std::derived_from<Arch, arch::avx_vnni>) {
    return detail::processor().avx_vnni;
  } else if constexpr (std::derived_from<Arch, arch::avx2>) {
    return detail::processor().avx2;
#endif
  } else {
    return false;
  }
}

}  // namespace tenon::host
