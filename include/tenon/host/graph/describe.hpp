// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/graph/params.hpp>
#include <tenon/host/graph/shapes.hpp>
#include <tenon/model/plan.hpp>
#include <vector>

// A graph in the terms of the plan (model/plan.hpp). A layer that cannot be quantized where it stands is described as
// unsupported, so that quantization stops in front of it.
namespace tenon::host {

struct GraphDescription {
  std::vector<LayerDescription> layers;
  std::vector<std::vector<std::int32_t>> inputs;  ///< what `layers[i].inputs` shows
};

namespace detail {

/// Whether the place of a layer forbids its quantized form.
inline bool misplaced(const Graph& graph, const Layer& layer, const LayerParams& params,
                      const std::optional<Shape>& input) {
  if (!input) return false;  // behind a layer that is not quantized, so neither is this one
  if (std::holds_alternative<RescalingParams>(params)) {
    const Layer* before = graph.find(layer.inputs().front().layer);
    return before == nullptr || !is_input(*before) || std::get<RescalingParams>(params).offset != 0;
  }
  if (std::holds_alternative<AddParams>(params) || std::holds_alternative<ConcatenateParams>(params)) {
    return layer.inputs().size() != 2;
  }
  const bool batch_normalization = std::holds_alternative<BatchNormalizationParams>(params);
  if (batch_normalization && input->rank != 2 && input->rank != 3) return true;
  if (batch_normalization || std::holds_alternative<LayerMadNormalizationParams>(params)) {
    const Json* axis = entry(layer, "axis");
    if (axis == nullptr) return false;
    const auto last = small_integer(axis->is_array() && axis->size() == 1 ? axis->front() : *axis);
    return !last || (*last != -1 && *last != input->rank);
  }
  return false;
}

}  // namespace detail

[[nodiscard]] inline GraphDescription describe(const Graph& graph) {
  GraphDescription description;
  const std::vector<std::optional<Shape>> shapes = infer_shapes(graph);
  std::map<std::string_view, std::int32_t> position;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    position[graph.layers[i].name] = static_cast<std::int32_t>(i);
  }
  description.inputs.resize(graph.layers.size());
  description.layers.resize(graph.layers.size());
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    std::vector<std::int32_t>& inputs = description.inputs[i];
    for (const Call& call : layer.calls) {
      for (const Endpoint& e : call.inputs) inputs.push_back(position.at(e.layer));
    }
    LayerDescription& d = description.layers[i];
    d.inputs = inputs;
    d.params = params_of(layer);
    const auto before = inputs.empty() ? std::nullopt : shapes[static_cast<std::size_t>(inputs.front())];
    if (detail::misplaced(graph, layer, d.params, before)) d.params = UnsupportedParams{};
    if (shapes[i]) d.output = *shapes[i];
  }
  return description;
}

}  // namespace tenon::host
