// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/host/graph/graph.hpp>
#include <tenon/tensor/shape.hpp>

// Edits that transforms share. Names stay unique and every tensor that is mentioned exists
// afterwards; the list of layers may need `call_order` (order.hpp) once a transform has finished.
namespace tenon::host {

/// A position: an integer that is not negative, whatever type it has in memory.
[[nodiscard]] inline bool is_position(const Json& value) {
  return value.is_number_integer() && value.get<std::int64_t>() >= 0;
}

/// A tensor among the keyword arguments of a call: ["layer", node, tensor].
[[nodiscard]] inline bool is_tensor_argument(const Json& value) {
  return value.is_array() && value.size() == 3 && value[0].is_string() && is_position(value[1]) &&
         is_position(value[2]);
}

namespace detail {

template <class Change>
void change_arguments(Json& value, const Change& change) {
  if (is_tensor_argument(value)) {
    Endpoint e{value[0].get<std::string>(), value[1].get<std::size_t>(),
               value[2].get<std::size_t>()};
    if (change(e)) value = Json::array({e.layer, e.node, e.tensor});
  } else if (value.is_structured()) {
    for (Json& item : value) change_arguments(item, change);
  }
}

/// `change(Endpoint&)` on every tensor that a layer takes, in `inputs` and among the keyword
/// arguments.
template <class Change>
void change_inputs(Layer& layer, const Change& change) {
  for (Call& call : layer.calls) {
    for (Endpoint& e : call.inputs) change(e);
    change_arguments(call.arguments, change);
  }
}

}  // namespace detail

/// Lets `layer` take `to` wherever it took `from`.
inline void rewire(Layer& layer, const Endpoint& from, const Endpoint& to) {
  detail::change_inputs(layer, [&](Endpoint& e) { return e == from && (e = to, true); });
}

/// The same for every layer except `except`, and for the outputs of the model.
inline void rewire_all(Graph& graph, const Endpoint& from, const Endpoint& to,
                       std::string_view except = {}) {
  for (Layer& layer : graph.layers) {
    if (layer.name != except) rewire(layer, from, to);
  }
  for (Endpoint& e : graph.outputs) {
    if (e == from) e = to;
  }
}

/// Gives a layer another name, everywhere. The names of its variables stay.
inline void rename_layer(Graph& graph, const std::string& from, const std::string& to) {
  const auto change = [&](Endpoint& e) { return e.layer == from && (e.layer = to, true); };
  for (Layer& layer : graph.layers) {
    detail::change_inputs(layer, change);
    if (layer.name == from) {
      layer.name = to;
      layer.config["name"] = to;
    }
  }
  for (Endpoint& e : graph.inputs) change(e);
  for (Endpoint& e : graph.outputs) change(e);
}

/// Takes a layer out: whoever took the result of one of its calls takes the first input of that
/// call.
inline void remove_layer(Graph& graph, const std::string& name) {
  const std::size_t i = graph.index(name);
  const Layer removed = std::move(graph.layers[i]);
  graph.layers.erase(graph.layers.begin() + static_cast<std::ptrdiff_t>(i));
  for (std::size_t call = 0; call < removed.calls.size(); ++call) {
    rewire_all(graph, {name, call, 0}, removed.calls[call].inputs.front());
  }
}

/// `name`, or with the first suffix _2, _3, … that makes it one that no layer has.
[[nodiscard]] inline std::string free_name(const Graph& graph, std::string name) {
  const std::string stem = name;
  for (int suffix = 2; graph.find(name) != nullptr; ++suffix)
    name = stem + "_" + std::to_string(suffix);
  return name;
}

/// The shape of a tensor, from what `infer_shapes` (shapes.hpp) said of this graph. Nothing for a
/// further call of a shared layer, or a further result: only first ones are known.
[[nodiscard]] inline std::optional<Shape> shape_at(const Graph& graph,
                                                   const std::vector<std::optional<Shape>>& shapes,
                                                   const Endpoint& e) {
  const std::size_t i = graph.index(e.layer);
  return i < shapes.size() && e.node == 0 && e.tensor == 0 ? shapes[i] : std::nullopt;
}

/// How many times the results of a layer are taken by layers: a layer that takes one twice counts
/// twice.
[[nodiscard]] inline std::size_t uses(const Graph& graph, std::string_view name) {
  std::size_t count = 0;
  for (const Layer& layer : graph.layers) {
    for (const Call& call : layer.calls) {
      count += static_cast<std::size_t>(
          std::count_if(call.inputs.begin(), call.inputs.end(),
                        [&](const Endpoint& e) { return e.layer == name; }));
    }
  }
  return count;
}

/// The position of the one layer that takes the result of `layer`, where nothing else sees that
/// result: both are called once, and `layer` is no output of the model. Otherwise Graph::none.
[[nodiscard]] inline std::size_t sole_consumer(const Graph& graph, const Layer& layer) {
  if (layer.calls.size() > 1 || graph.is_output(layer.name) || uses(graph, layer.name) != 1)
    return Graph::none;
  const std::size_t consumer = graph.consumers(layer.name).front();
  const Layer& found = graph.layers[consumer];
  return found.calls.size() == 1 && found.inputs().size() == 1 ? consumer : Graph::none;
}

/// Exchanges two layers of which `second` is the sole consumer of `first`. Their places in the list
/// stay: `call_order` then gives the order in which Keras would call them.
inline void swap_layers(Graph& graph, const std::string& first, const std::string& second) {
  const Endpoint source = graph.find(first)->inputs().front();
  rewire_all(graph, {second, 0, 0}, {first, 0, 0});
  rewire(*graph.find(second), {first, 0, 0}, source);
  // The first layer took `source` itself; its consumers, redirected above, already take it.
  rewire(*graph.find(first), source, {second, 0, 0});
}

/// A new layer behind every call of `target`: what took the first result of the target takes that
/// of the new layer. The layer has no calls yet; the outputs of the model follow when
/// `outputs_too`, or when nothing else takes the result.
inline void insert_behind(Graph& graph, const std::string& target, Layer layer, bool outputs_too) {
  const std::size_t i = graph.index(target);
  const std::size_t calls = std::max<std::size_t>(1, graph.layers[i].calls.size());
  const bool dangling = uses(graph, target) == 0;
  for (std::size_t call = 0; call < calls; ++call) {
    const Endpoint from{target, call, 0};
    const Endpoint to{layer.name, call, 0};
    for (Layer& other : graph.layers) rewire(other, from, to);
    if (outputs_too || dangling) {
      for (Endpoint& e : graph.outputs) {
        if (e == from) e = to;
      }
    }
    layer.calls.push_back({{from}, Json::object()});
  }
  graph.layers.insert(graph.layers.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(layer));
}

}  // namespace tenon::host
