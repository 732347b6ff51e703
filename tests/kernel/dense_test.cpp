// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdint>
#include <tenon/kernel/portable/dense.hpp>
#include <tenon/kernel/reference/dense.hpp>
#include <vector>

#include "support/random_tensor.hpp"

using namespace tenon;
using tenon_test::random_tensor;

TEST_CASE("the portable matrix product equals the reference") {
  struct Case {
    std::int64_t rows;
    std::int32_t inputs, units;
  };
  // One of each; a block of units and one more or less; many rows; more inputs than an 8-bit sum
  // holds.
  const Case cases[] = {{1, 1, 1},  {1, 7, 31},  {1, 7, 32},   {1, 7, 33},
                        {3, 5, 65}, {17, 3, 10}, {1, 1000, 3}, {2, 64, 128}};
  for (const Case& c : cases) {
    for (unsigned seed = 0; seed < 5; ++seed) {
      std::mt19937 random(seed);
      const auto x = random_tensor<std::int16_t>(random, c.rows * c.inputs, -32768, 32767);
      const auto w =
          random_tensor<std::int8_t>(random, std::int64_t{c.inputs} * c.units, -127, 127);
      const auto finish = [](std::int64_t sum, std::int32_t unit) { return sum + unit; };
      const auto count = static_cast<std::size_t>(c.rows * c.units);
      std::vector<std::int64_t> expected(count);
      std::vector<std::int64_t> got(count, -1);
      kernel::dense<std::int64_t>(arch::reference{}, c.rows, c.inputs, c.units, x.data(), w.data(),
                                  expected.data(), finish);
      kernel::dense<std::int64_t>(arch::portable{}, c.rows, c.inputs, c.units, x.data(), w.data(),
                                  got.data(), finish);
      INFO(c.rows, " rows, ", c.inputs, " inputs, ", c.units, " units, seed ", seed);
      CHECK(got == expected);
    }
  }
}

TEST_CASE("a matrix product by hand") {
  const std::vector<std::int8_t> x{1, 2, 3, 4};            // two rows of two inputs
  const std::vector<std::int8_t> w{1, 10, 100, 2, 20, 0};  // two inputs, three units
  std::vector<std::int32_t> y(6);
  kernel::dense<std::int32_t>(arch::reference{}, 2, 2, 3, x.data(), w.data(), y.data(),
                              [](std::int32_t sum, std::int32_t) { return sum; });
  CHECK(y == std::vector<std::int32_t>{5, 50, 100, 11, 110, 300});
}
