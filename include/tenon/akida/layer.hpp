// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/data_type.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/tensor/window.hpp>

// A quantized model as the rules see it: a flat list of layers in topological order, without
// weights. Typed models, quantized files and sketches are all described by it.
namespace tenon::akida {

struct Layer {
  static constexpr std::size_t max_inbound = 8;

  LayerKind kind = LayerKind::unsupported;
  bool software = false;  ///< a float layer such as Softmax, never part of a block
  std::array<std::int16_t, max_inbound> inbound{};  ///< positions of the layers that feed this one
  std::int16_t inbound_count = 0;

  Shape input{};  ///< of the first inbound tensor, without the batch
  Shape output{};
  DataType data_type = DataType::int8;  ///< of an input layer

  std::int32_t filters = 0;  ///< or units; of depthwise layers the channels
  Size2D kernel{};           ///< height alone: the buffered samples of a temporal convolution
  Size2D strides{};          ///< of convolutions and pools
  Size2D dilation{};
  Size2D pool_size{};
  Padding padding = Padding::same;
  std::int32_t groups = 1;
  std::int32_t weight_bits = 0;
  std::int32_t pointwise_weight_bits = 0;  ///< of a separable convolution
  std::int32_t padding_value = 0;
  bool bounded = true;            ///< a ReLU has a max_value
  bool contiguous_tokens = true;  ///< of an extract-token layer
  bool all_zero_weights = false;  ///< known only when the weights are

  std::int32_t output_bits = 0;  ///< of the output quantizer; 0 without one
  bool per_axis = false;         ///< the output quantizer has one range for each channel

  [[nodiscard]] constexpr bool quantizes_output() const noexcept { return output_bits > 0; }
  [[nodiscard]] constexpr bool is_merge() const noexcept {
    return kind == LayerKind::add || kind == LayerKind::concatenate;
  }
};

/// A tensor as the hardware sees it: X is the first dimension of (H, W, C), the one that is cut
/// into columns; missing leading dimensions are 1.
struct Volume {
  std::int32_t x = 1;
  std::int32_t y = 1;
  std::int32_t channels = 1;

  [[nodiscard]] static constexpr Volume of(const Shape& shape) noexcept {
    const std::size_t rank = static_cast<std::size_t>(shape.rank);
    return {rank >= 3 ? shape[rank - 3] : 1, rank >= 2 ? shape[rank - 2] : 1, shape.channels()};
  }
  [[nodiscard]] constexpr std::int64_t pixels() const noexcept { return std::int64_t{x} * y; }
  [[nodiscard]] constexpr std::int64_t size() const noexcept { return pixels() * channels; }
};

/// A reshape that only adds, removes or moves dimensions of size 1.
[[nodiscard]] constexpr bool moves_unit_dimensions_only(const Layer& layer) noexcept {
  std::size_t i = 0;
  std::size_t j = 0;
  const std::size_t from = static_cast<std::size_t>(layer.input.rank);
  const std::size_t to = static_cast<std::size_t>(layer.output.rank);
  for (;;) {
    while (i < from && layer.input[i] == 1) ++i;
    while (j < to && layer.output[j] == 1) ++j;
    if (i == from || j == to) return i == from && j == to;
    if (layer.input[i++] != layer.output[j++]) return false;
  }
}

/// Layers that the converter skips inside a block.
[[nodiscard]] constexpr bool is_skipped(const Layer& layer) noexcept {
  return layer.software || layer.kind == LayerKind::input || layer.kind == LayerKind::rescaling ||
         layer.kind == LayerKind::dropout ||
         (layer.kind == LayerKind::reshape && moves_unit_dimensions_only(layer));
}

}  // namespace tenon::akida
