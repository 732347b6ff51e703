// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <tenon/device.hpp>

// The models of tests/reference/typed_models.py as types, and the generator that both share.
namespace tenon_test {

using namespace tenon;  // NOLINT: a header of one test

class Generator {
 public:
  constexpr explicit Generator(std::uint32_t seed) : state_(seed) {}

  constexpr std::int32_t byte() {
    state_ = 1664525U * state_ + 1013904223U;
    return static_cast<std::int32_t>(state_ >> 24);
  }
  constexpr float weight() { return static_cast<float>(byte() % 65 - 32) / 64.0F; }
  /// Of a gamma or a variance.
  constexpr float positive_weight() {
    const float w = weight();
    return (w < 0 ? -w : w) + 0.5F;
  }
  template <class T>
  constexpr T element() {
    if constexpr (sizeof(T) == 2) return static_cast<T>((byte() - 128) * 16);
    if constexpr (static_cast<T>(-1) < 0) return static_cast<T>(byte() - 128);
    return static_cast<T>(byte());
  }

 private:
  std::uint32_t state_;
};

struct Chain
    : Sequential<
          Input<struct chain_image, Shape{6, 6, 1}, std::uint8_t>,
          Conv2D<struct chain_conv,
                 Conv2DParams{.filters = 3, .kernel_size = {3, 3}, .padding = Padding::same}>,
          MaxPooling2D<struct chain_pool>, ReLU<struct chain_relu>, Flatten<struct chain_list>,
          Dense<struct chain_scores, DenseParams{.units = 2}>> {};

struct Residual
    : Graph<Input<struct image, Shape{7, 5, 3}, std::uint8_t>,
            Conv2D<struct first,
                   Conv2DParams{.filters = 4, .kernel_size = {3, 3}, .padding = Padding::same}>,
            ReLU<struct first_relu>,
            Conv2D<struct stem,
                   Conv2DParams{.filters = 5, .kernel_size = {3, 3}, .padding = Padding::same}>,
            ReLU<struct fork>,
            DepthwiseConv2D<struct right, DepthwiseConv2DParams{.kernel_size = {3, 3},
                                                                .padding = Padding::same,
                                                                .use_bias = false}>,
            SeparableConv2D<struct left,
                            SeparableConv2DParams{
                                .filters = 5, .kernel_size = {3, 3}, .padding = Padding::same},
                            fork>,
            ReLU<struct relu6, ReLUParams{.bounded = true, .max_value = 6.0F}, right>,
            Add<struct sum, AddParams{}, left, relu6>,
            Conv2D<struct wide, Conv2DParams{.filters = 2,
                                             .kernel_size = {3, 3},
                                             .padding = Padding::same,
                                             .use_bias = false}>,
            Conv2D<struct narrow, Conv2DParams{.filters = 3}, sum>,
            ReLU<struct wide_relu, ReLUParams{}, wide>,
            Concatenate<struct both, ConcatenateParams{}, narrow, wide_relu>,
            Conv2D<struct mix, Conv2DParams{.filters = 6}>, ReLU<struct mix_relu>,
            GlobalAveragePooling2D<struct mean>, Dense<struct scores, DenseParams{.units = 4}>> {};

struct Decoder
    : Sequential<Input<struct decoder_image, Shape{3, 2, 2}, std::int8_t>,
                 Rescaling<struct unit, RescalingParams{.scale = 1 / 128.0F}>,
                 Conv2D<struct d_conv, Conv2DParams{.filters = 4, .kernel_size = {2, 2}}>,
                 ReLU<struct d_relu>,
                 Conv2DTranspose<struct up, Conv2DTransposeParams{.filters = 3,
                                                                  .kernel_size = {3, 3},
                                                                  .strides = {2, 2},
                                                                  .padding = Padding::same}>,
                 ReLU<struct up_relu>, BatchNormalization<struct normal>,
                 DepthwiseConv2DTranspose<struct up_again,
                                          DepthwiseConv2DTransposeParams{.kernel_size = {3, 3}}>,
                 Permute<struct turn, PermuteParams{.axes = {1, 0, 2}}>,
                 Dense<struct colours, DenseParams{.units = 2, .use_bias = false}>> {};

struct Wide
    : Sequential<
          Input<struct wide_image, Shape{9, 8, 4}, std::int16_t>,
          Conv2D<struct dilated,
                 Conv2DParams{
                     .filters = 6, .kernel_size = {3, 3}, .dilation_rate = {2, 2}, .groups = 2}>,
          ReLU<struct dilated_relu>, Dropout<struct dropped>,
          Conv2D<struct grouped, Conv2DParams{.filters = 6,
                                              .kernel_size = {2, 2},
                                              .strides = {2, 2},
                                              .padding = Padding::same,
                                              .groups = 3}>,
          Reshape<struct rows, ReshapeParams{Shape{2, 18}}>,
          Dense<struct row_scores, DenseParams{.units = 3}>> {};

inline constexpr std::size_t sample_count = 6;
inline constexpr std::size_t input_count = 3;

/// What the generator draws for a model, in this order.
template <class Model, class Element>
struct Data {
  static constexpr auto size = static_cast<std::size_t>(Model::input_shape.size());

  std::array<float, Model::weight_count> weights{};
  std::array<Element, sample_count * size> samples{};
  std::array<std::array<Element, size>, input_count> inputs{};

  constexpr explicit Data(std::uint32_t seed) {
    Generator generator(seed);
    std::size_t layer = 0;
    const auto descriptions = Model::descriptions();
    for (std::size_t i = 0; i < weights.size(); ++i) {
      while (i >= Model::weight_offsets[layer + 1]) ++layer;
      const std::size_t channels =
          (Model::weight_offsets[layer + 1] - Model::weight_offsets[layer]) / 4;
      const std::size_t variable =
          channels == 0 ? 0 : (i - Model::weight_offsets[layer]) / channels;
      const bool normalization =
          descriptions[layer].traits().kind == LayerKind::batch_normalization;
      const bool positive = normalization && (variable == 0 || variable == 3);
      weights[i] = positive ? generator.positive_weight() : generator.weight();
    }
    for (Element& s : samples) s = generator.element<Element>();
    for (auto& input : inputs) {
      for (Element& x : input) x = generator.element<Element>();
    }
  }
};

}  // namespace tenon_test
