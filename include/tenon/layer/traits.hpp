// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace tenon {

/// The layers that have a quantized form, by the names of the user guide, and `unsupported` for all others.
enum class LayerKind : std::uint8_t {
  input,
  conv2d,
  conv2d_transpose,
  depthwise_conv2d,
  depthwise_conv2d_transpose,
  separable_conv2d,
  dense,
  batch_normalization,
  relu,
  add,
  concatenate,
  max_pooling2d,
  global_average_pooling2d,
  flatten,
  permute,
  reshape,
  rescaling,
  dropout,
  activation,
  attention,
  shiftmax,
  class_token,
  add_position_embs,
  extract_token,
  layer_mad_normalization,
  buffer_temp_conv,
  depthwise_buffer_temp_conv,
  stateful_recurrent,
  stateful_projection,
  dequantizer,
  unsupported,
};

/// What a layer takes: the raw integers of the model input, fixed-point tensors, tensors with scales.
enum class Accepts : std::uint8_t { nothing = 0, raw = 1, fixed = 2, scaled = 4 };
[[nodiscard]] constexpr Accepts operator|(Accepts a, Accepts b) noexcept {
  return static_cast<Accepts>(static_cast<std::uint8_t>(a) | static_cast<std::uint8_t>(b));
}
[[nodiscard]] constexpr bool includes(Accepts set, Accepts item) noexcept {
  return (static_cast<std::uint8_t>(set) & static_cast<std::uint8_t>(item)) != 0;
}

// What the rules that place output quantizers, and the first check of an input, ask of a layer.
struct LayerTraits {
  LayerKind kind = LayerKind::unsupported;
  bool has_weights = false;       ///< the first such layer takes input_weight_bits
  bool aligned_inputs = false;    ///< an output quantizer is needed in front of it
  bool output_quantizer = false;  ///< it can carry one
  Accepts accepts = Accepts::nothing;
};

}  // namespace tenon
