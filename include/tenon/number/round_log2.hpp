// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <bit>
#include <cstdint>

// The nearest power of two, by which shiftmax and attention divide.
namespace tenon {

/// log2(v) rounded to the nearest integer, 1 <= v < 2^31: k for 2^k <= v < sqrt(2) * 2^k, then k + 1. The square decides
/// exactly, since no integer is a power of two times sqrt(2).
[[nodiscard]] constexpr int round_log2(std::int64_t v) noexcept {
  const auto u = static_cast<std::uint64_t>(v);
  const int k = static_cast<int>(std::bit_width(u)) - 1;
  return u * u > (std::uint64_t{1} << (2 * k + 1)) ? k + 1 : k;
}

/// The same of a float, finite and at least 2^-126.
[[nodiscard]] constexpr int round_log2(float x) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const int k = static_cast<int>((bits >> 23) & 0xffU) - 127;
  return (bits & 0x007fffffU) > 0x003504f3U ? k + 1 : k;  // the mantissa of sqrt(2), rounded down
}

/// log2(sqrt(v)) rounded to the nearest integer, ties to even; v >= 1.
[[nodiscard]] constexpr int round_log2_of_root(std::int32_t v) noexcept {
  const auto u = static_cast<std::uint32_t>(v);
  const int k = static_cast<int>(std::bit_width(u)) - 1;
  const bool tie = k % 2 == 1 && std::has_single_bit(u);
  return k / 2 + (k % 2 == 1 && (!tie || k / 2 % 2 == 1) ? 1 : 0);
}

}  // namespace tenon
