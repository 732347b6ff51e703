// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdint>
#include <tenon/kernel/reference/conv2d_transpose.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/tensor/window.hpp>
#include <vector>

#include "support/random_tensor.hpp"

using namespace tenon;
using tenon_test::random_tensor;

namespace {

struct Case {
  Shape input;
  std::int32_t filters;
  Size2D kernel, strides;
  Padding padding;
  Size2D output_padding{-1, -1};
  Size2D dilation{};
};

const Case cases[] = {
    {{1, 1, 1}, 1, {1, 1}, {1, 1}, Padding::valid},
    {{3, 4, 2}, 3, {3, 3}, {2, 2}, Padding::same},
    {{3, 4, 2}, 3, {3, 3}, {2, 2}, Padding::valid},
    {{4, 3, 3}, 2, {2, 2}, {3, 3}, Padding::same},  // stride larger than the kernel: gaps of zeros
    {{4, 3, 3}, 2, {2, 2}, {3, 3}, Padding::valid},
    {{3, 3, 2}, 2, {5, 4}, {2, 3}, Padding::same},
    {{3, 3, 2}, 2, {3, 3}, {2, 2}, Padding::valid, {1, 0}},
    {{3, 3, 2}, 2, {3, 3}, {2, 2}, Padding::same, {1, 1}},
    {{4, 4, 1}, 2, {3, 3}, {1, 1}, Padding::valid, {-1, -1}, {2, 2}},
};

/// The definition: every input adds its kernel at stride * position, less what is cut off in front.
std::vector<std::int32_t> scatter(const Case& c, const Window2D& window,
                                  const std::vector<std::int8_t>& x,
                                  const std::vector<std::int8_t>& w) {
  const Shape output = window.output(c.filters);
  std::vector<std::int32_t> y(static_cast<std::size_t>(output.size()));
  const std::int32_t channels = c.input.channels();
  std::size_t at = 0;
  for (std::int32_t iy = 0; iy < c.input[0]; ++iy) {
    for (std::int32_t ix = 0; ix < c.input[1]; ++ix) {
      for (std::int32_t channel = 0; channel < channels; ++channel, ++at) {
        for (std::int32_t ky = 0; ky < c.kernel.height; ++ky) {
          for (std::int32_t kx = 0; kx < c.kernel.width; ++kx) {
            const std::int32_t oy =
                iy * c.strides.height + ky * c.dilation.height - window.y.before;
            const std::int32_t ox = ix * c.strides.width + kx * c.dilation.width - window.x.before;
            if (oy < 0 || oy >= output[0] || ox < 0 || ox >= output[1]) continue;
            for (std::int32_t f = 0; f < c.filters; ++f) {
              const auto weight = static_cast<std::size_t>(
                  ((ky * c.kernel.width + kx) * channels + channel) * c.filters + f);
              y[static_cast<std::size_t>((oy * output[1] + ox) * c.filters + f)] +=
                  x[at] * w[weight];
            }
          }
        }
      }
    }
  }
  return y;
}

}  // namespace

TEST_CASE("gathering a transposed convolution equals scattering it") {
  for (const Case& c : cases) {
    for (unsigned seed = 0; seed < 5; ++seed) {
      std::mt19937 random(seed);
      const Window2D window = Window2D::transposed(c.input, c.kernel, c.strides, c.dilation,
                                                   c.padding, c.output_padding);
      const auto x = random_tensor<std::int8_t>(random, c.input.size(), -128, 127);
      const auto w = random_tensor<std::int8_t>(
          random, window.taps() * c.input.channels() * c.filters, -127, 127);
      std::vector<std::int32_t> y(static_cast<std::size_t>(window.output(c.filters).size()), -1);
      kernel::conv2d_transpose<std::int32_t>(arch::reference{}, window, c.input.channels(),
                                             c.filters, x.data(), w.data(), y.data(),
                                             [](std::int32_t sum, std::int32_t) { return sum; });
      INFO("case ", static_cast<int>(&c - cases), ", seed ", seed);
      CHECK(y == scatter(c, window, x, w));
    }
  }
}

TEST_CASE("a transposed depthwise convolution is one of a single channel, for each channel") {
  std::mt19937 random(4);
  const std::int32_t channels = 3;
  const Shape input{4, 3, channels};
  const Window2D window = Window2D::transposed(input, {3, 3}, {2, 2}, {}, Padding::same, {-1, -1});
  const auto x = random_tensor<std::int8_t>(random, input.size(), -128, 127);
  const auto w = random_tensor<std::int8_t>(random, 9 * channels, -127, 127);
  const auto as_is = [](std::int32_t sum, std::int32_t) { return sum; };
  const auto count = static_cast<std::size_t>(window.output(channels).size());
  std::vector<std::int32_t> y(count);
  kernel::depthwise_conv2d_transpose<std::int32_t>(arch::reference{}, window, channels, x.data(),
                                                   w.data(), y.data(), as_is);
  for (std::size_t c = 0; c < 3; ++c) {
    std::vector<std::int8_t> plane;
    std::vector<std::int8_t> taps;
    for (std::size_t i = c; i < x.size(); i += 3) plane.push_back(x[i]);
    for (std::size_t i = c; i < w.size(); i += 3) taps.push_back(w[i]);
    std::vector<std::int32_t> single(count / 3);
    kernel::conv2d_transpose<std::int32_t>(arch::reference{}, window, 1, 1, plane.data(),
                                           taps.data(), single.data(), as_is);
    for (std::size_t i = 0; i < single.size(); ++i) CHECK(y[i * 3 + c] == single[i]);
  }
}
