// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <random>
#include <tenon/number/quotient.hpp>

using namespace tenon;

static_assert(float32_quotient(7, 2) == 3 && float32_quotient(-7, 2) == -3);
static_assert(float32_quotient((1 << 25) - 1, 1 << 25) == 1);  // rounds to 1 before it is truncated

TEST_CASE("a quotient is what the float32 division leaves after truncation") {
  // Numerators and denominators that a float32 holds exactly, so that only the division rounds.
  std::mt19937_64 random(1);
  const auto draw = [&](int bits) {
    const int kept = bits < 24 ? bits : 24;
    const auto mantissa = static_cast<std::int64_t>(random() >> (64 - kept));
    return (mantissa | 1) << (bits - kept);
  };
  for (int i = 0; i < 200000; ++i) {
    const std::int64_t n = draw(1 + i % 31) * (i % 2 == 0 ? 1 : -1);
    const std::int64_t d = draw(1 + i / 31 % 31);
    const float quotient = static_cast<float>(n) / static_cast<float>(d);
    if (float32_quotient(n, d) != static_cast<std::int64_t>(quotient)) {
      FAIL(n, " / ", d, " is ", float32_quotient(n, d), " instead of ", static_cast<std::int64_t>(quotient));
    }
  }
}

TEST_CASE("quotients of 2^24 and more round to 24 bits, ties to even") {
  CHECK(float32_quotient((std::int64_t{1} << 24) + 1, 1) == std::int64_t{1} << 24);
  CHECK(float32_quotient((std::int64_t{1} << 24) + 3, 1) == (std::int64_t{1} << 24) + 4);
  CHECK(float32_quotient((std::int64_t{1} << 25) - 1, 1) == std::int64_t{1} << 25);
  CHECK(float32_quotient((std::int64_t{1} << 24) + 2, 2) == (std::int64_t{1} << 23) + 1);
  CHECK(float32_quotient((std::int64_t{1} << 24) + 3, 2) == (std::int64_t{1} << 23) + 2);  // a tie
}
