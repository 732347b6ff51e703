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

// An Add of two tensors and an unbounded ReLU behind it are one layer, the toolkit's Add with an
// activation, unless the ReLU is averaged: that pair gets an identity convolution instead.
namespace tenon::host {

namespace detail {

[[nodiscard]] inline bool is_foldable_relu(const Graph& graph, const Layer& relu) {
  if (!is_keras(relu, "ReLU") || entry(relu, "max_value") != nullptr) return false;
  const std::vector<std::size_t> next = graph.consumers(relu.name);
  return !(uses(graph, relu.name) == 1 &&
           is_keras(graph.layers[next.front()], "GlobalAveragePooling2D"));
}

}  // namespace detail

[[nodiscard]] inline Graph fold_relu_into_add(Graph graph, Report& report) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const Layer& add : graph.layers) {
    if (!is_add(add) || add.inputs().size() != 2) continue;
    const std::size_t next = sole_consumer(graph, add);
    if (next != Graph::none && detail::is_foldable_relu(graph, graph.layers[next])) {
      pairs.emplace_back(add.name, graph.layers[next].name);
    }
  }
  if (pairs.empty()) return graph;
  graph = keras_order(std::move(graph));
  for (const auto& [name, relu_name] : pairs) {
    const Layer& relu = *graph.find(relu_name);
    for (const char* key : {"negative_slope", "threshold"}) {
      if (number_entry(relu, key, 0) != 0) {
        report.function_changed("fold_relu_into_add", relu_name,
                                std::string("its ") + key + " is lost");
      }
    }
    Layer& add = *graph.find(name);
    const Json average = flag_entry(add, "average", false);
    add.config = base_config(add);
    add.config["average"] = average;
    add.config["activation"] = true;
    add.toolkit = true;
    remove_layer(graph, relu_name);
  }
  return call_order(std::move(graph));
}

}  // namespace tenon::host
