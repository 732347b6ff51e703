// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <tenon/number/round_log2.hpp>

using namespace tenon;

static_assert(round_log2(std::int64_t{1}) == 0 && round_log2(std::int64_t{2}) == 1);
static_assert(round_log2(std::int64_t{22}) == 4 && round_log2(std::int64_t{23}) == 5);  // 16 * sqrt(2) = 22.6

TEST_CASE("the nearest logarithm changes where the square passes an odd power of two") {
  for (int k = 0; k < 31; ++k) {
    const auto threshold = static_cast<std::int64_t>(std::floor(std::sqrt(2.0L) * std::ldexp(1.0L, k))) + 1;
    if (threshold - 1 >= std::int64_t{1} << k) CHECK(round_log2(threshold - 1) == k);
    if (threshold < std::int64_t{1} << 31) CHECK(round_log2(threshold) == k + 1);
    CHECK(round_log2(std::int64_t{1} << k) == k);
  }
  CHECK(round_log2((std::int64_t{1} << 31) - 1) == 31);
}

TEST_CASE("the nearest logarithm of a float agrees with that of the integer") {
  for (std::int64_t v = 1; v < 5000; ++v) CHECK(round_log2(static_cast<float>(v)) == round_log2(v));
  CHECK(round_log2(0x1.6a09e6p-3F) == -3);  // just below sqrt(2) / 8
  CHECK(round_log2(0x1.6a09e8p-3F) == -2);
}

TEST_CASE("the logarithm of a root rounds ties to even") {
  const std::pair<std::int32_t, int> known[] = {{1, 0},  {2, 0},   {3, 1},   {4, 1},   {8, 2},   {16, 2},   {32, 2},
                                                {64, 3}, {128, 4}, {192, 4}, {256, 4}, {512, 4}, {513, 5}, {2048, 6}};
  for (const auto& [v, expected] : known) CHECK_MESSAGE(round_log2_of_root(v) == expected, v);
}
