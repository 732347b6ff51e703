// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <cstdint>
#include <tenon/number/float32.hpp>
#include <tenon/number/rounding.hpp>
#include <type_traits>
#include <utility>

namespace tenon {

namespace check {

template <int Left, int Right>
inline constexpr bool aligned_frac_bits = Left == Right;
template <int From, int To>
inline constexpr bool not_fewer_value_bits = To >= From;
template <int From, int To>
inline constexpr bool not_fewer_frac_bits = To >= From;
template <int Bits>
inline constexpr bool value_bits_from_1_to_62 = Bits >= 1 && Bits <= 62;

}  // namespace check

/// The smallest standard integer that holds `ValueBits` value bits and a sign.
template <int ValueBits>
using IntegerOf = std::conditional_t<
    (ValueBits <= 7), std::int8_t,
    std::conditional_t<(ValueBits <= 15), std::int16_t,
                       std::conditional_t<(ValueBits <= 31), std::int32_t, std::int64_t>>>;

// An integer `value` that stands for value * 2^-FracBits, with Bits value bits (the sign not counted):
// value lies in -2^Bits .. 2^Bits - 1, always. FracBits may be negative, and may exceed Bits.
// Sums keep the value bits of the left operand and saturate; products grow and are exact.
template <int Bits, int FracBits>
class FixedPoint {
  static_assert(check::value_bits_from_1_to_62<Bits>,
                "TN2001: a fixed-point number has 1 to 62 value bits");

 public:
  using Integer = IntegerOf<Bits>;
  static constexpr int value_bits = Bits;
  static constexpr int frac_bits = FracBits;

  constexpr FixedPoint() = default;
  /// The nearest fixed-point number, ties to even, saturated. NaN gives 0.
  constexpr explicit FixedPoint(float real) noexcept
      : value_(static_cast<Integer>(
            round_half_even(static_cast<double>(real) * float32::power_of_two(FracBits), Bits))) {}
  constexpr explicit FixedPoint(double real) noexcept : FixedPoint(static_cast<float>(real)) {}

  /// From the integer itself, saturated.
  [[nodiscard]] static constexpr FixedPoint from_value(std::int64_t value) noexcept {
    FixedPoint x;
    x.value_ = static_cast<Integer>(saturate(value, Bits));
    return x;
  }

  [[nodiscard]] constexpr Integer value() const noexcept { return value_; }
  [[nodiscard]] constexpr float to_float() const noexcept {
    return float32::scale_by_power_of_two(static_cast<float>(value_), -FracBits);
  }

  /// The same number with more value bits.
  template <int NewBits>
  [[nodiscard]] constexpr FixedPoint<NewBits, FracBits> promote() const noexcept {
    static_assert(check::not_fewer_value_bits<Bits, NewBits>,
                  "TN2002: promote cannot reduce the value bits; use rescale");
    return FixedPoint<NewBits, FracBits>::from_value(value_);
  }

  /// The nearest number with other fractional bits (and value bits): halves upwards, saturated.
  template <int NewFracBits, int NewBits = Bits>
  [[nodiscard]] constexpr FixedPoint<NewBits, NewFracBits> rescale() const noexcept {
    return FixedPoint<NewBits, NewFracBits>::from_value(
        tenon::rescale(value_, NewFracBits - FracBits, NewBits));
  }

  /// The same number with NewFracBits >= FracBits fractional bits and NewBits >= Bits value bits.
  template <int NewFracBits, int NewBits>
  [[nodiscard]] constexpr FixedPoint<NewBits, NewFracBits> expand() const noexcept {
    static_assert(check::not_fewer_value_bits<Bits, NewBits>,
                  "TN2002: expand cannot reduce the value bits; use rescale");
    static_assert(check::not_fewer_frac_bits<FracBits, NewFracBits>,
                  "TN2003: expand cannot reduce the fractional bits; use rescale");
    return rescale<NewFracBits, NewBits>();
  }

  /// value * 2^Shift rounded down and saturated, with the same fractional bits: multiplies the number itself.
  template <int Shift>
  [[nodiscard]] constexpr FixedPoint shift() const noexcept {
    return from_value(tenon::shift(value_, Shift, Bits));
  }

  template <int OtherBits, int OtherFracBits>
  [[nodiscard]] constexpr FixedPoint operator+(FixedPoint<OtherBits, OtherFracBits> y) const noexcept {
    static_assert(check::aligned_frac_bits<FracBits, OtherFracBits>,
                  "TN2004: the operands of + have different fractional bits; align them first");
    return from_value(std::int64_t{value_} + std::int64_t{y.value()});
  }
  template <int OtherBits, int OtherFracBits>
  [[nodiscard]] constexpr FixedPoint operator-(FixedPoint<OtherBits, OtherFracBits> y) const noexcept {
    static_assert(check::aligned_frac_bits<FracBits, OtherFracBits>,
                  "TN2004: the operands of - have different fractional bits; align them first");
    return from_value(std::int64_t{value_} - std::int64_t{y.value()});
  }
  /// Exact: one bit more than the sum of the value bits, for (-2^a) * (-2^b).
  template <int OtherBits, int OtherFracBits>
  [[nodiscard]] constexpr auto operator*(FixedPoint<OtherBits, OtherFracBits> y) const noexcept {
    return FixedPoint<Bits + OtherBits + 1, FracBits + OtherFracBits>::from_value(
        std::int64_t{value_} * std::int64_t{y.value()});
  }
  [[nodiscard]] constexpr FixedPoint operator-() const noexcept {
    return from_value(-std::int64_t{value_});
  }

  /// Compares the numbers, whatever their fractional bits.
  template <int OtherBits, int OtherFracBits>
  [[nodiscard]] constexpr std::strong_ordering operator<=>(
      FixedPoint<OtherBits, OtherFracBits> y) const noexcept {
    constexpr int common = FracBits > OtherFracBits ? FracBits : OtherFracBits;
    static_assert(check::value_bits_from_1_to_62<(Bits + common - FracBits)> &&
                      check::value_bits_from_1_to_62<(OtherBits + common - OtherFracBits)>,
                  "TN2005: these numbers are too far apart to compare in 64 bits");
    return (std::int64_t{value_} << (common - FracBits)) <=>
           (std::int64_t{y.value()} << (common - OtherFracBits));
  }
  template <int OtherBits, int OtherFracBits>
  [[nodiscard]] constexpr bool operator==(FixedPoint<OtherBits, OtherFracBits> y) const noexcept {
    return (*this <=> y) == 0;
  }

 private:
  Integer value_ = 0;
};

/// Both numbers with the larger fractional bits of the two and NewBits value bits, saturated.
template <int NewBits, int BitsX, int FracBitsX, int BitsY, int FracBitsY>
[[nodiscard]] constexpr auto align(FixedPoint<BitsX, FracBitsX> x,
                                   FixedPoint<BitsY, FracBitsY> y) noexcept {
  constexpr int common = FracBitsX > FracBitsY ? FracBitsX : FracBitsY;
  return std::pair{x.template expand<common, NewBits>(), y.template expand<common, NewBits>()};
}

}  // namespace tenon
