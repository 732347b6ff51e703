// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/edit.hpp>
#include <tenon/host/graph/shapes.hpp>
#include <tenon/host/import/keras_weights.hpp>
#include <utility>
#include <vector>

// What must hold for a model from a file before anything is done with it.
namespace tenon::host {

namespace detail {

/// Channels that the weights of a layer take, or nothing for a class that has none.
[[nodiscard]] inline std::optional<std::size_t> channels_taken(const Layer& layer) {
  std::string_view name = layer.class_name;
  if (layer.toolkit && name.starts_with("Quantized")) name.remove_prefix(9);
  if (name == "BatchNormalization" && !layer.variables.empty())
    return layer.variables.front().shape.back();
  const Variable* depthwise = layer.variable("depthwise_kernel");
  if (depthwise != nullptr) return depthwise->shape[2];
  const Variable* kernel = layer.variable("kernel");
  if (kernel == nullptr) return std::nullopt;
  if (name == "Conv2D" || name == "PaddedConv2D")
    return kernel->shape[2] * count_of(layer, "groups", 1);
  if (name == "Conv2DTranspose") return kernel->shape[3];
  if (name == "Dense") return kernel->shape[0];
  return std::nullopt;
}

inline void check_channels(const Graph& graph) {
  std::vector<std::optional<Shape>> shapes;
  try {
    shapes = infer_shapes(graph);
  } catch (const Error&) {
    return;  // A model that only its float part makes sense of: what needs the shapes will say so.
  }
  for (const Layer& layer : graph.layers) {
    if (layer.inputs().size() != 1 || !expected_variables(layer)) continue;
    const auto input = shape_at(graph, shapes, layer.inputs().front());
    const auto taken = channels_taken(layer);
    if (input && taken && *taken != static_cast<std::size_t>(input->channels())) {
      throw Error{5032, "layer '" + layer.name + "' (" + layer.class_name + "): its weights take " +
                            std::to_string(*taken) + " channels, its input " + shape_text(*input) +
                            " has " + std::to_string(input->channels())};
    }
  }
}

inline void check_options(const Layer& layer) {
  const Json* activation = entry(layer, "activation");
  if (activation != nullptr && activation->is_object()) {
    throw Error{3021, "layer '" + layer.name + "' (" + layer.class_name +
                          "): its activation is a function of the author, which a file cannot "
                          "hold; use one of Keras"};
  }
  if (!layer.variables.empty() && !channels_last(layer)) {
    throw Error{
        3020,
        "layer '" + layer.name + "' (" + layer.class_name +
            "): data_format is channels_first, only channels_last is supported; convert the model"};
  }
}

}  // namespace detail

/// The graph itself, if its layers and weights fit together.
[[nodiscard]] inline Graph checked(Graph graph) {
  for (Layer& layer : graph.layers) {
    detail::check_options(layer);
    check_variables(layer);
  }
  detail::check_channels(graph);
  return graph;
}

}  // namespace tenon::host
