// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/config.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/graph/params.hpp>
#include <tenon/host/graph/shapes.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon::host {

/// QuantizeML builds such a layer for one batch size, which the input declares.
[[nodiscard]] inline bool has_recurrent_layer(const Graph& graph) {
  for (const Layer& layer : graph.layers) {
    if (std::holds_alternative<StatefulRecurrentParams>(params_of(layer))) return true;
  }
  return false;
}

/// Gives the input of a model the shape of its samples, or the one the user asked for. The batch becomes unknown, unless
/// it is to be kept.
inline void set_input_shape(Graph& graph, const std::optional<Shape>& wanted, bool keep_batch = false) {
  Layer& input = *graph.find(graph.inputs.front().layer);
  const Json* declared = entry(input, "batch_input_shape");
  if (declared == nullptr) declared = entry(input, "batch_shape");
  if (declared == nullptr || !declared->is_array() || declared->empty()) {
    throw Error{1003, "input '" + input.name + "' declares no shape"};
  }
  Json shape = Json::array({keep_batch ? declared->front() : Json(nullptr)});
  if (wanted) {
    if (static_cast<std::size_t>(wanted->rank) + 1 != declared->size()) {
      throw Error{1004, "the samples or --input_shape have shape " + shape_text(*wanted) + ", the input '" +
                            input.name + "' has " + std::to_string(declared->size() - 1) +
                            " dimensions besides the batch"};
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(wanted->rank); ++i) shape.push_back((*wanted)[i]);
  } else {
    for (std::size_t i = 1; i < declared->size(); ++i) {
      if ((*declared)[i].is_null()) {
        throw Error{1005, "input '" + input.name + "' has an unknown dimension; give samples or --input_shape"};
      }
      shape.push_back((*declared)[i]);
    }
  }
  input.config.erase("batch_shape");
  input.config["batch_input_shape"] = std::move(shape);
}

}  // namespace tenon::host
