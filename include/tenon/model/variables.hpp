// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/layer/any_layer.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/tensor/shape.hpp>
#include <type_traits>

// The float weights of a typed model are one span: layer after layer, each one's variables in the
// order and layout of Keras' get_weights():
//   Conv2D                     kernel (h, w, channels / groups, filters), bias (filters), padding
//   value (channels) Conv2DTranspose            kernel (h, w, filters, channels), bias (filters)
//   DepthwiseConv2D, …Transpose  kernel (h, w, channels, 1), bias (channels)
//   SeparableConv2D            depthwise (h, w, channels, 1), pointwise (1, 1, channels, filters),
//   bias (filters) Dense                      kernel (channels, units), bias (units)
//   BatchNormalization         gamma, beta, moving_mean, moving_variance (channels each)
//   LayerMadNormalization      gamma, beta (channels each)
//   ClassToken                 cls (channels)
//   AddPositionEmbs            pos_embedding (tokens, channels)
//   BufferTempConv             kernel (frames, channels, filters), bias (filters)
//   DepthwiseBufferTempConv    kernel (frames, channels), bias (channels)
//   StatefulRecurrent          A_real, A_imag (channels each)
//   StatefulProjection         kernel (channels behind downshape, units), bias (units)
// A bias is there if `use_bias`, a padding value if `has_padding_value` (Keras keeps it in the
// configuration).
namespace tenon {

/// Elements of each variable of a layer.
struct VariableCounts {
  std::size_t kernel = 0;
  std::size_t pointwise_kernel = 0;
  std::size_t bias = 0;
  std::size_t padding_value = 0;
  std::size_t normalization = 0;  ///< of gamma and beta each
  std::size_t moments = 0;        ///< of moving_mean and moving_variance each
  std::size_t cls = 0;
  std::size_t pos_embedding = 0;
  std::size_t recurrent = 0;  ///< of A_real and A_imag each

  [[nodiscard]] constexpr std::size_t total() const noexcept {
    return kernel + pointwise_kernel + bias + padding_value + 2 * normalization + 2 * moments +
           cls + pos_embedding + 2 * recurrent;
  }
};

template <class Params>
[[nodiscard]] constexpr VariableCounts variable_counts(const Params& p,
                                                       const Shape& input) noexcept {
  VariableCounts counts;
  const auto channels = static_cast<std::size_t>(input.channels());
  if constexpr (requires { p.kernel_count(input); }) {
    counts.kernel = static_cast<std::size_t>(p.kernel_count(input));
  }
  if constexpr (requires { p.pointwise_count(input); }) {
    counts.pointwise_kernel = static_cast<std::size_t>(p.pointwise_count(input));
  }
  if constexpr (requires { p.use_bias; }) {
    std::int32_t sums = p.output_shape(input).channels();
    if constexpr (std::is_same_v<Params, StatefulProjectionParams>) sums = p.units;
    counts.bias = p.use_bias ? static_cast<std::size_t>(sums) : 0;
  }
  if constexpr (requires { p.has_padding_value; })
    counts.padding_value = p.has_padding_value ? channels : 0;
  if constexpr (std::is_same_v<Params, BatchNormalizationParams>) {
    counts.normalization = counts.moments = channels;
  }
  if constexpr (std::is_same_v<Params, LayerMadNormalizationParams>) {
    counts.normalization = channels;
  }
  if constexpr (std::is_same_v<Params, ClassTokenParams>) counts.cls = channels;
  if constexpr (std::is_same_v<Params, AddPositionEmbsParams>) {
    counts.pos_embedding = static_cast<std::size_t>(input.size());
  }
  if constexpr (std::is_same_v<Params, StatefulRecurrentParams>) counts.recurrent = channels;
  return counts;
}

/// The variables of a layer within its part of the weights.
[[nodiscard]] constexpr FloatVariables variables_in(std::span<const float> weights,
                                                    const VariableCounts& counts) noexcept {
  const auto take = [&weights](std::size_t count) {
    const std::span<const float> taken = weights.first(count);
    weights = weights.subspan(count);
    return taken;
  };
  FloatVariables v;
  v.kernel = take(counts.kernel);
  v.pointwise_kernel = take(counts.pointwise_kernel);
  v.bias = take(counts.bias);
  v.padding_value = take(counts.padding_value);
  v.gamma = take(counts.normalization);
  v.beta = take(counts.normalization);
  v.moving_mean = take(counts.moments);
  v.moving_variance = take(counts.moments);
  v.cls = take(counts.cls);
  v.pos_embedding = take(counts.pos_embedding);
  v.a_real = take(counts.recurrent);
  v.a_imag = take(counts.recurrent);
  return v;
}

/// Copies the weights of a layer; the kernel of a transposed convolution becomes (h, w, channels,
/// filters).
template <class Params>
constexpr void copy_variables(const Params& p, const Shape& input, std::span<const float> from,
                              std::span<float> to) noexcept {
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = from[i];
  if constexpr (std::is_same_v<Params, Conv2DTransposeParams>) {
    const auto channels = static_cast<std::size_t>(input.channels());
    const auto filters = static_cast<std::size_t>(p.filters);
    const auto count = static_cast<std::size_t>(p.kernel_count(input));
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t f = i / channels % filters;
      const std::size_t tap = i / (channels * filters);
      to[(tap * channels + i % channels) * filters + f] = from[i];
    }
  }
}

}  // namespace tenon
