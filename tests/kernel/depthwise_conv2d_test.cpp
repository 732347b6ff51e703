// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdint>
#include <tenon/kernel/portable/depthwise_conv2d.hpp>
#include <tenon/kernel/reference/conv2d.hpp>
#include <tenon/kernel/reference/depthwise_conv2d.hpp>
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
  Size2D kernel;
  Size2D strides{};
  Padding padding = Padding::valid;
  Size2D dilation{};
};

const Case cases[] = {
    {"one channel", {5, 6, 1}, {3, 3}, {1, 1}, Padding::same},
    {"one channel less than a block", {5, 4, 31}, {3, 3}, {1, 1}, Padding::same},
    {"a block of channels", {5, 4, 32}, {3, 3}, {2, 2}, Padding::same},
    {"one channel more than a block", {5, 4, 33}, {3, 3}},
    {"stride larger than the kernel", {9, 7, 3}, {1, 2}, {4, 3}},
    {"kernel larger than the input", {2, 3, 4}, {5, 5}, {1, 1}, Padding::same},
    {"dilation", {9, 8, 5}, {3, 3}, {1, 1}, Padding::same, {2, 3}},
    {"one row", {1, 30, 7}, {1, 4}, {1, 2}, Padding::same},
};

}  // namespace

TEST_CASE(
    "the portable depthwise convolution equals the reference, and that a convolution of groups") {
  for (const Case& c : cases) {
    for (unsigned seed = 0; seed < 5; ++seed) {
      std::mt19937 random(seed);
      const Window2D window = Window2D::of(c.input, c.kernel, c.strides, c.dilation, c.padding);
      const std::int32_t channels = c.input.channels();
      const auto x = random_tensor<std::int8_t>(random, c.input.size(), -128, 127);
      const auto w = random_tensor<std::int8_t>(random, window.taps() * channels, -127, 127);
      const auto count = static_cast<std::size_t>(window.output(channels).size());
      const auto finish = [](std::int32_t sum, std::int32_t channel) { return sum - channel; };
      std::vector<std::int32_t> expected(count);
      std::vector<std::int32_t> got(count, -1);
      std::vector<std::int32_t> grouped(count, -1);
      kernel::depthwise_conv2d<std::int32_t>(arch::reference{}, window, channels, x.data(),
                                             w.data(), expected.data(), finish);
      kernel::depthwise_conv2d<std::int32_t>(arch::portable{}, window, channels, x.data(), w.data(),
                                             got.data(), finish);
      kernel::conv2d<std::int32_t>(arch::reference{}, window, {channels, channels, channels},
                                   x.data(), std::span<const std::int32_t>{}, w.data(),
                                   grouped.data(), finish);
      INFO(c.why, ", seed ", seed);
      CHECK(got == expected);
      CHECK(grouped == expected);
    }
  }
}
