// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <bit>
#include <cstdint>

// Division of integers where the quotient is defined as a float32 that loses its fraction.
namespace tenon {

namespace detail {

// n / d rounded to 24 significant bits, ties to even, then rounded down. n >= 2^24, 0 < d <= 2^31.
constexpr std::int64_t quotient_of_24_bits(std::int64_t n, std::int64_t d) noexcept {
  const std::int64_t q = n / d;
  const std::int64_t rest = n % d;
  const int k = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(q))) - 1;
  if (k < 23) {  // a fraction is kept, and reaches the next integer only from half a last place below it
    return q + (((d - rest) << (24 - k)) <= d ? 1 : 0);
  }
  if (k == 23) return q + (2 * rest > d || (2 * rest == d && q % 2 != 0) ? 1 : 0);
  const int dropped = k - 23;
  const std::int64_t base = q >> dropped;
  const std::int64_t low = q - (base << dropped);
  const std::int64_t half = std::int64_t{1} << (dropped - 1);
  const bool up = low > half || (low == half && (rest > 0 || base % 2 != 0));
  return (base + (up ? 1 : 0)) << dropped;
}

}  // namespace detail

/// n / d, d > 0, as float32 and then truncated towards zero. Below 2^24 that is the integer quotient: no fraction comes
/// within half a last place of the next integer.
[[nodiscard]] constexpr std::int64_t float32_quotient(std::int64_t n, std::int64_t d) noexcept {
  constexpr std::int64_t exact = std::int64_t{1} << 24;
  if (n > -exact && n < exact) {
    const auto small = static_cast<std::int32_t>(n);
    return d >= exact ? 0 : small / static_cast<std::int32_t>(d);
  }
  return n < 0 ? -detail::quotient_of_24_bits(-n, d) : detail::quotient_of_24_bits(n, d);
}

}  // namespace tenon
