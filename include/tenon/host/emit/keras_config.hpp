// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <tenon/host/graph/edit.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/import/keras_calls.hpp>
#include <utility>
#include <vector>

// A graph as the model configuration of Keras 2.15, which `quantizeml.models.load_model` loads.
namespace tenon::host {

namespace detail {

/// Classes whose inputs Keras writes as they were given: one tensor is no list.
[[nodiscard]] inline bool keeps_input_structure(std::string_view class_name) {
  for (const std::string_view name :
       {"TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty"}) {
    if (class_name == name) return true;
  }
  return false;
}

[[nodiscard]] inline Json endpoint_json(const Endpoint& e) {
  return Json::array({e.layer, e.node, e.tensor});
}

/// One element of `inbound_nodes`: positional inputs and constants in order, each with the keyword
/// arguments.
[[nodiscard]] inline Json call_json(const Layer& layer, const Call& call) {
  Json arguments = call.arguments;
  const Json constants = arguments.value(constant_inputs, Json::object());
  arguments.erase(constant_inputs);
  std::vector<Endpoint> by_name;
  each_member(arguments, [&](const Json& item) { argument_tensors(item, layer.name, by_name); });
  const std::size_t tensors = call.inputs.size() - std::min(by_name.size(), call.inputs.size());
  Json inputs = Json::array();
  for (std::size_t position = 0, next = 0; position < tensors + constants.size(); ++position) {
    const auto constant = constants.find(std::to_string(position));
    if (constant != constants.end()) {
      inputs.push_back(Json::array({"_CONSTANT_VALUE", -1, *constant, arguments}));
    } else if (next < tensors) {
      Json input = endpoint_json(call.inputs[next++]);
      input.push_back(arguments);
      inputs.push_back(std::move(input));
    }
  }
  return inputs.size() == 1 && keeps_input_structure(layer.class_name) ? inputs.front() : inputs;
}

[[nodiscard]] inline Json layer_json(const Layer& layer, bool with_calls) {
  Json config = layer.config;
  config["name"] = layer.name;
  Json entry{{"class_name", (layer.toolkit ? "Custom>" : "") + layer.class_name},
             {"config", std::move(config)}};
  if (!with_calls) return entry;
  entry["name"] = layer.name;
  entry["inbound_nodes"] = Json::array();
  for (const Call& call : layer.calls) entry["inbound_nodes"].push_back(call_json(layer, call));
  return entry;
}

/// Each layer takes the one before it, and nothing but that.
[[nodiscard]] inline bool is_chain(const Graph& graph) {
  if (graph.layers.empty() || !graph.layers.front().calls.empty() || graph.outputs.size() != 1 ||
      graph.outputs.front() != Endpoint{graph.layers.back().name, 0, 0}) {
    return false;
  }
  for (std::size_t i = 1; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    if (layer.calls.size() != 1 || !layer.calls.front().arguments.empty() ||
        layer.inputs() != std::vector<Endpoint>{{graph.layers[i - 1].name, 0, 0}}) {
      return false;
    }
  }
  return true;
}

}  // namespace detail

/// {"class_name": "Functional" or "Sequential", "config": …}.
[[nodiscard]] inline Json keras_config(const Graph& graph) {
  const bool sequential = graph.sequential && detail::is_chain(graph);
  Json config{{"name", graph.name}};
  if (!sequential) config["trainable"] = true;
  config["layers"] = Json::array();
  for (const Layer& layer : graph.layers)
    config["layers"].push_back(detail::layer_json(layer, !sequential));
  if (!sequential) {
    for (const auto& [key, list] :
         {std::pair{"input_layers", &graph.inputs}, {"output_layers", &graph.outputs}}) {
      config[key] = Json::array();
      for (const Endpoint& e : *list) config[key].push_back(detail::endpoint_json(e));
    }
  }
  return Json{{"class_name", sequential ? "Sequential" : "Functional"},
              {"config", std::move(config)}};
}

}  // namespace tenon::host
