// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/edit.hpp>
#include <tenon/host/graph/order.hpp>
#include <tenon/host/graph/shapes.hpp>
#include <tenon/host/transform/report.hpp>
#include <tenon/tensor/shape.hpp>

// An AveragePooling2D over the whole map is a GlobalAveragePooling2D, which can be quantized.
// Beyond QuantizeML, which stops there: the usual end of a small network is such a pooling and a
// Flatten.
namespace tenon::host {

namespace detail {

/// One window covers the map.
[[nodiscard]] inline bool pools_whole_map(const Layer& layer, const Shape& input) {
  if (!is_keras(layer, "AveragePooling2D") || !channels_last(layer) || layer.calls.size() != 1 ||
      input.rank != 3) {
    return false;
  }
  const auto pool = pair_entry(layer, "pool_size", {2, 2});
  if (text_entry(layer, "padding", "valid") == "valid")
    return pool[0] == input[0] && pool[1] == input[1];
  const auto strides = pair_entry(layer, "strides", pool);
  // One output position; what the window covers beyond the map is padding, which is not averaged.
  return strides[0] >= input[0] && strides[1] >= input[1] && pool[0] >= input[0] &&
         pool[1] >= input[1];
}

/// The one layer behind a pooling when it only makes a vector of the result.
[[nodiscard]] inline std::string flattening(const Graph& graph, const Layer& pooling) {
  const std::size_t next = sole_consumer(graph, pooling);
  if (next == Graph::none) return {};
  const Layer& layer = graph.layers[next];
  if (is_keras(layer, "Flatten")) return layer.name;
  const Json* target = entry(layer, "target_shape");
  return is_keras(layer, "Reshape") && target != nullptr && target->is_array() &&
                 target->size() == 1
             ? layer.name
             : "";
}

}  // namespace detail

[[nodiscard]] inline Graph whole_map_average_pooling(Graph graph, Report&) {
  const auto is_pooling = [](const Layer& layer) { return is_keras(layer, "AveragePooling2D"); };
  if (std::none_of(graph.layers.begin(), graph.layers.end(), is_pooling)) return graph;
  const auto shapes = infer_shapes(graph);
  std::vector<std::string> found;
  for (const Layer& layer : graph.layers) {
    if (!is_pooling(layer) || layer.inputs().size() != 1) continue;
    const auto input = shape_at(graph, shapes, layer.inputs().front());
    if (input && detail::pools_whole_map(layer, *input)) found.push_back(layer.name);
  }
  if (found.empty()) return graph;
  graph = keras_order(std::move(graph));
  for (const std::string& name : found) {
    const std::string flatten = detail::flattening(graph, *graph.find(name));
    Layer& layer = *graph.find(name);
    layer.config = base_config(layer);
    layer.config["data_format"] = "channels_last";
    layer.config["keepdims"] = flatten.empty();
    layer.class_name = "GlobalAveragePooling2D";
    if (!flatten.empty()) remove_layer(graph, flatten);
  }
  return call_order(std::move(graph));
}

}  // namespace tenon::host
