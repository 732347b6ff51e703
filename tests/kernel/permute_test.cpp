// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <numeric>
#include <tenon/kernel/reference/permute.hpp>
#include <tenon/tensor/shape.hpp>
#include <vector>

using namespace tenon;

TEST_CASE("axes change places") {
  const std::vector<std::int8_t> x{1, 2, 3, 4, 5, 6};  // (2, 3)
  std::vector<std::int16_t> y(6);
  kernel::permute(arch::reference{}, Shape{2, 3}, {1, 0}, x.data(), y.data());
  CHECK(y == std::vector<std::int16_t>{1, 4, 2, 5, 3, 6});
}

TEST_CASE("an element is found again at its permuted position, for all orders of three axes") {
  const Shape input{2, 3, 4};
  std::vector<std::int32_t> x(24);
  std::iota(x.begin(), x.end(), 0);
  std::array<std::int32_t, Shape::max_rank> axes{0, 1, 2, 0, 0};
  const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (const auto& order : orders) {
    for (std::size_t i = 0; i < 3; ++i) axes[i] = order[i];
    std::vector<std::int32_t> y(24);
    kernel::permute(arch::reference{}, input, axes, x.data(), y.data());
    std::int32_t at[3];
    for (at[0] = 0; at[0] < 2; ++at[0]) {
      for (at[1] = 0; at[1] < 3; ++at[1]) {
        for (at[2] = 0; at[2] < 4; ++at[2]) {
          const auto size = [&](int axis) { return input[static_cast<std::size_t>(order[axis])]; };
          const std::int32_t to = (at[order[0]] * size(1) + at[order[1]]) * size(2) + at[order[2]];
          CHECK(y[static_cast<std::size_t>(to)] == (at[0] * 3 + at[1]) * 4 + at[2]);
        }
      }
    }
  }
}
