// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/edit.hpp>
#include <tenon/host/graph/graph.hpp>
#include <utility>
#include <vector>

// A Rescaling, scale * x + offset, behind every input of a model: models trained on normalized data
// then take the integers of a sensor, and quantization folds the offset and a vector of scales into
// the first layer.
namespace tenon::host {

namespace detail {

/// As Keras numbers layers: rescaling, rescaling_1, rescaling_2.
[[nodiscard]] inline std::string rescaling_name(const Graph& graph) {
  std::string name = "rescaling";
  for (int number = 1; graph.find(name) != nullptr; ++number)
    name = "rescaling_" + std::to_string(number);
  return name;
}

}  // namespace detail

[[nodiscard]] inline Graph insert_rescaling(Graph graph, double scale, double offset) {
  const std::vector<Endpoint> inputs = graph.inputs;
  for (const Endpoint& input : inputs) {
    if (graph.find(input.layer) == nullptr)
      throw Error{5033, "the model has no layer '" + input.layer + "'"};
    Layer layer;
    layer.name = detail::rescaling_name(graph);
    layer.class_name = "Rescaling";
    layer.config = {{"name", layer.name},
                    {"trainable", true},
                    {"dtype", "float32"},
                    {"scale", scale},
                    {"offset", offset}};
    insert_behind(graph, input.layer, std::move(layer), true);
  }
  return graph;
}

}  // namespace tenon::host
