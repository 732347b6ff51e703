// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdint>
#include <tenon/device.hpp>
#include <type_traits>

using namespace tenon;

namespace {

struct Blocks
    : Sequential<
          Input<struct image, Shape{8, 8, 1}, std::uint8_t>,
          Conv2D<struct conv1,
                 Conv2DParams{.filters = 4, .kernel_size = {3, 3}, .padding = Padding::same}>,
          MaxPooling2D<struct pool1>, ReLU<struct relu1>,
          DepthwiseConv2D<struct wide,
                          DepthwiseConv2DParams{.kernel_size = {3, 3}, .padding = Padding::same}>,
          ReLU<struct relu2>, Reshape<struct square, ReshapeParams{Shape{16, 4}}>,
          Dropout<struct dropped>, Dense<struct rows, DenseParams{.units = 3}>> {};

constexpr QuantizationParams per_tensor{.per_tensor_activations = true};
constexpr const auto& tensors = tensors_of<Blocks, per_tensor>;

struct Sum : Graph<Input<struct picture, Shape{4, 4, 2}, std::uint8_t>,
                   Conv2D<struct trunk, Conv2DParams{.filters = 8}>, ReLU<struct fork>,
                   Conv2D<struct left, Conv2DParams{.filters = 8}, fork>,
                   Conv2D<struct right, Conv2DParams{.filters = 8}, fork>,
                   Add<struct sum, AddParams{}, left, right>,
                   Conv2D<struct last, Conv2DParams{.filters = 2}>> {};

}  // namespace

// A ReLU behind sums is applied as they are finished, also across a pooling; the tensors of sums do
// not exist.
static_assert(tensors[1].relu == 3 && tensors[1].type == DataType::int8);
static_assert(tensors[2].computed && tensors[2].type == DataType::int8);
static_assert(!tensors[3].computed && tensors[3].holder == 2);
static_assert(tensors[4].relu == 5 && !tensors[5].computed);
// Layers that pass elements on have no tensor.
static_assert(!tensors[6].computed && !tensors[7].computed && tensors[7].holder == 4);
static_assert(tensors[8].holder == 8 && tensors[8].type == DataType::int32);

// 256 bytes of conv1 and 64 of the pool are the most at a time; nothing is aligned, so there is no
// scratch.
static_assert(Quantized<Blocks, per_tensor>::arena_bytes == 8 * 8 * 4 + 4 * 4 * 4);
static_assert(Quantized<Blocks, per_tensor>::weight_bytes == 36 + 36 + 12);
static_assert(std::is_same_v<Quantized<Blocks, per_tensor>::OutputElement, std::int32_t>);
static_assert(std::is_same_v<Quantized<Blocks, per_tensor>::Input, std::uint8_t>);

// With one range a channel, the Dense layer aligns its rows, one at a time: 4 elements of 4 bytes.
static_assert(Quantized<Blocks>::arena_bytes == 8 * 8 * 4 + 4 * 4 * 4);
static_assert(Quantized<Blocks>::arena_bytes >= 64 + 16 + 192);

// fork, left and right are alive when right is made, and the sum is written over one of them.
static_assert(Quantized<Sum, per_tensor>::arena_bytes == 3 * 128);

// 4-bit weights stay bytes; wider ones take two.
static_assert(Quantized<Blocks, QuantizationParams{.input_weight_bits = 12,
                                                   .weight_bits = 4}>::weight_bytes ==
              2 * 36 + 36 + 12);

// 16-bit activations.
static_assert(tensors_of<Blocks, QuantizationParams{.activation_bits = 16}>[1].type ==
              DataType::int16);
static_assert(tensors_of<Blocks, QuantizationParams{.activation_bits = 4}>[1].type ==
              DataType::int8);

TEST_CASE("the arena of a model is what its type says") {
  CHECK(sizeof(Quantized<Blocks>::Arena) == Quantized<Blocks>::arena_bytes);
  CHECK(alignof(Quantized<Blocks>::Arena) == 16);
}
