// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <utility>

#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/order.hpp>
#include <tenon/host/transform/report.hpp>

// A Conv2D with as many groups as input channels and filters is a DepthwiseConv2D, one channel and
// one filter included. The kernel (h, w, 1, filters) is written (h, w, filters, 1): the same
// numbers in the same order.
namespace tenon::host {

namespace detail {

[[nodiscard]] inline bool is_depthwise(const Layer& layer) {
  const Variable* kernel = layer.variable("kernel");
  return is_keras(layer, "Conv2D") && layer.calls.size() == 1 && kernel != nullptr &&
         kernel->shape.size() == 4 && kernel->shape[2] == 1 &&
         integer_entry(layer, "groups", 1) == static_cast<std::int64_t>(kernel->shape[3]);
}

inline void make_depthwise(Layer& layer) {
  Json config = Json::object();
  for (const auto& [key, value] : layer.config.items()) {
    if (key == "filters") continue;
    const bool of_kernel =
        key == "kernel_initializer" || key == "kernel_regularizer" || key == "kernel_constraint";
    config[of_kernel ? "depthwise" + key.substr(6) : key] = value;
  }
  config["groups"] = 1;
  config["depth_multiplier"] = 1;
  layer.config = std::move(config);
  layer.class_name = "DepthwiseConv2D";
  Variable& kernel = *layer.variable("kernel");
  std::swap(kernel.shape[2], kernel.shape[3]);
  kernel.name.insert(kernel.name.rfind("kernel"), "depthwise_");
}

}  // namespace detail

[[nodiscard]] inline Graph conv2d_to_depthwise(Graph graph, Report&) {
  bool any_conv2d = false;
  for (const Layer& layer : graph.layers) any_conv2d = any_conv2d || is_a(layer, "Conv2D");
  if (!any_conv2d) return graph;
  // QuantizeML rebuilds every model with a Conv2D here, which fixes the order of consumers.
  graph = keras_order(std::move(graph));
  for (Layer& layer : graph.layers) {
    if (detail::is_depthwise(layer)) detail::make_depthwise(layer);
  }
  return graph;
}

}  // namespace tenon::host
