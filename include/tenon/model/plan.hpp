// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/layer/any_layer.hpp>
#include <tenon/model/quantization_params.hpp>
#include <tenon/tensor/shape.hpp>

// What is quantized, with which bits, and where outputs are quantized: one pure function over the layers of a
// sanitized model, for typed models at compile time and for files at run time.
namespace tenon {

/// A layer in its place. `inputs` are positions of layers before it in the list.
struct LayerDescription {
  LayerParams params{};
  std::span<const std::int32_t> inputs{};
  Shape output{};

  [[nodiscard]] constexpr LayerTraits traits() const noexcept { return traits_of(params); }
};

struct LayerPlan {
  bool quantized = false;
  std::int32_t weight_bits = 0;
  bool has_output = false;
  OutputQuantizer output{};
};

namespace detail {

/// Calls `visit(p)` for the layers nearest before `layer` that can carry an output quantizer, in the order of inputs.
template <class Visit>
constexpr void for_each_provider(std::span<const LayerDescription> layers, std::size_t layer,
                                 const Visit& visit) noexcept {
  for (const std::int32_t input : layers[layer].inputs) {
    const auto p = static_cast<std::size_t>(input);
    const LayerTraits traits = layers[p].traits();
    if (traits.kind == LayerKind::input) continue;
    if (traits.output_quantizer) {
      visit(p);
    } else {
      for_each_provider(layers, p, visit);
    }
  }
}

[[nodiscard]] constexpr bool is_activation(LayerKind kind) noexcept {
  return kind == LayerKind::relu || kind == LayerKind::activation;
}

[[nodiscard]] constexpr std::int32_t output_bits(std::span<const LayerDescription> layers,
                                                 std::size_t provider, LayerKind consumer,
                                                 const QuantizationParams& params) noexcept {
  const LayerKind kind = layers[provider].traits().kind;
  if (is_activation(kind)) return params.activation_bits;
  if (consumer == LayerKind::activation) return 11;
  if (kind != LayerKind::global_average_pooling2d) return params.output_bits;
  LayerKind first = LayerKind::unsupported;
  for_each_provider(layers, provider, [&](std::size_t p) {
    if (first == LayerKind::unsupported) first = layers[p].traits().kind;
  });
  return is_activation(first) ? params.activation_bits : params.output_bits;
}

/// Query and key of an attention that come straight from Dense layers share one range each.
[[nodiscard]] constexpr bool is_query_or_key(std::span<const LayerDescription> layers,
                                             std::size_t provider, std::size_t consumer) noexcept {
  const LayerDescription& attention = layers[consumer];
  if (attention.traits().kind != LayerKind::attention) return false;
  if (layers[provider].traits().kind != LayerKind::dense) return false;
  for (std::size_t i = 0; i < 2 && i < attention.inputs.size(); ++i) {
    if (attention.inputs[i] == static_cast<std::int32_t>(provider)) return true;
  }
  return false;
}

}  // namespace detail

/// Output quantizers in front of layers that need aligned inputs, from the last layer to the first.
constexpr void plan_outputs(std::span<const LayerDescription> layers, const QuantizationParams& params,
                            std::span<LayerPlan> plan) noexcept {
  for (std::size_t n = layers.size(); n-- > 0;) {
    if (!layers[n].traits().aligned_inputs) continue;
    const LayerKind consumer = layers[n].traits().kind;
    detail::for_each_provider(layers, n, [&](std::size_t p) {
      const LayerKind kind = layers[p].traits().kind;
      const bool per_tensor = params.per_tensor_activations || layers[p].output.is_vector() ||
                              consumer == LayerKind::activation ||
                              detail::is_query_or_key(layers, p, n);
      OutputQuantizer& output = plan[p].output;
      if (plan[p].has_output) {  // a later layer chose the bits already; per-tensor wins
        output.per_axis = output.per_axis && !per_tensor;
        return;
      }
      plan[p].has_output = true;
      output.bitwidth = detail::output_bits(layers, p, consumer, params);
      output.is_signed = kind != LayerKind::relu || params.activation_bits >= 8;
      output.per_axis = !per_tensor && kind != LayerKind::stateful_recurrent;
      output.scale_bits = output.bitwidth >= 16 ? 16 : 8;
      output.buffer_bitwidth = params.buffer_bits;
    });
  }
  for (std::size_t n = 0; n < layers.size(); ++n) {  // a recurrent state always has the bits of an output
    if (plan[n].has_output || layers[n].traits().kind != LayerKind::stateful_recurrent) continue;
    plan[n].has_output = true;
    plan[n].output.bitwidth = params.output_bits;
  }
}

/// Which layers are quantized, and the bits of their weights. A layer is when all its inputs are; `until` (or a
/// position behind the last layer) is quantized, but nothing behind it.
constexpr void plan_layers(std::span<const LayerDescription> layers, const QuantizationParams& params,
                           std::size_t until, std::span<LayerPlan> plan) noexcept {
  std::int32_t weight_bits = params.input_weight_bits;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerTraits traits = layers[i].traits();
    bool quantized = traits.kind != LayerKind::unsupported && traits.kind != LayerKind::dequantizer;
    for (const std::int32_t input : layers[i].inputs) {
      const auto p = static_cast<std::size_t>(input);
      quantized = quantized && p < i && plan[p].quantized && p != until;
    }
    plan[i].quantized = quantized;
    plan[i].weight_bits = weight_bits;
    if (quantized && traits.has_weights) weight_bits = params.weight_bits;
  }
}

/// The quantizers of a layer by the rules: the defaults of its kind with the bits of the plan.
[[nodiscard]] constexpr LayerQuantizers default_quantizers(LayerKind kind, const LayerPlan& plan,
                                                           const QuantizationParams& params) noexcept {
  LayerQuantizers q{};
  q.weights.bitwidth = plan.weight_bits;
  q.pointwise.bitwidth = plan.weight_bits;
  q.buffer_bitwidth = params.buffer_bits;
  q.has_output = plan.has_output;
  q.output = plan.output;
  const bool limited = kind == LayerKind::conv2d || kind == LayerKind::conv2d_transpose ||
                       kind == LayerKind::depthwise_conv2d ||
                       kind == LayerKind::depthwise_conv2d_transpose || kind == LayerKind::dense;
  if (limited && q.buffer_bitwidth > 28) q.buffer_bitwidth = 28;
  if (kind == LayerKind::batch_normalization || kind == LayerKind::layer_mad_normalization) {
    q.weights.bitwidth = 8;
  }
  if (kind == LayerKind::stateful_projection) q.bias.bitwidth = 16;
  return q;
}

}  // namespace tenon
