// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <string>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/edit.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/graph/order.hpp>
#include <tenon/host/import/keras_tree.hpp>
#include <utility>
#include <vector>

// Models among layers are taken apart: their layers join the outer graph as <model>/<layer>. A
// model that is called twice gives layers that are called twice.
namespace tenon::host {

namespace detail {

// Models that call models twice grow without bound.
inline constexpr std::size_t max_calls = 100'000;

/// Translates endpoints of a model into those of the graph around it.
class Inlined {
 public:
  Inlined(const Graph& inner, const Layer& outer) : inner_(inner), outer_(outer) {}

  [[nodiscard]] Endpoint outside(const Endpoint& e, std::size_t call) const {
    const auto input = std::find_if(inner_.inputs.begin(), inner_.inputs.end(),
                                    [&](const Endpoint& i) { return i.layer == e.layer; });
    if (input != inner_.inputs.end()) {
      return outer_.calls[call].inputs[static_cast<std::size_t>(input - inner_.inputs.begin())];
    }
    const Layer* layer = inner_.find(e.layer);
    if (layer == nullptr)
      throw Error{5033, "the model '" + outer_.name + "' has no layer '" + e.layer + "'"};
    return {outer_.name + "/" + e.layer,
            call * std::max<std::size_t>(1, layer->calls.size()) + e.node, e.tensor};
  }

  /// What a result of the model is, outside. A model may hand an input through, and take its own
  /// results.
  [[nodiscard]] Endpoint result(Endpoint e) const {
    for (std::size_t steps = 0; e.layer == outer_.name; ++steps) {
      if (e.node >= outer_.calls.size() || e.tensor >= inner_.outputs.size()) {
        throw Error{5033, "result " + std::to_string(e.tensor) + " of call " +
                              std::to_string(e.node) + " of the model '" + outer_.name +
                              "' does not exist"};
      }
      if (steps > outer_.calls.size()) {
        throw Error{5033, "layer '" + outer_.name + "' is part of a cycle"};
      }
      e = outside(inner_.outputs[e.tensor], e.node);
    }
    return e;
  }

  /// A layer of the model as it stands outside.
  [[nodiscard]] Layer layer(Layer inside) const {
    std::vector<Call> calls;
    for (std::size_t call = 0; call < outer_.calls.size(); ++call) {
      for (Call copy : inside.calls) {
        const auto change = [&](Endpoint& e) { return e = result(outside(e, call)), true; };
        for (Endpoint& e : copy.inputs) change(e);
        change_arguments(copy.arguments, change);
        calls.push_back(std::move(copy));
      }
    }
    inside.calls = std::move(calls);
    inside.name = outer_.name + "/" + inside.name;
    inside.config["name"] = inside.name;
    return inside;
  }

 private:
  const Graph& inner_;
  const Layer& outer_;
};

[[nodiscard]] inline bool is_chain(const KerasModel& model) {
  return model.sequential &&
         std::all_of(model.layers.begin(), model.layers.end(),
                     [](const KerasLayer& l) { return !l.model || is_chain(*l.model); });
}

[[nodiscard]] inline Graph flat(KerasModel model, std::size_t& calls_left);

/// Takes the place of a model in a list of layers, and rewires whoever takes its results.
inline void take_apart(Graph& graph, const Layer& outer, Graph inner, std::size_t& calls_left) {
  const Inlined inlined(inner, outer);
  for (const Call& call : outer.calls) {
    if (call.inputs.size() != inner.inputs.size()) {
      throw Error{5033, "the model '" + outer.name + "' has " +
                            std::to_string(inner.inputs.size()) + " inputs and is called with " +
                            std::to_string(call.inputs.size())};
    }
  }
  const auto change = [&](Endpoint& e) {
    return e.layer == outer.name && (e = inlined.result(e), true);
  };
  for (Layer& layer : graph.layers) change_inputs(layer, change);
  for (Endpoint& e : graph.outputs) change(e);
  for (const Layer& layer : inner.layers) {
    if (is_input(layer) || outer.calls.empty()) continue;
    const std::size_t calls = layer.calls.size() * outer.calls.size();
    if (calls > calls_left) throw Error{5033, "the models in the model call each other too often"};
    calls_left -= calls;
    graph.layers.push_back(inlined.layer(layer));
  }
}

[[nodiscard]] inline Graph flat(KerasModel model, std::size_t& calls_left) {
  Graph graph;
  graph.name = model.name;
  graph.sequential = is_chain(model);
  graph.inputs = std::move(model.inputs);
  graph.outputs = std::move(model.outputs);
  std::vector<KerasLayer> models;
  for (KerasLayer& layer : model.layers) {
    if (layer.model) {
      models.push_back(std::move(layer));
    } else {
      graph.layers.push_back(std::move(layer.layer));
    }
  }
  // A model may feed another one: its own inputs change as those before it are taken apart.
  for (std::size_t m = 0; m < models.size(); ++m) {
    Graph inner = flat(std::move(*models[m].model), calls_left);
    const Inlined inlined(inner, models[m].layer);
    for (std::size_t other = m + 1; other < models.size(); ++other) {
      change_inputs(models[other].layer, [&](Endpoint& e) {
        return e.layer == models[m].layer.name && (e = inlined.result(e), true);
      });
    }
    take_apart(graph, models[m].layer, std::move(inner), calls_left);
  }
  return graph;
}

}  // namespace detail

/// The whole model as one graph, in Keras' order. TN5033 where it is none.
[[nodiscard]] inline Graph flatten(KerasModel model) {
  std::size_t calls_left = detail::max_calls;
  Graph graph = detail::flat(std::move(model), calls_left);
  if (graph.inputs.empty()) {
    for (const Layer& layer : graph.layers) {
      if (is_input(layer)) graph.inputs.push_back({layer.name, 0, 0});
    }
  }
  for (const Endpoint& e : graph.inputs) {
    const Layer* input = graph.find(e.layer);
    if (input == nullptr || !is_input(*input))
      throw Error{5033, "the model input '" + e.layer + "' is no InputLayer"};
  }
  return keras_order(std::move(graph));
}

}  // namespace tenon::host
