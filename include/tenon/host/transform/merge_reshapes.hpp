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

// Of a chain of Reshape and Flatten layers only the last one matters.
namespace tenon::host {

namespace detail {

[[nodiscard]] inline bool is_reshape(const Layer& layer) {
  return (is_keras(layer, "Reshape") || is_keras(layer, "Flatten")) && channels_last(layer);
}

}  // namespace detail

[[nodiscard]] inline Graph merge_reshapes(Graph graph, Report&) {
  std::vector<std::string> superfluous;
  for (const Layer& layer : graph.layers) {
    if (!detail::is_reshape(layer) || layer.inputs().size() != 1) continue;
    const std::size_t next = sole_consumer(graph, layer);
    if (next != Graph::none && detail::is_reshape(graph.layers[next]))
      superfluous.push_back(layer.name);
  }
  if (superfluous.empty()) return graph;
  graph = keras_order(std::move(graph));
  for (const std::string& name : superfluous) remove_layer(graph, name);
  return call_order(std::move(graph));
}

}  // namespace tenon::host
