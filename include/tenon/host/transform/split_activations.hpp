// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/edit.hpp>
#include <tenon/host/graph/order.hpp>
#include <tenon/host/transform/report.hpp>

// A layer with an activation of its own becomes the layer without it and an Activation layer behind
// it, named <layer>_activ. Recurrent layers are split too, as QuantizeML does: it is their inner
// activation, so the model then computes something else.
namespace tenon::host {

namespace detail {

inline constexpr std::string_view layers_with_activation[] = {"Conv1D",
                                                              "Conv2D",
                                                              "Conv3D",
                                                              "Conv1DTranspose",
                                                              "Conv2DTranspose",
                                                              "Conv3DTranspose",
                                                              "Dense",
                                                              "EinsumDense",
                                                              "DepthwiseConv1D",
                                                              "DepthwiseConv2D",
                                                              "SeparableConv1D",
                                                              "SeparableConv2D",
                                                              "LocallyConnected1D",
                                                              "LocallyConnected2D",
                                                              "LSTM",
                                                              "GRU",
                                                              "SimpleRNN",
                                                              "ConvLSTM1D",
                                                              "ConvLSTM2D",
                                                              "ConvLSTM3D",
                                                              "PaddedConv2D",
                                                              "StatefulProjection",
                                                              "DepthwiseConv2DTranspose"};

inline constexpr std::string_view recurrent_layers[] = {"LSTM",       "GRU",        "SimpleRNN",
                                                        "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"};

template <std::size_t N>
[[nodiscard]] bool contains(const std::string_view (&list)[N], std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

/// Keras keeps a function under one name.
[[nodiscard]] inline std::string function_name(std::string name) {
  if (name == "silu") return "swish";
  if (name == "softmax_v2") return "softmax";
  return name;
}

}  // namespace detail

[[nodiscard]] inline Graph split_activations(Graph graph, Report& report) {
  graph = keras_order(std::move(graph));
  std::vector<std::string> names;
  for (const Layer& layer : graph.layers) {
    const Json* activation = entry(layer, "activation");
    if (activation != nullptr && activation->is_string() && *activation != "linear" &&
        detail::contains(detail::layers_with_activation, layer.class_name)) {
      names.push_back(layer.name);
    }
  }
  for (const std::string& name : names) {
    Layer& layer = *graph.find(name);
    const std::string function = detail::function_name(text_entry(layer, "activation", "linear"));
    if (graph.find(name + "_activ") != nullptr) {
      report.left_alone("split_activations", name, "a layer is already named '" + name + "_activ'");
      continue;
    }
    if (detail::contains(detail::recurrent_layers, layer.class_name)) {
      report.function_changed("split_activations", name,
                              "the inner activation '" + function + "' of " + layer.class_name +
                                  " is applied to its output instead");
    }
    layer.config["activation"] = "linear";
    Layer activation{name + "_activ", "Activation", false, base_config(layer), {}, {}};
    activation.config["name"] = activation.name;
    activation.config["trainable"] = true;
    activation.config["activation"] = function;
    insert_behind(graph, name, std::move(activation), true);
  }
  return call_order(std::move(graph));
}

}  // namespace tenon::host
