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

// A Concatenate of more than two tensors becomes a chain of Concatenates of two: ((a, b), c). The
// last one keeps the name, the others are named <name>_<their second input>.
namespace tenon::host {

[[nodiscard]] inline Graph split_concatenate(Graph graph, Report&) {
  std::vector<std::string> names;
  for (const Layer& layer : graph.layers) {
    if (is_keras(layer, "Concatenate") && layer.calls.size() == 1 && layer.inputs().size() > 2)
      names.push_back(layer.name);
  }
  if (names.empty()) return graph;
  graph = keras_order(std::move(graph));
  for (const std::string& name : names) {
    // The chain goes to the end of the list, the last link too: that is where QuantizeML puts it.
    const std::size_t place = graph.index(name);
    Layer last = std::move(graph.layers[place]);
    graph.layers.erase(graph.layers.begin() + static_cast<std::ptrdiff_t>(place));
    const std::vector<Endpoint> inputs = last.inputs();
    Endpoint left = inputs.front();
    for (std::size_t i = 1; i + 1 < inputs.size(); ++i) {
      Layer link = last;
      link.name = free_name(graph, name + "_" + inputs[i].layer);
      link.config["name"] = link.name;
      link.calls.front().inputs = {left, inputs[i]};
      left = {link.name, 0, 0};
      graph.layers.push_back(std::move(link));
    }
    last.calls.front().inputs = {left, inputs.back()};
    graph.layers.push_back(std::move(last));
  }
  return call_order(std::move(graph));
}

}  // namespace tenon::host
