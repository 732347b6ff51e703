// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdint>
#include <tenon/kernel/reference/global_average_pool.hpp>
#include <vector>

using namespace tenon;

TEST_CASE("a global pool sums what its loader makes of each element") {
  const std::vector<std::int8_t> x{1, -100, 2, -100, 3, 50};
  std::vector<std::int32_t> y(2);
  kernel::global_average_pool<std::int32_t>(
      arch::reference{}, 3, 2, x.data(), y.data(),
      [](std::int8_t v, std::int32_t channel) { return channel == 0 ? v * 8 : v; },
      [](std::int32_t sum, std::int32_t channel) { return sum + channel * 1000; });
  CHECK(y == std::vector<std::int32_t>{48, 850});
}
