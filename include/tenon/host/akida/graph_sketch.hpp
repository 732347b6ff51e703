// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/graph/params.hpp>
#include <tenon/host/graph/shapes.hpp>
#include <tenon/host/quantize/input_shape.hpp>
#include <tenon/host/quantize/quantizers.hpp>
#include <tenon/host/quantize/replace_layers.hpp>
#include <tenon/host/transform/sanitize.hpp>
#include <utility>
#include <vector>

// A network as the sketch that the Akida rules read: layers, shapes and bits, no weights. A float
// network is described as it would be quantized.
namespace tenon::host {

namespace detail {

inline Json shape_json(const std::optional<Shape>& shape) {
  if (!shape) return nullptr;
  Json list = Json::array();
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape->rank); ++i)
    list.push_back((*shape)[i]);
  return list;
}

inline Json sketch_layer(const Layer& layer, const std::vector<std::optional<Shape>>& inputs,
                         const std::optional<Shape>& output) {
  Json sketch = {{"cls", layer.class_name}, {"name", layer.name}, {"inbound", Json::array()}};
  for (const Endpoint& e : layer.inputs()) sketch["inbound"].push_back(e.layer);
  if (inputs.size() > 1) {
    sketch["in"] = Json::array();
    for (const auto& shape : inputs) sketch["in"].push_back(shape_json(shape));
  } else {
    sketch["in"] = shape_json(inputs.empty() ? output : inputs.front());
  }
  sketch["out"] = shape_json(output);
  for (const char* key : {"dtype",         "filters",       "units",
                          "kernel_size",   "strides",       "padding",
                          "dilation_rate", "groups",        "depth_multiplier",
                          "use_bias",      "pool_size",     "max_value",
                          "target_shape",  "dims",          "axis",
                          "keepdims",      "average",       "activation",
                          "token",         "scale",         "offset",
                          "epsilon",       "padding_value", "num_heads"}) {
    const bool of_input = std::string_view(key) == "dtype";
    if (of_input == is_input(layer) && layer.config.contains(key)) sketch[key] = layer.config[key];
  }
  if (!is_quantized(layer)) return sketch;
  const LayerTraits traits = traits_of(params_of(layer));
  const LayerQuantizers q = quantizers_of(layer, traits.kind);
  if (traits.kind == LayerKind::separable_conv2d) {
    sketch["dw_weight_bits"] = q.weights.bitwidth;
    sketch["pw_weight_bits"] = q.pointwise.bitwidth;
  } else if (traits.has_weights) {
    sketch["weight_bits"] = q.weights.bitwidth;
  }
  if (traits.has_weights || traits.output_quantizer) sketch["buffer_bits"] = q.buffer_bitwidth;
  sketch["out_quantizer"] = nullptr;
  if (q.has_output) {
    sketch["out_quantizer"] = {{"bits", q.output.bitwidth},
                               {"axis", q.output.per_axis ? "per-axis" : "per-tensor"},
                               {"buffer_bits", q.output.buffer_bitwidth}};
  }
  return sketch;
}

}  // namespace detail

/// The layers that `params` would make of a float network, not calibrated; a quantized one as it
/// is.
[[nodiscard]] inline Graph as_quantized(Graph graph, const QuantizationParams& params,
                                        const Json& q_config = Json::object(),
                                        const std::string& quantize_until = "") {
  for (const Layer& layer : graph.layers) {
    if (is_quantized(layer)) return graph;
  }
  if (graph.inputs.size() == 1) set_input_shape(graph, std::nullopt);
  std::vector<std::string> warnings;
  return replace_layers(sanitize(std::move(graph)), params, q_config, quantize_until, warnings);
}

[[nodiscard]] inline Json sketch_of(const Graph& graph) {
  const std::vector<std::optional<Shape>> shapes = infer_shapes(graph);
  Json layers = Json::array();
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    std::vector<std::optional<Shape>> inputs;
    for (const Endpoint& e : graph.layers[i].inputs())
      inputs.push_back(shapes[graph.index(e.layer)]);
    layers.push_back(detail::sketch_layer(graph.layers[i], inputs, shapes[i]));
  }
  const std::size_t input =
      graph.inputs.empty() ? Graph::none : graph.index(graph.inputs.front().layer);
  Json sketch = {
      {"quantization", Json::object()}, {"input_shape", nullptr}, {"layers", std::move(layers)}};
  if (input != Graph::none) {
    sketch["quantization"]["input_dtype"] = text_entry(graph.layers[input], "dtype", "uint8");
    sketch["input_shape"] = detail::shape_json(shapes[input]);
  }
  return sketch;
}

}  // namespace tenon::host
