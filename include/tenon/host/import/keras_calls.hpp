// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/edit.hpp>
#include <tenon/host/graph/graph.hpp>
#include <utility>
#include <vector>

// Where the inputs of a layer come from: the `inbound_nodes` of its entry, one element for each
// call.
namespace tenon::host::detail {

/// A constant in the place of an input keeps its position: it is stored among the arguments under
/// this key, as
/// {"0": value}.
inline constexpr const char* constant_inputs = "_CONSTANT_VALUE";

/// ["layer", node, tensor] or the same with keyword arguments.
[[nodiscard]] inline bool is_node_data(const Json& value) {
  return value.is_array() && (value.size() == 3 || value.size() == 4) && value[0].is_string() &&
         value[1].is_number_integer();
}

[[nodiscard]] inline Endpoint read_endpoint(const Json& value, std::string_view user) {
  constexpr std::size_t limit = 100'000;
  if (!is_position(value[1]) || !is_position(value[2]) || value[1].get<std::size_t>() > limit ||
      value[2].get<std::size_t>() > limit) {
    throw Error{5033, "'" + std::string(user) +
                          "' takes an input that is not [layer, call, tensor]: " + value.dump()};
  }
  return {value[0].get<std::string>(), value[1].get<std::size_t>(), value[2].get<std::size_t>()};
}

/// Members in the order in which TensorFlow flattens a structure: those of an object by key.
template <class Use>
void each_member(const Json& value, const Use& use) {
  if (value.is_object()) {
    std::map<std::string, const Json*> sorted;
    for (const auto& [key, item] : value.items()) sorted[key] = &item;
    for (const auto& [key, item] : sorted) use(*item);
  } else if (value.is_array()) {
    for (const Json& item : value) use(item);
  }
}

/// The tensors among keyword arguments.
inline void argument_tensors(const Json& value, std::string_view user,
                             std::vector<Endpoint>& found) {
  if (is_tensor_argument(value)) {
    found.push_back(read_endpoint(value, user));
  } else {
    each_member(value, [&](const Json& item) { argument_tensors(item, user, found); });
  }
}

/// Positional inputs of a call in the manner of Keras 2, at whatever nesting they stand.
inline void read_inputs(const Json& value, const Layer& layer, Call& call, std::size_t& position) {
  if (!is_node_data(value)) {
    if (!value.is_structured()) {
      throw Error{5033, "layer '" + layer.name + "': an input is " + value.dump() +
                            ", not [layer, call, tensor]"};
    }
    each_member(value, [&](const Json& item) { read_inputs(item, layer, call, position); });
    return;
  }
  if (value[0] == "_CONSTANT_VALUE") {
    call.arguments[constant_inputs][std::to_string(position)] = value[2];
  } else {
    call.inputs.push_back(read_endpoint(value, layer.name));
  }
  ++position;
  // Keras repeats the same keyword arguments at each input.
  if (value.size() == 4 && value[3].is_object()) {
    for (const auto& [key, item] : value[3].items()) call.arguments[key] = item;
  }
}

/// A tensor as Keras 3 writes it, or null.
[[nodiscard]] inline Json keras_tensor(const Json& value) {
  if (!value.is_object() || value.value("class_name", Json()) != "__keras_tensor__") return {};
  const Json config = value.value("config", Json());
  return config.is_object() ? config.value("keras_history", Json()) : Json();
}

/// The same structure with tensors as ["layer", node, tensor] and without entries that are null.
[[nodiscard]] inline Json with_plain_tensors(const Json& value) {
  if (Json tensor = keras_tensor(value); !tensor.is_null()) return tensor;
  Json plain = value;
  if (value.is_object()) {
    plain = Json::object();
    for (const auto& [key, item] : value.items()) {
      if (!item.is_null()) plain[key] = with_plain_tensors(item);
    }
  } else if (value.is_array()) {
    for (Json& item : plain) item = with_plain_tensors(item);
  }
  return plain;
}

/// A call in the manner of Keras 3: {"args": […], "kwargs": {…}}.
[[nodiscard]] inline Call read_keras_3_call(const Json& node, const Layer& layer) {
  Call call;
  argument_tensors(with_plain_tensors(node["args"]), layer.name, call.inputs);
  call.arguments = with_plain_tensors(node.value("kwargs", Json::object()));
  if (!call.arguments.is_object())
    throw Error{5033, "layer '" + layer.name + "': its keyword arguments are no object"};
  return call;
}

[[nodiscard]] inline std::vector<Call> read_calls(const Json& nodes, const Layer& layer) {
  std::vector<Call> calls;
  if (!nodes.is_array()) throw Error{5033, "layer '" + layer.name + "': inbound_nodes is no list"};
  for (const Json& node : nodes) {
    Call call;
    if (node.is_object() && node.contains("args")) {
      call = read_keras_3_call(node, layer);
    } else {
      std::size_t position = 0;
      read_inputs(node, layer, call, position);
    }
    each_member(call.arguments,
                [&](const Json& item) { argument_tensors(item, layer.name, call.inputs); });
    if (call.inputs.empty())
      throw Error{5033, "layer '" + layer.name + "' is called without an input"};
    calls.push_back(std::move(call));
  }
  return calls;
}

/// `input_layers` and `output_layers`: a list of endpoints, or one of them, at whatever nesting.
[[nodiscard]] inline std::vector<Endpoint> read_endpoints(const Json& value,
                                                          std::string_view model) {
  std::vector<Endpoint> found;
  argument_tensors(value, model, found);
  return found;
}

}  // namespace tenon::host::detail
