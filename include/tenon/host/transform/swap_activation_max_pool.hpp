// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/edit.hpp>
#include <tenon/host/graph/order.hpp>
#include <tenon/host/transform/report.hpp>

// A rising activation and a maximum commute: MaxPooling2D comes first, so that it follows its
// convolution.
namespace tenon::host {

[[nodiscard]] inline Graph swap_activation_max_pool(Graph graph, Report&) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const Layer& layer : graph.layers) {
    const bool rises =
        is_keras(layer, "ReLU") ||
        (is_toolkit(layer, "Activation") && text_entry(layer, "activation", "") == "leaky_relu");
    if (!rises || layer.inputs().size() != 1) continue;
    const std::size_t next = sole_consumer(graph, layer);
    if (next != Graph::none && is_keras(graph.layers[next], "MaxPooling2D")) {
      pairs.emplace_back(layer.name, graph.layers[next].name);
    }
  }
  if (pairs.empty()) return graph;
  graph = keras_order(std::move(graph));
  for (const auto& [activation, pool] : pairs) swap_layers(graph, activation, pool);
  return call_order(std::move(graph));
}

}  // namespace tenon::host
