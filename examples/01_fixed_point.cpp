// SPDX-License-Identifier: Apache-2.0
// Fixed-point numbers: an integer with a position of the binary point in its type. What would lose
// bits without saying so does not compile.
#include <cstdio>
#include <tenon/device.hpp>

using namespace tenon;

// Eight value bits, the sign not counted. More fractional bits are closer to pi until the range is
// too small.
static_assert(FixedPoint<8, 1>(3.14159265F).value() == 6);
static_assert(FixedPoint<8, 3>(3.14159265F).value() == 25);
static_assert(FixedPoint<8, 6>(3.14159265F).value() == 201);
static_assert(FixedPoint<8, 7>(3.14159265F).value() == 255, "saturated: 255 / 128 is less than 2");

template <int FracBits>
void show(float real) {
  const FixedPoint<8, FracBits> x(real);
  std::printf("  %d fractional bits: %3d, that is %.6f\n", FracBits, x.value(),
              static_cast<double>(x.to_float()));
}

int main() {
  std::printf("pi with 8 value bits\n");
  show<1>(3.14159265F);
  show<3>(3.14159265F);
  show<6>(3.14159265F);

  constexpr FixedPoint<8, 6> pi(3.14159265F);
  constexpr FixedPoint<8, 3> radius(2.5F);

  // Products grow and are exact: 8 + 8 + 1 bits, 6 + 3 fractional bits.
  constexpr auto half_circle = pi * radius;
  static_assert(half_circle.value_bits == 17 && half_circle.frac_bits == 9);

  // `pi + radius` does not compile: their points are at different places. align() moves them, with
  // room.
  constexpr auto aligned = align<16>(pi, radius);
  constexpr auto sum = aligned.first + aligned.second;
  static_assert(sum.value() == 201 + 20 * 8);

  // rescale() is the only way to fewer bits; it rounds halves up and saturates.
  constexpr auto short_sum = sum.rescale<3, 8>();
  static_assert(short_sum.value() == 45);

  std::printf("pi * 2.5 = %.6f, exactly the product of both\n",
              static_cast<double>(half_circle.to_float()));
  std::printf("pi + 2.5 = %.6f, with 3 fractional bits %.6f\n", static_cast<double>(sum.to_float()),
              static_cast<double>(short_sum.to_float()));
  std::printf("pi > 2.5: %s\n", pi > radius ? "yes" : "no");
}
