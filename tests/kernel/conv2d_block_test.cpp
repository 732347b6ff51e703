// SPDX-License-Identifier: Apache-2.0
#include "kernel/conv2d_block_cases.hpp"

using namespace tenon;
using kernel::ConvBlock;
using tenon_test::AlignedBytes;
using tenon_test::compare_all;
using tenon_test::random_tensor;
using tenon_test::Variant;
using tenon_test::VectorArch;

TEST_CASE("the vector convolution equals the reference for inputs that are not negative") {
  for (const int bits : {8, 4, 2}) {
    compare_all<VectorArch, std::int8_t>({.non_negative = true, .weight_bits = bits});
    compare_all<VectorArch, std::int8_t>(
        {.non_negative = true, .extreme = true, .weight_bits = bits});
  }
  compare_all<VectorArch, std::uint8_t>({.non_negative = true});
}

TEST_CASE("the vector convolution equals the reference for inputs of either sign") {
  for (const int bits : {8, 4}) {
    compare_all<VectorArch, std::int8_t>({.weight_bits = bits});
    compare_all<VectorArch, std::int8_t>({.extreme = true, .weight_bits = bits});
    compare_all<VectorArch, std::uint8_t>({.weight_bits = bits});
    compare_all<VectorArch, std::uint8_t>({.extreme = true, .weight_bits = bits});
  }
}

TEST_CASE("the vector convolution equals the reference for shifted inputs") {
  for (const int largest : {1, 3, 8}) {
    for (const bool grouped : {true, false}) {
      for (const bool non_negative : {true, false}) {
        const Variant v{.non_negative = non_negative,
                        .shifted = true,
                        .grouped = grouped,
                        .largest_shift = largest};
        compare_all<VectorArch, std::int8_t>(v);
      }
    }
  }
  compare_all<VectorArch, std::int8_t>(
      {.non_negative = true, .shifted = true, .grouped = true, .weight_bits = 4});
  compare_all<VectorArch, std::int8_t>(
      {.non_negative = true, .shifted = true, .grouped = true, .extreme = true});
  compare_all<VectorArch, std::uint8_t>({.shifted = true, .extreme = true});
}

TEST_CASE("the vector convolution equals the reference with padding values") {
  compare_all<VectorArch, std::int8_t>({.has_padding_value = true});
  compare_all<VectorArch, std::uint8_t>({.has_padding_value = true});
  compare_all<VectorArch, std::int8_t>({.non_negative = true, .has_padding_value = true});
  compare_all<VectorArch, std::uint8_t>({.shifted = true, .has_padding_value = true});
}

TEST_CASE("a convolution by squares is exact up to sums of 29 bits") {
  constexpr VectorArch arch;
  for (const int weight : {-128, 127}) {
    ConvBlock block;
    block.window = Window2D::of(Shape{6, 5, 16}, {3, 3}, {1, 1}, {1, 1}, Padding::valid);
    block.channels = 16;
    block.filters = 16;
    block.shifted = true;
    block.small_sums = true;
    block.finish.raw = true;
    const std::vector<std::int8_t> x(6 * 5 * 16, -128);
    const std::vector<signed char> w(144 * 16, static_cast<signed char>(weight));
    std::vector<std::uint8_t> shifts(16, 8);
    std::fill(shifts.begin(), shifts.begin() + 4, std::uint8_t{7});
    const std::int64_t sum = std::int64_t{9} * -128 * weight * (12 * 256 + 4 * 128);
    REQUIRE(std::abs(sum) < 1 << 29);
    const std::vector<kernel::ChannelFinish> finish(16);
    const AlignedBytes packed(packed_bytes(arch, block));
    const AlignedBytes scratch(scratch_bytes(arch, block));
    kernel::pack(arch, block, w.data(), shifts.data(), finish.data(), packed.data());
    std::vector<std::int32_t> y(4 * 3 * 16);
    const std::int8_t* const none = nullptr;
    kernel::conv2d_block(arch, block, x.data(), none, packed.data(), y.data(), scratch.data());
    CHECK(std::all_of(y.begin(), y.end(), [&](std::int32_t v) { return v == sum; }));
  }
}

TEST_CASE("a constant block gives the same as one at run time") {
  static constexpr ConvBlock block = [] {
    ConvBlock b;
    b.window = Window2D::of(Shape{6, 6, 8}, {3, 3}, {1, 1}, {1, 1}, Padding::same);
    b.channels = 8;
    b.filters = 10;
    b.non_negative = true;
    return b;
  }();
  std::mt19937 random(1);
  const auto x = random_tensor<std::int8_t>(random, 6 * 6 * 8, 0, 127);
  const auto w = random_tensor<signed char>(random, 72 * 10, -128, 127);
  const std::vector<kernel::ChannelFinish> finish(10, {500, 13, 127, 7});
  constexpr VectorArch arch;
  const AlignedBytes packed(packed_bytes(arch, block));
  const AlignedBytes scratch(scratch_bytes(arch, block));
  kernel::pack(arch, block, w.data(), nullptr, finish.data(), packed.data());
  std::vector<std::int8_t> constant(360);
  std::vector<std::int8_t> variable(360);
  const std::int8_t* const none = nullptr;
  kernel::conv2d_block<block>(arch, x.data(), none, packed.data(), constant.data(), scratch.data());
  kernel::conv2d_block(arch, block, x.data(), none, packed.data(), variable.data(), scratch.data());
  CHECK(constant == variable);
}
