// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tenon/number/rounding.hpp>

using namespace tenon;

static_assert(largest(7) == 127 && largest(32) == 4294967295LL);
static_assert(saturate(-129, 7) == -128 && saturate(-128, 7) == -128 && saturate(128, 7) == 127);
static_assert(shift_right_half_up(-5, 1) == -2 && shift_right_half_up(5, 1) == 3);
static_assert(shift_right_floor(-5, 1) == -3);

TEST_CASE("a rounding shift equals the floor of the quotient plus one half") {
  for (int s = 0; s <= 12; ++s) {
    for (std::int64_t v = -3000; v <= 3000; ++v) {
      const double exact = std::floor(static_cast<double>(v) / std::pow(2.0, s) + 0.5);
      CHECK(shift_right_half_up(v, s) == static_cast<std::int64_t>(exact));
    }
  }
}

TEST_CASE("rounding to float32 equals the conversion") {
  for (std::int64_t v = 1; v < (std::int64_t{1} << 50); v = v * 3 + 1) {
    for (std::int64_t d = -3; d <= 3; ++d) {
      for (const std::int64_t w : {v + d, -(v + d), (v << 11) + d, ((v | 1) << 8) + 128}) {
        CHECK(round_to_float32(w) == static_cast<std::int64_t>(static_cast<float>(w)));
      }
    }
  }
}

TEST_CASE("a rescaling in float32 equals the float32 operations") {
  for (std::int64_t v = 1; v < (std::int64_t{1} << 46); v = v * 3 + 1) {
    for (int s = -40; s <= 6; ++s) {
      for (const std::int64_t w : {v, -v, 2 * v + 1, (v << 9) - 1}) {
        const float scaled = std::ldexp(static_cast<float>(w), s) + 0.5F;
        const double limited = std::min(std::max(std::floor(static_cast<double>(scaled)), -32768.0), 32767.0);
        CHECK(rescale_float32(w, s, 15) == static_cast<std::int64_t>(limited));
      }
    }
  }
  CHECK(rescale_float32(2179137516, -17, 15) == 16626);  // just below 16625.5, which is what float32 keeps of it
  CHECK(rescale(2179137516, -17, 15) == 16625);
}

TEST_CASE("shifts by the whole width and beyond leave the sign") {
  CHECK(shift_right_half_up(1000, 63) == 0);
  CHECK(shift_right_half_up(-1000, 200) == 0);
  CHECK(shift_right_floor(-1000, 200) == -1);
  CHECK(shift_right_floor(1000, 64) == 0);
}

TEST_CASE("a left shift saturates before it overflows") {
  CHECK(shift_left_saturated(3, 2, 7) == 12);
  CHECK(shift_left_saturated(64, 1, 7) == 127);
  CHECK(shift_left_saturated(-64, 1, 7) == -128);
  CHECK(shift_left_saturated(-65, 1, 7) == -128);
  CHECK(shift_left_saturated(1, 62, 31) == 2147483647);
  CHECK(shift_left_saturated(-1, 62, 31) == -2147483648LL);
  CHECK(shift_left_saturated(1, 300, 31) == 2147483647);
  CHECK(shift_left_saturated(0, 300, 31) == 0);
}

TEST_CASE("rescale goes both ways and limits the result") {
  CHECK(rescale(100, -3, 7) == 13);  // 12.5
  CHECK(rescale(-100, -3, 7) == -12);
  CHECK(rescale(1000, -2, 7) == 127);
  CHECK(rescale(5, 4, 7) == 80);
  CHECK(rescale(-9, 4, 7) == -128);
}

TEST_CASE("the nearest integer of a tie is even, as the processor rounds") {
  for (double x = -40; x <= 40; x += 0.125) {
    CHECK(round_half_even(x, 20) == static_cast<std::int64_t>(std::nearbyint(x)));
    CHECK(round_half_even(static_cast<float>(x), 20) ==
          static_cast<std::int64_t>(std::nearbyint(x)));
  }
  CHECK(round_half_even(8388607.5, 30) == 8388608);
  CHECK(round_half_even(1e30, 30) == (1LL << 30) - 1);
  CHECK(round_half_even(-1e30F, 30) == -(1LL << 30));
  CHECK(round_half_even(std::numeric_limits<double>::quiet_NaN(), 30) == 0);
}
