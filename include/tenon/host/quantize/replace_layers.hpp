// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/describe.hpp>
#include <tenon/host/graph/edit.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/graph/params.hpp>
#include <tenon/host/quantize/quantizers.hpp>
#include <tenon/model/plan.hpp>
#include <utility>
#include <vector>

// From a sanitized float graph and the plan to the quantized graph, not calibrated yet: quantized classes with their
// configurations, Dequantizers where floats go on, ranges and rates of 1.
namespace tenon::host {

namespace detail {

inline const char* data_type_name(DataType type) {
  switch (type) {
    case DataType::uint8: return "uint8";
    case DataType::int8: return "int8";
    case DataType::uint16: return "uint16";
    case DataType::int16: return "int16";
    case DataType::uint32: return "uint32";
    case DataType::int32: return "int32";
    case DataType::int64: return "int64";
    case DataType::float32: break;
  }
  return "float32";
}

inline void set_input_dtype(Layer& layer, DataType wanted, std::vector<std::string>& warnings) {
  const std::string declared = text_entry(layer, "dtype", "float32");
  const bool integer = data_type_named(declared) != DataType::float32;
  if (integer && data_type_named(declared) != wanted) {
    warnings.push_back("the input '" + layer.name + "' is declared " + declared + ", not " +
                       data_type_name(wanted) + "; it stays as declared");
  }
  if (!integer) layer.config["dtype"] = data_type_name(wanted);
}

/// What the user's configuration says of a layer; TN5041 where the layer cannot have any.
inline Json given_config(const Json& q_config, const Layer& layer, LayerKind kind, bool quantized) {
  const auto found = q_config.find(layer.name);
  if (found == q_config.end() || found->is_null() || (found->is_object() && found->empty())) return nullptr;
  if (!found->is_object()) refuse_config(layer.name, "must be an object");
  if (!quantized || !has_quant_config(kind)) {
    throw Error{5041, "quantization configuration: layer '" + layer.name + "' (" + layer.class_name + ") " +
                          (quantized ? "has no quantizers" : "is not quantized") + "; remove its entry"};
  }
  const bool passes = kind == LayerKind::max_pooling2d || kind == LayerKind::dropout ||
                      kind == LayerKind::rescaling;
  return passes ? Json(nullptr) : *found;
}

inline void add_range_variables(Layer& layer, const LayerQuantizers& quantizers, std::int32_t channels) {
  std::vector<std::size_t> shape;
  if (quantizers.output.per_axis) shape.push_back(static_cast<std::size_t>(channels));
  const std::size_t count = shape.empty() ? 1 : shape[0];
  for (const char* leaf : {"/output_quantizer/range_max:0", "/output_quantizer/rescaling_rate:0"}) {
    layer.variables.push_back({layer.name + leaf, shape, std::vector<float>(count, 1.0F)});
  }
}

/// The quantized form of a layer.
inline void quantize_layer(Layer& layer, LayerKind kind, const LayerPlan& plan, const QuantizationParams& params,
                           const Json& q_config) {
  Json config = quant_config(kind, plan, params, given_config(q_config, layer, kind, true));
  const bool reshapes_units = kind == LayerKind::stateful_projection && entry(layer, "upshape") != nullptr;
  if (reshapes_units && config["weight_quantizer"].is_object()) config["weight_quantizer"]["axis"] = nullptr;
  layer.class_name = quantized_class_of(layer.class_name);
  layer.toolkit = true;
  if (!config.empty()) layer.config["quant_config"] = config;
}

inline Layer dequantizer(std::string name, std::vector<Endpoint> inputs) {
  Layer layer;
  layer.name = std::move(name);
  layer.class_name = "Dequantizer";
  layer.toolkit = true;
  layer.config = {{"name", layer.name}, {"trainable", true}, {"dtype", "float32"}};
  layer.calls.push_back({std::move(inputs)});
  return layer;
}

/// Puts a Dequantizer behind each quantized layer that feeds a float one; the name of the first such float
/// layer, or an empty text.
inline std::string stop_at_float_layers(Graph& graph, const std::vector<LayerPlan>& plan) {
  std::string first;
  std::vector<Layer> layers;
  Graph out = graph;
  out.layers.clear();
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    out.layers.push_back(layer);
    if (!plan[i].quantized || is_input(layer)) continue;
    bool needed = false;
    for (const std::size_t c : graph.consumers(layer.name)) {
      if (plan[c].quantized) continue;
      needed = true;
      if (first.empty() || c < graph.index(first)) first = graph.layers[c].name;
    }
    if (needed) out.layers.push_back(dequantizer(layer.name + "/dequantizer", {{layer.name, 0, 0}}));
  }
  for (Layer& layer : out.layers) {
    const std::size_t at = graph.index(layer.name);
    if (at == Graph::none || plan[at].quantized) continue;
    for (Call& call : layer.calls) {
      for (Endpoint e : std::vector<Endpoint>(call.inputs)) {
        if (out.find(e.layer + "/dequantizer") != nullptr) rewire(layer, e, {e.layer + "/dequantizer", 0, 0});
      }
    }
  }
  graph = std::move(out);
  return first;
}

inline void set_last_output_bits(Graph& graph, const GraphDescription& described,
                                 const QuantizationParams& params) {
  if (params.last_output_bits == 0) return;
  for (const Endpoint& e : graph.outputs) {
    const std::size_t i = graph.index(e.layer);
    if (!described.layers[i].traits().output_quantizer) {
      throw Error{3034, "--last_output_bits: the last layer '" + e.layer + "' (" + graph.layers[i].class_name +
                            ") cannot carry an output quantizer"};
    }
    graph.layers[i].config["quant_config"]["output_quantizer"] = {
        {"bitwidth", params.last_output_bits},
        {"buffer_bitwidth", params.buffer_bits},
        {"scale_bits", params.last_output_bits >= 16 ? 16 : 8}};
  }
}

}  // namespace detail

