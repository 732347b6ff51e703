// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

// Saturation, shifts and roundings: each exists once, here. Value bits do not count the sign, so a
// quantity of n value bits lies in -2^n .. 2^n - 1.
namespace tenon {

/// Largest value of n value bits.
[[nodiscard]] constexpr std::int64_t largest(int value_bits) noexcept {
  return (std::int64_t{1} << value_bits) - 1;
}

/// v limited to -2^n .. 2^n - 1 (SSAT with n + 1 bits).
[[nodiscard]] constexpr std::int64_t saturate(std::int64_t v, int value_bits) noexcept {
  const std::int64_t top = largest(value_bits);
  return v > top ? top : v < -top - 1 ? -top - 1 : v;
}

/// floor(v / 2^s + 1/2), halves towards plus infinity; s >= 0 (SRSHL, rounding right shift). `s` beyond 62 gives
/// what an unlimited shift gives for |v| < 2^61.
[[nodiscard]] constexpr std::int64_t shift_right_half_up(std::int64_t v, int s) noexcept {
  if (s == 0) return v;
  if (s > 62) s = 62;
  return (v + (std::int64_t{1} << (s - 1))) >> s;
}

/// floor(v / 2^s), s >= 0 (ASR).
[[nodiscard]] constexpr std::int64_t shift_right_floor(std::int64_t v, int s) noexcept {
  return v >> (s > 63 ? 63 : s);
}

/// v * 2^s limited to n value bits, s >= 0 (SQSHL): never overflows on the way.
[[nodiscard]] constexpr std::int64_t shift_left_saturated(std::int64_t v, int s,
                                                          int value_bits) noexcept {
  const std::int64_t top = largest(value_bits);
  if (s >= 63) return v > 0 ? top : v < 0 ? -top - 1 : 0;
  if (v > (top >> s)) return top;
  if (v < -((top + 1) >> s)) return -top - 1;
  return v * (std::int64_t{1} << s);
}

/// v * 2^s rounded half up, limited to n value bits: the `rescale` of fixed-point numbers, s of any sign.
[[nodiscard]] constexpr std::int64_t rescale(std::int64_t v, int s, int value_bits) noexcept {
  return s >= 0 ? shift_left_saturated(v, s, value_bits)
                : saturate(shift_right_half_up(v, -s), value_bits);
}

/// v with its 24 leading bits, ties to even: what a float32 keeps of an integer of up to 62 bits.
[[nodiscard]] constexpr std::int64_t round_to_float32(std::int64_t v) noexcept {
  const auto magnitude = static_cast<std::uint64_t>(v < 0 ? -v : v);
  const int dropped = static_cast<int>(std::bit_width(magnitude)) - 24;
  if (dropped <= 0) return v;
  const std::uint64_t unit = std::uint64_t{1} << dropped;
  const std::uint64_t rest = magnitude & (unit - 1);
  std::uint64_t kept = magnitude - rest;
  if (rest > unit / 2 || (rest == unit / 2 && (kept & unit) != 0)) kept += unit;
  return v < 0 ? -static_cast<std::int64_t>(kept) : static_cast<std::int64_t>(kept);
}

/// `rescale` as float32 computes it: v, and then v * 2^s + 1/2, keep 24 bits. |v| < 2^60.
[[nodiscard]] constexpr std::int64_t rescale_float32(std::int64_t v, int s, int value_bits) noexcept {
  v = round_to_float32(v);
  const int right = s >= 0 ? 0 : s < -60 ? 60 : -s;
  if (s > 0) v = shift_left_saturated(v, s, value_bits);
  const std::int64_t doubled = round_to_float32(2 * v + (std::int64_t{1} << right));
  return saturate(doubled >> (right + 1), value_bits);
}

/// v * 2^s rounded down, limited to n value bits: the `shift` of fixed-point numbers.
[[nodiscard]] constexpr std::int64_t shift(std::int64_t v, int s, int value_bits) noexcept {
  return s >= 0 ? shift_left_saturated(v, s, value_bits) : saturate(shift_right_floor(v, -s), value_bits);
}

/// Nearest integer, ties to even, limited to n value bits; NaN gives 0 (FCVTNS and a clamp).
template <class Float>
  requires std::is_floating_point_v<Float>
[[nodiscard]] constexpr std::int64_t round_half_even(Float x, int value_bits) noexcept {
  const std::int64_t top = largest(value_bits);
  if (!(x == x)) return 0;
  if (x >= static_cast<Float>(top)) return top;  // exact or rounded up to 2^n: the clamp agrees
  if (x <= -static_cast<Float>(top) - 1) return -top - 1;
  const auto whole = static_cast<std::int64_t>(x);  // truncates towards zero
  const Float rest = x - static_cast<Float>(whole);
  const Float half = static_cast<Float>(0.5);
  const bool odd = (whole & 1) != 0;
  std::int64_t rounded = whole;
  if (rest > half || (rest == half && odd)) rounded = whole + 1;
  if (rest < -half || (rest == -half && odd)) rounded = whole - 1;
  return saturate(rounded, value_bits);
}

}  // namespace tenon
