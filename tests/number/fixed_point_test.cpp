// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <tenon/number/fixed_point.hpp>
#include <type_traits>

using namespace tenon;

// pi in eight value bits, from the guide.
static_assert(FixedPoint<8, 1>(3.14159265F).value() == 6);
static_assert(FixedPoint<8, 3>(3.14159265F).value() == 25);
static_assert(FixedPoint<8, 6>(3.14159265F).value() == 201);

static_assert(std::is_same_v<FixedPoint<7, 0>::Integer, std::int8_t>);
static_assert(std::is_same_v<FixedPoint<8, 0>::Integer, std::int16_t>);
static_assert(std::is_same_v<FixedPoint<15, 0>::Integer, std::int16_t>);
static_assert(std::is_same_v<FixedPoint<16, 0>::Integer, std::int32_t>);
static_assert(std::is_same_v<FixedPoint<31, 0>::Integer, std::int32_t>);
static_assert(std::is_same_v<FixedPoint<32, 0>::Integer, std::int64_t>);
static_assert(sizeof(FixedPoint<7, 3>) == 1, "nothing but the integer is stored");

TEST_CASE("a real number becomes the nearest fixed-point number, ties to even") {
  CHECK(FixedPoint<8, 0>(0.5F).value() == 0);
  CHECK(FixedPoint<8, 0>(1.5F).value() == 2);
  CHECK(FixedPoint<8, 0>(2.5F).value() == 2);
  CHECK(FixedPoint<8, 0>(-0.5F).value() == 0);
  CHECK(FixedPoint<8, 0>(-1.5F).value() == -2);
  CHECK(FixedPoint<8, 0>(-2.5F).value() == -2);
  CHECK(FixedPoint<8, 2>(0.125F).value() == 0);
  CHECK(FixedPoint<8, 2>(0.375F).value() == 2);
}

TEST_CASE("negative fractional bits count powers of two above one") {
  CHECK(FixedPoint<8, -3>(100.0F).value() == 12);  // 12.5, a tie
  CHECK(FixedPoint<8, -3>(100.0F).to_float() == 96.0F);
  CHECK(FixedPoint<4, 8>(0.03F).value() == 8);  // more fractional than value bits
}

TEST_CASE("construction saturates at both ends and takes NaN for zero") {
  CHECK(FixedPoint<7, 0>(127.4F).value() == 127);
  CHECK(FixedPoint<7, 0>(1000.0F).value() == 127);
  CHECK(FixedPoint<7, 0>(-128.0F).value() == -128);
  CHECK(FixedPoint<7, 0>(-1000.0F).value() == -128);
  CHECK(FixedPoint<7, 0>::from_value(128).value() == 127);
  CHECK(FixedPoint<7, 0>(std::numeric_limits<float>::infinity()).value() == 127);
  CHECK(FixedPoint<7, 0>(-std::numeric_limits<float>::infinity()).value() == -128);
  CHECK(FixedPoint<7, 0>(std::numeric_limits<float>::quiet_NaN()).value() == 0);
  CHECK(FixedPoint<31, 0>(3e9F).value() == 2147483647);
}

TEST_CASE("every number of a small type comes back from its float") {
  for (int v = -128; v <= 127; ++v) {
    const auto x = FixedPoint<7, 5>::from_value(v);
    CHECK(FixedPoint<7, 5>(x.to_float()) == x);
  }
}

TEST_CASE("sums keep the value bits of the left operand and saturate") {
  constexpr auto a = FixedPoint<7, 2>::from_value(100);
  constexpr auto b = FixedPoint<15, 2>::from_value(1000);
  static_assert(std::is_same_v<decltype(a + b), FixedPoint<7, 2>>);
  CHECK((a + b).value() == 127);
  CHECK((b + a).value() == 1100);
  CHECK((a - b).value() == -128);
  CHECK((b - a).value() == 900);
  CHECK((-FixedPoint<7, 2>::from_value(-128)).value() == 127);
}

TEST_CASE("products are exact, at the worst corner too") {
  constexpr auto lowest = FixedPoint<7, 3>::from_value(-128);
  constexpr auto product = lowest * lowest;
  static_assert(product.value_bits == 15 && product.frac_bits == 6);
  CHECK(product.value() == 16384);
  CHECK(
      (FixedPoint<30, 0>::from_value(-(1LL << 30)) * FixedPoint<30, 0>::from_value((1LL << 30) - 1))
          .value() == -(1LL << 60) + (1LL << 30));
}

TEST_CASE("rescale rounds halves up, whatever the sign") {
  constexpr auto x = [](int v) { return FixedPoint<8, 1>::from_value(v); };
  CHECK(x(5).rescale<0>().value() == 3);    // 2.5
  CHECK(x(-5).rescale<0>().value() == -2);  // -2.5
  CHECK(x(3).rescale<0>().value() == 2);    // 1.5
  CHECK(x(-3).rescale<0>().value() == -1);  // -1.5
  CHECK(x(-1).rescale<0>().value() == 0);   // -0.5
  CHECK(x(200).rescale<4>().value() == 255);
  CHECK((x(200).rescale<4, 12>().value()) == 1600);
}

TEST_CASE("shift rounds down and keeps the fractional bits") {
  CHECK(FixedPoint<8, 3>::from_value(-5).shift<-1>().value() == -3);
  CHECK(FixedPoint<8, 3>::from_value(5).shift<-1>().value() == 2);
  CHECK(FixedPoint<8, 3>::from_value(-1).shift<-40>().value() == -1);
  CHECK(FixedPoint<8, 3>::from_value(100).shift<2>().value() == 255);
  CHECK(FixedPoint<8, 3>::from_value(100).shift<2>().frac_bits == 3);
}

TEST_CASE("promote, expand and align change no number") {
  constexpr FixedPoint<8, 6> pi(3.14159265F);
  CHECK(pi.promote<20>().value() == 201);
  CHECK((pi.expand<9, 12>().value()) == 1608);
  CHECK((pi.expand<9, 12>() == pi));
  const auto [a, b] = align<16>(pi, FixedPoint<8, 1>(3.14159265F));
  CHECK(a.value() == 201);
  CHECK(b.value() == 192);
  CHECK(a.frac_bits == b.frac_bits);
}

TEST_CASE("comparison looks at the numbers, not at their integers") {
  CHECK(FixedPoint<8, 6>(3.14F) > FixedPoint<8, 3>(3.1F));
  CHECK(FixedPoint<8, 6>(1.5F) == FixedPoint<8, 1>(1.5F));
  CHECK(FixedPoint<8, -2>(-8.0F) < FixedPoint<4, 4>(-0.5F));
  CHECK(FixedPoint<8, 0>(-1.0F) <= FixedPoint<8, 5>(-1.0F));
}
