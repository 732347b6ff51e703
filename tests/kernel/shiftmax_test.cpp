// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <tenon/kernel/portable/shiftmax.hpp>
#include <vector>

using namespace tenon;

namespace {

void check_equal(const std::vector<std::int32_t>& row, int exp_bits, int buffer_bits) {
  std::vector<std::int32_t> expected = row;
  std::vector<std::int32_t> found = row;
  const auto count = static_cast<std::int32_t>(row.size());
  kernel::shiftmax(arch::reference{}, expected.data(), count, exp_bits, buffer_bits);
  kernel::shiftmax(arch::portable{}, found.data(), count, exp_bits, buffer_bits);
  CHECK(found == expected);
}

}  // namespace

TEST_CASE("the shiftmax in 32 bits equals the reference for rows of any spread") {
  std::mt19937 random(7);
  for (const int exp_bits : {1, 2, 8, 10, 15}) {
    for (const std::int32_t spread : {0, 1, 3, 12, 40, 1 << 20}) {
      for (const std::size_t count : {1U, 2U, 17U, 197U, 5000U}) {
        std::uniform_int_distribution<std::int32_t> draw(-spread, spread);
        std::vector<std::int32_t> row(count);
        for (auto& x : row) x = draw(random);
        check_equal(row, exp_bits, 31);
      }
    }
  }
}

TEST_CASE("the shiftmax in 32 bits equals the reference at the ends of its input") {
  constexpr std::int32_t low = std::numeric_limits<std::int32_t>::min();
  constexpr std::int32_t high = std::numeric_limits<std::int32_t>::max();
  check_equal({low, high, 0, high - 20, high - 21}, 10, 31);
  check_equal({low, low, low}, 10, 31);
}

TEST_CASE("sums that meet the limit of their buffer round as in the reference") {
  check_equal(std::vector<std::int32_t>(3000, 5), 10, 21);
  check_equal(std::vector<std::int32_t>(3000, 5), 10, 31);
  check_equal(std::vector<std::int32_t>(300, -5), 1, 3);
}