[[nodiscard]] inline Graph replace_layers(const Graph& sanitized, const QuantizationParams& params,
                                          const Json& q_config, const std::string& quantize_until,
                                          std::vector<std::string>& warnings) {
  if (!q_config.is_object()) throw Error{5042, "the quantization configuration must be a JSON object"};
  const GraphDescription described = describe(sanitized);
  std::vector<LayerPlan> plan(described.layers.size());
  plan_outputs(described.layers, params, plan);
  // An input is not a place to stop: the layers behind it are quantized all the same.
  const Layer* stop = sanitized.find(quantize_until);
  const std::size_t until =
      stop != nullptr && is_input(*stop) ? Graph::none : sanitized.index(quantize_until);
  plan_layers(described.layers, params, until, plan);

  Graph graph = sanitized;
  graph.sequential = false;
  bool any = false;
  bool all = true;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    Layer& layer = graph.layers[i];
    const LayerKind kind = described.layers[i].traits().kind;
    if (kind == LayerKind::input) {
      detail::set_input_dtype(layer, params.input_dtype, warnings);
    } else if (plan[i].quantized) {
      detail::quantize_layer(layer, kind, plan[i], params, q_config);
      any = true;
    } else {
      (void)detail::given_config(q_config, layer, kind, false);
      all = false;
    }
  }
  if (!any) {
    throw Error{3035, "impossible to quantize '" + graph.name + "': not one layer can be quantized"};
  }
  for (const auto& [name, value] : q_config.items()) {
    if (graph.find(name) == nullptr) {
      warnings.push_back("the quantization configuration names '" + name +
                         "', which is no layer of the sanitized model");
    }
  }
  if (all) {
    detail::set_last_output_bits(graph, described, params);
    Layer last = detail::dequantizer("dequantizer", graph.outputs);
    for (std::size_t k = 0; k < graph.outputs.size(); ++k) graph.outputs[k] = {last.name, 0, k};
    graph.layers.push_back(std::move(last));
  } else {
    const std::string first = detail::stop_at_float_layers(graph, plan);
    if (!first.empty() && quantize_until.empty()) {
      warnings.push_back("'" + first + "' of type " + graph.find(first)->class_name +
                         " is not supported to quantize: a Dequantizer is added before it and quantization "
                         "stops at this layer");
    }
  }
  for (std::size_t i = 0; i < sanitized.layers.size(); ++i) {
    Layer& layer = *graph.find(sanitized.layers[i].name);
    if (!is_quantized(layer)) continue;
    const LayerQuantizers quantizers = quantizers_of(layer, described.layers[i].traits().kind);
    if (quantizers.has_output) {
      detail::add_range_variables(layer, quantizers, described.layers[i].output.channels());
    }
  }
  return graph;
}

}  // namespace tenon::host
