// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdint>
#include <tenon/kernel/reference/max_pool2d.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/tensor/window.hpp>
#include <vector>

using namespace tenon;

TEST_CASE("the largest element of each window, channels apart") {
  // (2, 4, 2): channel 1 is the negative of channel 0.
  const std::vector<std::int8_t> x{1, -1, 5, -5, 2, -2, 9, -9, 3, -3, 4, -4, 8, -8, 7, -7};
  std::vector<std::int8_t> y(4);
  const Window2D window = Window2D::of(Shape{2, 4, 2}, {2, 2}, {2, 2}, {}, Padding::valid);
  kernel::max_pool2d(arch::reference{}, window, 2, x.data(), y.data());
  CHECK(y == std::vector<std::int8_t>{5, -1, 9, -2});
}

TEST_CASE("padding is never the largest element, not even of negative ones") {
  const std::vector<std::int8_t> x{-5, -6, -7, -8, -9, -10, -11, -12, -128};
  std::vector<std::int8_t> y(9);
  const Window2D window = Window2D::of(Shape{3, 3, 1}, {3, 3}, {}, {}, Padding::same);
  kernel::max_pool2d(arch::reference{}, window, 1, x.data(), y.data());
  CHECK(y == std::vector<std::int8_t>{-5, -5, -6, -5, -5, -6, -8, -8, -9});
}

TEST_CASE("windows may overlap, leave gaps, and be cut off at the end") {
  const std::vector<std::int32_t> x{3, 1, 4, 1, 5, 9, 2};
  std::vector<std::int32_t> overlapping(3);
  kernel::max_pool2d(arch::reference{},
                     Window2D::of(Shape{1, 7, 1}, {1, 3}, {1, 2}, {}, Padding::valid), 1, x.data(),
                     overlapping.data());
  CHECK(overlapping == std::vector<std::int32_t>{4, 5, 9});
  std::vector<std::int32_t> gaps(2);
  kernel::max_pool2d(arch::reference{},
                     Window2D::of(Shape{1, 7, 1}, {1, 2}, {1, 5}, {}, Padding::valid), 1, x.data(),
                     gaps.data());
  CHECK(gaps == std::vector<std::int32_t>{3, 9});
  std::vector<std::int32_t> cut(4);
  kernel::max_pool2d(arch::reference{},
                     Window2D::of(Shape{1, 7, 1}, {1, 2}, {1, 2}, {}, Padding::same), 1, x.data(),
                     cut.data());
  CHECK(cut == std::vector<std::int32_t>{3, 4, 9, 2});
}
