// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <tenon/kernel/reference/conv2d_block.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/tensor/window.hpp>
#include <vector>

#include "support/block_data.hpp"
#include "support/random_tensor.hpp"
#include "support/vector_arch.hpp"

// Convolutions that break kernels, and their comparison with the reference kernel.
namespace tenon_test {

using namespace tenon;
using kernel::ConvBlock;

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

inline const Case conv2d_cases[] = {
    {"one element", {1, 1, 1}, 1, {1, 1}},
    {"odd counts everywhere", {7, 5, 3}, 5, {3, 3}, {1, 1}, Padding::same},
    {"one filter less than a vector", {4, 4, 2}, 7, {3, 3}},
    {"a vector of filters", {4, 5, 4}, 8, {1, 1}},
    {"one filter more than a vector", {4, 4, 8}, 9, {1, 1}},
    {"one filter less than a tile", {4, 4, 2}, 15, {3, 3}},
    {"a tile of filters", {4, 4, 4}, 16, {3, 3}, {1, 1}, Padding::same},
    {"one filter more than a tile", {3, 3, 4}, 17, {3, 3}, {1, 1}, Padding::same},
    {"two tiles and a tail", {3, 3, 5}, 35, {1, 1}},
    {"one pixel", {3, 3, 16}, 24, {3, 3}},
    {"stride larger than the kernel", {11, 9, 2}, 4, {2, 1}, {3, 4}},
    {"stride larger than the input", {3, 3, 2}, 2, {3, 3}, {5, 5}, Padding::same},
    {"the odd padding behind", {8, 6, 1}, 3, {3, 3}, {2, 2}, Padding::same},
    {"even kernel", {6, 7, 2}, 3, {2, 4}, {1, 1}, Padding::same},
    {"kernel larger than the input", {3, 2, 2}, 3, {5, 7}, {1, 1}, Padding::same},
    {"a first layer of speech", {49, 10, 1}, 20, {10, 4}, {2, 2}, Padding::same},
    {"dilation", {9, 9, 2}, 3, {3, 2}, {1, 1}, Padding::valid, {2, 3}},
    {"dilation with padding", {7, 9, 4}, 3, {3, 3}, {1, 1}, Padding::same, {3, 2}},
    {"groups", {5, 5, 6}, 9, {3, 3}, {1, 1}, Padding::same, {1, 1}, 3},
    {"groups of more than a tile", {3, 3, 8}, 40, {3, 3}, {1, 1}, Padding::valid, {1, 1}, 2},
    {"each channel a group", {5, 4, 4}, 8, {3, 3}, {2, 2}, Padding::same, {1, 1}, 4},
    {"one row", {1, 40, 3}, 4, {1, 5}, {1, 2}, Padding::same},
    {"many channels", {4, 3, 67}, 18, {3, 3}, {1, 1}, Padding::same},
    {"several bands", {40, 17, 21}, 3, {3, 3}, {2, 1}, Padding::same},
    {"several bands of one input", {50, 5, 64}, 2, {1, 1}},
    {"vectors of channels, stride 2", {9, 8, 32}, 20, {3, 3}, {2, 2}, Padding::same},
    {"vectors of channels, pixel by pixel", {5, 7, 48}, 33, {1, 1}},
    {"squares of outputs", {8, 8, 16}, 16, {3, 3}, {1, 1}, Padding::same},
    {"squares over the border", {7, 11, 32}, 24, {3, 3}, {1, 1}, Padding::same},
    {"squares without padding", {6, 16, 16}, 33, {3, 3}},
    {"several bands of squares", {11, 9, 64}, 16, {3, 3}, {1, 1}, Padding::same},
};

/// What may differ between blocks of one shape.
struct Variant {
  bool non_negative = false;
  bool shifted = false;
  bool grouped = false;
  bool has_padding_value = false;
  bool extreme = false;
  int weight_bits = 8;
  int largest_shift = 8;
};

template <class Arch, class X, class Y>
void compare_conv2d(const Case& c, const Variant& v, unsigned seed) {
  std::mt19937 random(seed);
  ConvBlock block;
  block.window = Window2D::of(c.input, c.kernel, c.strides, c.dilation, c.padding);
  block.channels = c.input.channels();
  block.filters = c.filters;
  block.groups = c.groups;
  block.weight_bits = v.weight_bits;
  block.shifted = v.shifted;
  block.grouped_by_shift = v.grouped;
  block.non_negative = v.non_negative;
  block.has_padding_value = v.has_padding_value;
  block.finish = tenon_test::some_traits(seed, 12);
  block.finish.raw = sizeof(Y) == 4;
  const std::int64_t least = v.non_negative || !std::is_signed_v<X> ? 0 : -128;
  const std::int64_t most = v.non_negative || std::is_signed_v<X> ? 127 : 255;
  const std::int64_t w_least = -(1 << (v.weight_bits - 1));
  const auto channels = static_cast<std::size_t>(block.channels);
  auto x = random_tensor<X>(random, c.input.size(), least, most);
  auto padding = random_tensor<X>(random, block.channels, least, most);
  auto weights =
      random_tensor<std::int8_t>(random, block.row_weights() * c.filters, w_least, -w_least - 1);
  if (v.extreme) {
    std::fill(x.begin(), x.end(), static_cast<X>(most));
    std::fill(weights.begin(), weights.end(),
              static_cast<std::int8_t>(seed % 2 == 0 ? w_least : -w_least - 1));
  }
  std::vector<std::uint8_t> shifts(channels);
  for (auto& s : shifts)
    s = static_cast<std::uint8_t>(random() % static_cast<unsigned>(v.largest_shift + 1));
  if (v.grouped) std::sort(shifts.rbegin(), shifts.rend());
  const int largest_shift = v.shifted ? v.largest_shift : 0;
  std::vector<kernel::ChannelFinish> finish;
  block.small_sums = true;
  for (std::int32_t f = 0; f < c.filters; ++f) {
    std::int64_t sum = 0;
    std::int64_t shifted_sum = 0;
    for (std::int64_t i = 0; i < block.row_weights(); ++i) {
      const std::int64_t weight =
          std::abs(weights[static_cast<std::size_t>(f * block.row_weights() + i)]);
      sum += weight;
      shifted_sum +=
          weight << (v.shifted && c.groups == 1 ? shifts[static_cast<std::size_t>(i) % channels]
                                                : 8);
    }
    block.small_sums = block.small_sums && shifted_sum * 256 < 1 << 29;
    finish.push_back(tenon_test::random_finish(random, sum * 256 << largest_shift));
  }
  const auto w = tenon_test::packed_rows(weights, block.row_weights(), v.weight_bits);
  const auto count = static_cast<std::size_t>(block.window.output(c.filters).size());
  std::vector<Y> expected(count);
  std::vector<Y> got(count, Y{77});
  const X* pad = v.has_padding_value ? padding.data() : nullptr;
  kernel::conv2d_block(arch::reference{}, block, x.data(), pad, shifts.data(), w.data(),
                       finish.data(), expected.data());
  const Arch arch;
  const AlignedBytes packed(packed_bytes(arch, block));
  const AlignedBytes scratch(scratch_bytes(arch, block));
  kernel::pack(arch, block, w.data(), v.shifted ? shifts.data() : nullptr, finish.data(),
               packed.data());
  kernel::conv2d_block(arch, block, x.data(), pad, packed.data(), got.data(), scratch.data());
  INFO(std::string(c.why), ", seed ", seed, ", non-negative ", v.non_negative, ", shifted ",
       v.shifted, ", bits ", v.weight_bits);
  CHECK(got == expected);
}

template <class Arch, class X>
void compare_all(const Variant& v) {
  for (const Case& c : conv2d_cases) {
    for (unsigned seed = 0; seed < 6; ++seed) compare_conv2d<Arch, X, std::int8_t>(c, v, seed);
    compare_conv2d<Arch, X, std::int32_t>(c, v, 6);
  }
}

}  // namespace tenon_test
