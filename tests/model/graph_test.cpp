// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdint>
#include <tenon/model/graph.hpp>

using namespace tenon;

namespace {

struct Small : Sequential<Input<struct image, Shape{8, 6, 3}, std::int8_t>,
                          Conv2D<struct stem, Conv2DParams{.filters = 4,
                                                           .kernel_size = {3, 3},
                                                           .strides = {2, 2},
                                                           .padding = Padding::same}>,
                          ReLU<struct relu>, Flatten<struct list>,
                          Dense<struct scores, DenseParams{.units = 5, .use_bias = false}>> {};

struct Fork
    : Graph<Input<struct picture, Shape{8, 8, 4}, std::uint8_t>,
            Conv2D<struct trunk, Conv2DParams{.filters = 6}>,
            MaxPooling2D<struct left, MaxPooling2DParams{}, trunk>,
            Conv2D<struct right,
                   Conv2DParams{.filters = 6, .kernel_size = {2, 2}, .strides = {2, 2}}, trunk>,
            Concatenate<struct both, ConcatenateParams{}, right, left>,
            SeparableConv2D<struct last,
                            SeparableConv2DParams{.filters = 2, .kernel_size = {3, 3}}>> {};

}  // namespace

static_assert(Small::input_shape == Shape(8, 6, 3) && Small::output_shape == Shape(5));
static_assert(Small::layer_count == 5 && Small::fits);
static_assert(Small::shapes[1] == Shape(4, 3, 4) && Small::shapes[3] == Shape(48));
static_assert(Small::weight_count == 3 * 3 * 3 * 4 + 4 + 48 * 5);
static_assert(Small::weight_offsets[4] == 112 && Small::weight_offsets[1] == 0);
static_assert(Small::macs == 12 * 27 * 4 + 48 * 5);

static_assert(Fork::shapes[Fork::position<left>] == Shape(4, 4, 6));
static_assert(Fork::shapes[Fork::position<both>] == Shape(4, 4, 12));
static_assert(Fork::output_shape == Shape(2, 2, 2));
static_assert(Fork::inputs[4][0] == 3 && Fork::inputs[4][1] == 2, "in the order of the names");
static_assert(Fork::weight_count == (24 + 6) + (2 * 2 * 36 + 6) + (9 * 12 + 24 + 2));
static_assert(Fork::macs == 64 * 24 + 16 * 4 * 36 + 4 * (9 * 12 + 24));

TEST_CASE("a model describes its layers for the plan") {
  const auto layers = Fork::descriptions();
  REQUIRE(layers.size() == 6);
  CHECK(layers[0].inputs.empty());
  CHECK(layers[3].inputs.size() == 1);
  CHECK(layers[3].inputs[0] == 1);
  CHECK(layers[4].inputs.size() == 2);
  CHECK(layers[4].output == Shape(4, 4, 12));
  CHECK(layers[5].traits().kind == LayerKind::separable_conv2d);
  CHECK(std::get<Conv2DParams>(layers[3].params).strides == Size2D{2, 2});
}

TEST_CASE("variables of a layer are taken from the weights in the order of Keras") {
  std::array<float, 2 * 3 + 3> dense{};
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = static_cast<float>(i);
  const VariableCounts counts = variable_counts(DenseParams{.units = 3}, Shape(2));
  const FloatVariables v = variables_in(dense, counts);
  CHECK(counts.total() == 9);
  CHECK(v.kernel.size() == 6);
  CHECK(v.bias[0] == 6.0F);
  CHECK(v.pointwise_kernel.empty());
}

TEST_CASE("the kernel of a transposed convolution changes its last two axes") {
  // Keras: (1, 2, filters 2, channels 3).
  const std::array<float, 12> keras{0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112};
  std::array<float, 12> ours{};
  copy_variables(Conv2DTransposeParams{.filters = 2, .kernel_size = {1, 2}, .use_bias = false},
                 Shape(4, 4, 3), keras, ours);
  CHECK(ours == std::array<float, 12>{0, 10, 1, 11, 2, 12, 100, 110, 101, 111, 102, 112});
}
