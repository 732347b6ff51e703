// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

// The float32 operations that decide integers when a model is quantized, to the bit and usable in
// constant expressions.
namespace tenon::float32 {

namespace detail {

// A product that a later sum cannot absorb: compilers that have the instruction would fuse the two, and change
// the last place, even across a conversion.
constexpr float rounded(float product) noexcept {
  if (!std::is_constant_evaluated()) asm("" : "+m"(product));
  return product;
}

}  // namespace detail

[[nodiscard]] constexpr float add(float a, float b) noexcept {
  return static_cast<float>(static_cast<double>(a) + static_cast<double>(b));
}
[[nodiscard]] constexpr float subtract(float a, float b) noexcept { return add(a, -b); }
[[nodiscard]] constexpr float multiply(float a, float b) noexcept {
  return detail::rounded(static_cast<float>(static_cast<double>(a) * static_cast<double>(b)));
}
[[nodiscard]] constexpr float absolute(float x) noexcept {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & 0x7fffffffU);
}

/// 2^e as double, for |e| <= 1022.
[[nodiscard]] constexpr double power_of_two(int e) noexcept {
  return std::bit_cast<double>(static_cast<std::uint64_t>(e + 1023) << 52);
}
/// x * 2^e, rounded where the result is subnormal, infinite beyond the range.
[[nodiscard]] constexpr float scale_by_power_of_two(float x, int e) noexcept {
  const int limited = e > 900 ? 900 : e < -900 ? -900 : e;
  const double scaled = static_cast<double>(x) * power_of_two(limited);
  constexpr double top = 3.4028235677973366e38;  // halfway between the largest float and 2^128
  if (scaled >= top) return std::numeric_limits<float>::infinity();
  if (scaled <= -top) return -std::numeric_limits<float>::infinity();
  return static_cast<float>(scaled);
}

namespace detail {

struct Split {
  double mantissa;  // in [1/2, 1)
  int exponent;
};
// x > 0 and finite. Every float, the subnormal ones too, is a normal double.
constexpr Split split(double x) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const int exponent = static_cast<int>(bits >> 52) - 1022;
  return {std::bit_cast<double>((bits & 0x000fffffffffffffULL) | 0x3fe0000000000000ULL), exponent};
}

// ln x in double by 2 atanh((m - 1) / (m + 1)), m in [sqrt(1/2), sqrt(2)): the series ends below 2^-60.
constexpr double logarithm(double x) noexcept {
  Split s = split(x);
  if (s.mantissa < 0.70710678118654752) {
    s.mantissa *= 2;
    --s.exponent;
  }
  const double z = (s.mantissa - 1) / (s.mantissa + 1);
  const double square = z * z;
  double sum = 0;
  for (int k = 25; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
  constexpr double ln2_high = 0x1.62e42fefa38p-1;
  constexpr double ln2_low = 0x1.ef35793c7673p-45;
  return s.exponent * ln2_high + (s.exponent * ln2_low + 2 * z * sum);
}

// The rational form that SIMD float32 logarithms of the reference use, each step rounded to float32.
constexpr float logarithm_of_packet(float x) noexcept {
  const Split s = split(static_cast<double>(x));
  auto m = static_cast<float>(s.mantissa);
  int e = s.exponent;
  float t = subtract(m, 1.0F);
  if (m < 0x1.6a09e6p-1F) {
    --e;
    t = add(t, m);
  }
  float p = add(multiply(t, 0x1.75e392p-3F), 1.0F);
  p = multiply(add(multiply(p, t), 1.0F), t);
  float q = add(multiply(t, 0x1.9674d0p-5F), 0x1.32ce9ap-1F);
  q = add(multiply(add(multiply(q, t), 1.5F), t), 1.0F);
  return add(multiply(static_cast<float>(e), 0x1.62e43p-1F), p / q);
}

constexpr std::int32_t whole_ceil(float x) noexcept {
  const auto whole = static_cast<std::int32_t>(x);
  return static_cast<float>(whole) < x ? whole + 1 : whole;
}
constexpr std::int32_t whole_floor(float x) noexcept {
  const auto whole = static_cast<std::int32_t>(x);
  return static_cast<float>(whole) > x ? whole - 1 : whole;
}

}  // namespace detail

/// Position of an element in the tensor whose logarithm is taken: the first `count - count % 8` elements
/// go through the rational form, the others are rounded correctly.
struct Position {
  std::size_t index = 0;
  std::size_t count = 1;
};

/// ln x in float32, x > 0.
[[nodiscard]] constexpr float logarithm(float x, Position at = {}) noexcept {
  return at.index < at.count - at.count % 8 ? detail::logarithm_of_packet(x)
                                            : static_cast<float>(detail::logarithm(static_cast<double>(x)));
}

/// Where the logarithm of zero would be minus infinity.
inline constexpr std::int32_t log2_of_zero = -(1 << 20);

/// ceil(log2 x) as the reference computes it in graph mode: a product with the reciprocal of ln 2.
[[nodiscard]] constexpr std::int32_t ceil_log2(float x, Position at = {}) noexcept {
  if (!(x > 0)) return log2_of_zero;
  return detail::whole_ceil(multiply(logarithm(x, at), 0x1.715476p+0F));
}

/// floor(log2 x) as the reference computes it in eager mode (calibration): a division by ln 2.
[[nodiscard]] constexpr std::int32_t floor_log2(float x, Position at = {}) noexcept {
  if (!(x > 0)) return log2_of_zero;
  return detail::whole_floor(logarithm(x, at) / 0x1.62e43p-1F);
}

/// The fractional bits that cover `range` with n value bits, at most n.
[[nodiscard]] constexpr std::int32_t max_frac_bits(int value_bits, float range,
                                                   Position at = {}) noexcept {
  const std::int32_t integer_bits = ceil_log2(range, at);
  return integer_bits < 0 ? value_bits : value_bits - integer_bits;
}

}  // namespace tenon::float32
