// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/kernel/reference/conv2d.hpp>
#include <tenon/kernel/reference/depthwise_conv2d.hpp>
#include <tenon/kernel/x86/float_conv2d.hpp>
#include <tenon/layer/constants.hpp>
#include <vector>

#if defined(__x86_64__)
using namespace tenon;

namespace {

// Sums of products with 24 bits each: every other order or rounding would show.
std::vector<float> numbers(std::size_t count, std::uint32_t seed) {
  std::vector<float> values(count);
  for (float& v : values) {
    seed = seed * 1664525U + 1013904223U;
    v = static_cast<float>(static_cast<std::int32_t>(seed)) * 3.1e-9F;
  }
  return values;
}

struct Case {
  std::int32_t height, width, channels, filters, kernel, stride, dilation;
  Padding padding;
};

constexpr Case cases[] = {
    {7, 9, 3, 16, 3, 1, 1, Padding::same},  {8, 8, 5, 20, 3, 2, 1, Padding::same},
    {6, 11, 1, 3, 5, 3, 1, Padding::same},  {9, 7, 8, 33, 3, 1, 2, Padding::same},
    {5, 5, 4, 8, 1, 1, 1, Padding::valid},  {10, 6, 2, 9, 4, 2, 1, Padding::valid},
    {6, 6, 13, 1, 2, 1, 2, Padding::valid}, {4, 19, 17, 24, 2, 1, 1, Padding::same},
};

bool supported() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

}  // namespace

TEST_CASE("the AVX2 convolution of floats equals the reference kernel to the bit") {
  if (!supported()) return;
  for (const Case& c : cases) {
    const Shape input{c.height, c.width, c.channels};
    const Window2D window = Window2D::of(input, {c.kernel, c.kernel}, {c.stride, c.stride}, {c.dilation, c.dilation},
                                         c.padding);
    const auto x = numbers(static_cast<std::size_t>(input.size()), 1);
    const auto w = numbers(static_cast<std::size_t>(c.kernel * c.kernel * c.channels * c.filters), 2);
    const auto bias = numbers(static_cast<std::size_t>(c.filters), 3);
    const auto values = numbers(static_cast<std::size_t>(c.channels), 4);
    const auto size = static_cast<std::size_t>(window.output(c.filters).size());
    const auto map = kernel::x86::PaddedMap::of(window, c.channels);
    std::vector<float> padded(map.size());
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, values.size()}) {
      const std::span<const float> padding(values.data(), count);
      std::vector<float> wanted(size);
      std::vector<float> found(size);
      kernel::conv2d<float>(arch::reference{}, window, {c.channels, c.filters, 1}, x.data(), padding, w.data(),
                            wanted.data(), AddBias{bias});
      kernel::x86::pad_map(window, map, x.data(), padding.data(), count, padded.data());
      kernel::x86::float_conv2d(window, map, c.filters, padded.data(), w.data(), bias.data(), found.data());
      CHECK(wanted == found);
    }
  }
}

TEST_CASE("the AVX2 depthwise convolution of floats equals the reference kernel to the bit") {
  if (!supported()) return;
  for (const Case& c : cases) {
    const std::int32_t channels = c.filters;
    const Shape input{c.height, c.width, channels};
    const Window2D window = Window2D::of(input, {c.kernel, c.kernel}, {c.stride, c.stride}, {c.dilation, c.dilation},
                                         c.padding);
    const auto x = numbers(static_cast<std::size_t>(input.size()), 5);
    const auto w = numbers(static_cast<std::size_t>(c.kernel * c.kernel * channels), 6);
    const auto size = static_cast<std::size_t>(window.output(channels).size());
    std::vector<float> wanted(size);
    std::vector<float> found(size);
    kernel::depthwise_conv2d<float>(arch::reference{}, window, channels, x.data(), w.data(), wanted.data(),
                                    AddBias{{}});
    const auto map = kernel::x86::PaddedMap::of(window, channels);
    std::vector<float> padded(map.size());
    kernel::x86::pad_map(window, map, x.data(), nullptr, 0, padded.data());
    kernel::x86::float_depthwise_conv2d(window, map, padded.data(), w.data(), nullptr, found.data());
    CHECK(wanted == found);
  }
}
#endif
