// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdint>
#include <span>
#include <tenon/kernel/portable/conv2d.hpp>
#include <tenon/kernel/reference/conv2d.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/tensor/window.hpp>
#include <vector>

#include "support/random_tensor.hpp"

using namespace tenon;
using tenon_test::random_tensor;

namespace {

struct Case {
  const char* why;
  Shape input;
  std::int32_t filters;
  Size2D kernel;
  Size2D strides{};
  Padding padding = Padding::valid;
  Size2D dilation{};
  std::int32_t groups = 1;
};

const Case cases[] = {
    {"one element", {1, 1, 1}, 1, {1, 1}},
    {"odd counts everywhere", {7, 5, 3}, 5, {3, 3}, {1, 1}, Padding::same},
    {"one filter less than a block", {4, 4, 2}, 31, {3, 3}},
    {"a block of filters", {4, 4, 2}, 32, {3, 3}},
    {"one filter more than a block", {4, 4, 2}, 33, {3, 3}, {1, 1}, Padding::same},
    {"two blocks and a tail", {3, 3, 5}, 70, {1, 1}},
    {"stride larger than the kernel", {11, 9, 2}, 4, {2, 1}, {3, 4}},
    {"stride larger than the input", {3, 3, 2}, 2, {3, 3}, {5, 5}, Padding::same},
    {"the odd padding behind", {8, 6, 1}, 3, {3, 3}, {2, 2}, Padding::same},
    {"even kernel", {6, 7, 2}, 3, {2, 4}, {1, 1}, Padding::same},
    {"kernel larger than the input", {3, 2, 2}, 3, {5, 7}, {1, 1}, Padding::same},
    {"dilation", {9, 9, 2}, 3, {3, 2}, {1, 1}, Padding::valid, {2, 3}},
    {"dilation with padding", {7, 9, 2}, 3, {3, 3}, {1, 1}, Padding::same, {3, 2}},
    {"groups", {5, 5, 6}, 9, {3, 3}, {1, 1}, Padding::same, {1, 1}, 3},
    {"groups of more than a block", {3, 3, 4}, 80, {3, 3}, {1, 1}, Padding::valid, {1, 1}, 2},
    {"each channel a group", {5, 4, 4}, 8, {3, 3}, {2, 2}, Padding::same, {1, 1}, 4},
    {"one row", {1, 40, 3}, 4, {1, 5}, {1, 2}, Padding::same},
};

template <class Sum, class X>
void compare(const Case& c, int seed, std::span<const std::int32_t> padding) {
  std::mt19937 random(static_cast<unsigned>(seed));
  const Window2D window = Window2D::of(c.input, c.kernel, c.strides, c.dilation, c.padding);
  const std::int64_t depth = c.input.channels() / c.groups;
  const auto x = random_tensor<X>(random, c.input.size(), -100, 127);
  const auto w = random_tensor<std::int8_t>(random, window.taps() * depth * c.filters, -127, 127);
  const auto finish = [](Sum sum, std::int32_t filter) {
    return static_cast<std::int64_t>(sum) * 2 + filter;
  };
  const auto count = static_cast<std::size_t>(window.output(c.filters).size());
  std::vector<std::int64_t> expected(count);
  std::vector<std::int64_t> got(count, -1);
  const kernel::ConvChannels channels{c.input.channels(), c.filters, c.groups};
  kernel::conv2d<Sum>(arch::reference{}, window, channels, x.data(), padding, w.data(),
                      expected.data(), finish);
  kernel::conv2d<Sum>(arch::portable{}, window, channels, x.data(), padding, w.data(), got.data(),
                      finish);
  INFO(c.why, ", seed ", seed);
  CHECK(got == expected);
}

}  // namespace

TEST_CASE("the portable convolution equals the reference") {
  for (const Case& c : cases) {
    for (int seed = 0; seed < 5; ++seed) {
      compare<std::int32_t, std::int8_t>(c, seed, {});
      compare<std::int64_t, std::int32_t>(c, seed, {});
    }
  }
}

TEST_CASE("the portable convolution equals the reference with padding values") {
  const std::vector<std::int32_t> one{-77};
  for (const Case& c : cases) {
    const std::vector<std::int32_t> each(static_cast<std::size_t>(c.input.channels()), 100);
    compare<std::int32_t, std::int8_t>(c, 1, one);
    std::vector<std::int32_t> different = each;
    for (std::size_t i = 0; i < different.size(); ++i)
      different[i] -= static_cast<std::int32_t>(i) * 31;
    compare<std::int32_t, std::int8_t>(c, 2, different);
  }
}

TEST_CASE("a convolution of ones counts the taps inside") {
  const Shape input{3, 3, 2};
  const std::vector<std::int8_t> x(18, 1);
  const std::vector<std::int8_t> w(9 * 2, 1);
  const Window2D window = Window2D::of(input, {3, 3}, {}, {}, Padding::same);
  std::vector<std::int32_t> y(9);
  const auto as_is = [](std::int32_t sum, std::int32_t) { return sum; };
  kernel::conv2d<std::int32_t>(arch::reference{}, window, {2, 1, 1}, x.data(),
                               std::span<const std::int32_t>{}, w.data(), y.data(), as_is);
  CHECK(y == std::vector<std::int32_t>{8, 12, 8, 12, 18, 12, 8, 12, 8});
  const std::vector<std::int32_t> ten{10};
  kernel::conv2d<std::int32_t>(arch::reference{}, window, {2, 1, 1}, x.data(), std::span(ten),
                               w.data(), y.data(), as_is);
  CHECK(y[0] == 8 + 10 * 10);
  CHECK(y[4] == 18);
}

TEST_CASE("a convolution does not flip its kernel") {
  const std::vector<std::int8_t> x{1, 10, 100};
  const std::vector<std::int8_t> w{1, 2};
  const Window2D window = Window2D::of(Shape{1, 3, 1}, {1, 2}, {}, {}, Padding::valid);
  std::vector<std::int32_t> y(2);
  kernel::conv2d<std::int32_t>(arch::portable{}, window, {1, 1, 1}, x.data(),
                               std::span<const std::int32_t>{}, w.data(), y.data(),
                               [](std::int32_t sum, std::int32_t) { return sum; });
  CHECK(y == std::vector<std::int32_t>{21, 210});
}
