// SPDX-License-Identifier: Apache-2.0
#include "kernel/x86_stand_ins.hpp"
// The kernels after what stands in for their instructions.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <tenon/kernel/reference/depthwise_conv2d_block.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/tensor/window.hpp>
#include <vector>

#include "support/block_data.hpp"
#include "support/random_tensor.hpp"
#include "support/vector_arch.hpp"

using namespace tenon;
using kernel::DepthwiseBlock;
using tenon_test::AlignedBytes;
using tenon_test::random_tensor;
using tenon_test::VectorArch;

namespace {

struct Case {
  const char* why;
  Shape input;
  Size2D kernel;
  Size2D strides{};
  Padding padding = Padding::same;
  Size2D dilation{};
};

const Case cases[] = {
    {"one element", {1, 1, 1}, {1, 1}},
    {"one channel", {5, 9, 1}, {3, 3}},
    {"three channels", {5, 7, 3}, {3, 3}},
    {"half a vector of channels", {6, 6, 8}, {3, 3}},
    {"half a vector of channels, stride 2", {7, 9, 8}, {3, 3}, {2, 2}},
    {"eleven channels", {4, 5, 11}, {3, 3}},
    {"a vector of channels", {5, 5, 16}, {3, 3}},
    {"a channel more", {5, 4, 17}, {3, 3}},
    {"three vectors, stride 2", {6, 6, 48}, {3, 3}, {2, 2}},
    {"one row of outputs", {3, 9, 64}, {3, 3}, {1, 1}, Padding::valid},
    {"even kernel", {6, 5, 16}, {2, 4}},
    {"large kernel", {9, 9, 8}, {5, 7}},
    {"kernel larger than the input", {3, 2, 5}, {5, 7}},
    {"a column", {9, 4, 24}, {5, 1}},
    {"a row", {4, 9, 24}, {1, 5}},
    {"different strides", {11, 9, 16}, {3, 3}, {1, 2}},
    {"stride larger than the kernel", {11, 13, 4}, {2, 1}, {3, 4}, Padding::valid},
    {"stride larger than the input", {3, 3, 2}, {3, 3}, {5, 5}},
    {"dilation", {9, 9, 16}, {3, 3}, {1, 1}, Padding::same, {2, 3}},
    {"dilation of columns", {6, 12, 2}, {3, 3}, {1, 1}, Padding::valid, {1, 3}},
    {"several bands", {60, 20, 32}, {3, 3}},
    {"several bands, stride 3", {40, 20, 32}, {3, 3}, {3, 1}},
    {"one wide", {13, 1, 40}, {5, 1}},
    {"one wide, six taps", {12, 1, 16}, {11, 1}},
    {"one wide, few channels", {9, 1, 5}, {3, 1}},
    {"one wide, stride 2", {15, 1, 32}, {4, 1}, {2, 1}, Padding::valid},
    {"one wide, stride 3, a row at the end", {16, 1, 17}, {3, 1}, {3, 1}},
    {"one wide, dilation", {14, 1, 16}, {3, 1}, {1, 1}, Padding::same, {2, 1}},
    {"one wide, several bands", {700, 1, 48}, {3, 1}},
    {"outputs one wide", {9, 3, 32}, {3, 3}, {1, 1}, Padding::valid},
};

struct Variant {
  bool non_negative = false;
  int weight_bits = 8;
  int largest_weight = 127;
  bool extreme = false;
};

template <class Arch, class X, class Y>
void compare(const Case& c, const Variant& v, unsigned seed) {
  std::mt19937 random(seed);
  DepthwiseBlock block;
  block.window = Window2D::of(c.input, c.kernel, c.strides, c.dilation, c.padding);
  block.channels = c.input.channels();
  block.weight_bits = v.weight_bits;
  block.non_negative = v.non_negative;
  block.finish = tenon_test::some_traits(seed, seed < 4 ? 16 : 11);
  block.finish.raw = sizeof(Y) == 4;
  const bool positive = v.non_negative || !std::is_signed_v<X>;
  const std::int64_t most = v.non_negative || std::is_signed_v<X> ? 127 : 255;
  auto x = random_tensor<X>(random, c.input.size(), positive ? 0 : -128, most);
  auto weights = random_tensor<std::int8_t>(random, block.window.taps() * block.channels,
                                            -v.largest_weight - 1, v.largest_weight);
  if (v.extreme) {
    std::fill(x.begin(), x.end(), static_cast<X>(most));
    std::fill(weights.begin(), weights.end(),
              static_cast<std::int8_t>(seed % 2 == 0 ? -v.largest_weight - 1 : 127));
  }
  std::vector<kernel::ChannelFinish> finish;
  for (std::int32_t f = 0; f < block.channels; ++f) {
    std::int64_t sum = 0;
    for (std::int64_t t = 0; t < block.window.taps(); ++t) {
      sum += std::abs(weights[static_cast<std::size_t>(t * block.channels + f)]);
    }
    finish.push_back(tenon_test::random_finish(random, sum * 256));
  }
  const auto w = tenon_test::packed_rows(weights, block.channels, v.weight_bits);
  const auto count = static_cast<std::size_t>(block.window.output(block.channels).size());
  std::vector<Y> expected(count);
  std::vector<Y> got(count, Y{77});
  kernel::depthwise_conv2d_block(arch::reference{}, block, x.data(), w.data(), finish.data(),
                                 expected.data());
  const Arch arch;
  const AlignedBytes packed(packed_bytes(arch, block));
  const AlignedBytes scratch(scratch_bytes(arch, block));
  kernel::pack(arch, block, w.data(), finish.data(), packed.data());
  kernel::depthwise_conv2d_block(arch, block, x.data(), packed.data(), got.data(), scratch.data());
  INFO(std::string(c.why), ", seed ", seed, ", non-negative ", v.non_negative, ", largest weight ",
       v.largest_weight);
  CHECK(got == expected);
}

template <class Arch, class X>
void compare_all(const Variant& v) {
  for (const Case& c : cases) {
    for (unsigned seed = 0; seed < 8; ++seed) compare<Arch, X, std::int8_t>(c, v, seed);
    compare<Arch, X, std::int32_t>(c, v, 6);
  }
}

template <class Arch>
void compare_non_negative() {
  for (const int largest : {127, 90, 60, 40, 10})
    compare_all<Arch, std::int8_t>({.non_negative = true, .largest_weight = largest});
  compare_all<Arch, std::int8_t>({.non_negative = true, .weight_bits = 4, .largest_weight = 7});
  compare_all<Arch, std::int8_t>({.non_negative = true, .extreme = true});
  compare_all<Arch, std::uint8_t>({.non_negative = true});
}

template <class Arch>
void compare_either_sign() {
  compare_all<Arch, std::int8_t>({});
  compare_all<Arch, std::int8_t>({.weight_bits = 4, .largest_weight = 7});
  compare_all<Arch, std::int8_t>({.largest_weight = 10});
  compare_all<Arch, std::int8_t>({.extreme = true});
  compare_all<Arch, std::uint8_t>({});
  compare_all<Arch, std::uint8_t>({.extreme = true});
}

}  // namespace

TEST_CASE(
    "the vector depthwise convolution equals the reference for inputs that are not negative") {
  compare_non_negative<VectorArch>();
}
TEST_CASE("the vector depthwise convolution equals the reference for inputs of either sign") {
  compare_either_sign<VectorArch>();
}

#if defined(__x86_64__)
TEST_CASE(
    "the AVX512-VNNI depthwise convolution equals the reference for inputs that are not negative") {
  compare_non_negative<tenon_test::LikeAvx512Vnni>();
}
TEST_CASE("the AVX512-VNNI depthwise convolution equals the reference for inputs of either sign") {
  compare_either_sign<tenon_test::LikeAvx512Vnni>();
}
#endif
