// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <optional>
#include <utility>

#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/order.hpp>
#include <tenon/host/transform/report.hpp>

// LeakyReLU, and PReLU whose slopes are all equal, become the toolkit's Activation "leaky_relu".
// Slopes that differ stay: the layer is float and quantization stops there.
namespace tenon::host {

namespace detail {

/// The slope of a layer that is a leaky ReLU.
[[nodiscard]] inline std::optional<double> leaky_slope(const Layer& layer) {
  // 0.3 is what Keras takes where an old file says nothing.
  if (is_keras(layer, "LeakyReLU")) return number_entry(layer, "alpha", 0.3);
  if (!is_keras(layer, "PReLU")) return std::nullopt;
  const Variable* alpha = layer.variable("alpha");
  if (alpha == nullptr || alpha->data.empty()) return std::nullopt;
  const float slope = alpha->data.front();
  const bool equal =
      std::all_of(alpha->data.begin(), alpha->data.end(), [&](float a) { return a == slope; });
  return equal ? std::optional<double>(slope) : std::nullopt;
}

}  // namespace detail

[[nodiscard]] inline Graph replace_activations(Graph graph, Report&) {
  const auto is_candidate = [](const Layer& layer) {
    return is_keras(layer, "LeakyReLU") || is_keras(layer, "PReLU");
  };
  if (std::none_of(graph.layers.begin(), graph.layers.end(), is_candidate)) return graph;
  graph = keras_order(std::move(graph));
  for (Layer& layer : graph.layers) {
    const auto slope = detail::leaky_slope(layer);
    if (!slope) continue;
    layer.config = base_config(layer);
    layer.config["activation"] = "leaky_relu";
    layer.config["alpha"] = *slope;
    layer.class_name = "Activation";
    layer.toolkit = true;
    layer.variables.clear();
  }
  return graph;
}

}  // namespace tenon::host
