// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/edit.hpp>
#include <tenon/host/graph/order.hpp>
#include <tenon/host/graph/shapes.hpp>
#include <tenon/host/transform/report.hpp>
#include <tenon/tensor/shape.hpp>

// Activation layers and TensorFlow function layers (class TFOpLambda) become the layers that
// compute the same: ReLU, Add, Reshape, Permute, or the toolkit's Activation. Every other function
// stays, and quantization stops in front of it.
namespace tenon::host {

namespace detail {

inline void become(Layer& layer, std::string_view class_name, bool toolkit) {
  layer.config = base_config(layer);
  layer.class_name = class_name;
  layer.toolkit = toolkit;
  for (Call& call : layer.calls) call.arguments = Json::object();
}

inline void become_relu(Layer& layer) {
  become(layer, "ReLU", false);
  layer.config["max_value"] = nullptr;
  layer.config["negative_slope"] = 0.0;
  layer.config["threshold"] = 0.0;
}

inline void become_activation(Layer& layer, std::string_view function, double alpha) {
  become(layer, "Activation", true);
  layer.config["activation"] = function;
  layer.config["alpha"] = alpha;
}

/// A Keras Activation layer whose function exists as a quantizable layer.
inline void replace_keras_activation(Layer& layer) {
  const Json* activation = entry(layer, "activation");
  if (activation == nullptr || !activation->is_string()) return;
  const std::string function = activation->get<std::string>();
  if (function == "relu") return become_relu(layer);
  for (const std::string_view known : {"gelu", "swish", "hard_silu", "leaky_relu"}) {
    if (function == known || (function == "silu" && known == "swish"))
      return become_activation(layer, known, 0.2);
  }
}

/// Keyword arguments of a call, `name` apart: a replacement must know what each of them means.
[[nodiscard]] inline bool only_arguments(const Call& call,
                                         std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : call.arguments.items()) {
    bool found = key == "name";
    for (const std::string_view k : known) found = found || key == k;
    if (!found) return false;
  }
  return true;
}

/// The argument as a list of integers, if it is one.
[[nodiscard]] inline std::optional<std::vector<std::int64_t>> integer_list(const Call& call,
                                                                           const char* key) {
  const auto found = call.arguments.find(key);
  if (found == call.arguments.end() || !found->is_array() || found->size() > Shape::max_rank + 1)
    return std::nullopt;
  std::vector<std::int64_t> list;
  for (const Json& item : *found) {
    const auto value = small_integer(item);
    if (!value) return std::nullopt;
    list.push_back(*value);
  }
  return list;
}

/// tf.reshape takes the batch as first entry of its shape, a Reshape layer does not. Where the
/// other entries alone hold one sample, they are the target; else the whole list is, as QuantizeML
/// takes it.
[[nodiscard]] inline Json target_shape(const std::vector<std::int64_t>& shape,
                                       const std::optional<Shape>& input) {
  std::int64_t known = 1;
  std::size_t unknown = 0;
  for (std::size_t i = 1; i < shape.size(); ++i) {
    if (shape[i] < 0) {
      ++unknown;
    } else if (known <= INT32_MAX) {
      known *= shape[i];
    }
  }
  bool holds_a_sample = shape.size() > 1 && known > 0 && unknown <= 1;
  if (input) {
    holds_a_sample =
        holds_a_sample && (unknown == 0 ? known == input->size() : input->size() % known == 0);
  } else {
    holds_a_sample = holds_a_sample && unknown == 0;
  }
  return holds_a_sample ? Json(std::vector<std::int64_t>(shape.begin() + 1, shape.end()))
                        : Json(shape);
}

/// What becomes of the entry of the batch in the arguments of a function.
enum class BatchEntry { dropped, kept };

[[nodiscard]] inline bool replace_reshape(Layer& layer, const std::optional<Shape>& input,
                                          BatchEntry batch) {
  const auto shape = integer_list(layer.calls.front(), "shape");
  if (!shape || shape->empty() || !only_arguments(layer.calls.front(), {"tensor", "shape"}))
    return false;
  become(layer, "Reshape", false);
  layer.config["target_shape"] =
      batch == BatchEntry::kept ? Json(*shape) : target_shape(*shape, input);
  return true;
}

/// tf.transpose counts the batch as axis 0, and so does Permute (whose dims begin at 1): only a
/// permutation that leaves the batch where it is can be one.
[[nodiscard]] inline bool replace_transpose(Layer& layer, BatchEntry batch) {
  const auto perm = integer_list(layer.calls.front(), "perm");
  const auto conjugate = layer.calls.front().arguments.find("conjugate");
  if (!perm || perm->size() < 2 || perm->front() != 0 ||
      !only_arguments(layer.calls.front(), {"a", "perm", "conjugate"}) ||
      (conjugate != layer.calls.front().arguments.end() && *conjugate == true)) {
    return false;
  }
  become(layer, "Permute", false);
  Json dims = Json::array();
  for (std::size_t i = batch == BatchEntry::kept ? 0 : 1; i < perm->size(); ++i) {
    dims.push_back((*perm)[i] + (batch == BatchEntry::kept ? 1 : 0));
  }
  layer.config["dims"] = std::move(dims);
  return true;
}

/// Whether an argument is absent or has its default.
[[nodiscard]] inline bool is_default(const Call& call, const char* key, const Json& value) {
  const auto found = call.arguments.find(key);
  return found == call.arguments.end() || *found == value;
}

[[nodiscard]] inline bool replace_function_activation(Layer& layer, const std::string& function) {
  const Call& call = layer.calls.front();
  if (call.inputs.size() != 1) return false;
  if (function == "nn.relu" && only_arguments(call, {"features"})) return become_relu(layer), true;
  if (function == "nn.silu" && only_arguments(call, {"features", "beta"}) &&
      is_default(call, "beta", 1.0)) {
    return become_activation(layer, "swish", 0.2), true;
  }
  if (function == "nn.gelu" && only_arguments(call, {"features", "approximate"}) &&
      is_default(call, "approximate", false)) {
    return become_activation(layer, "gelu", 0.2), true;
  }
  if (function == "nn.leaky_relu" && only_arguments(call, {"features", "alpha"})) {
    const auto alpha = call.arguments.find("alpha");
    if (alpha != call.arguments.end() && !alpha->is_number()) return false;
    const double slope = alpha == call.arguments.end() ? 0.2 : alpha->get<double>();
    return become_activation(layer, "leaky_relu", slope), true;
  }
  return false;
}

/// Replaces a function layer where it can; false where it stays.
[[nodiscard]] inline bool replace_function(Layer& layer, const std::optional<Shape>& input,
                                           BatchEntry batch) {
  const std::string function = text_entry(layer, "function", "");
  if (layer.calls.size() != 1 || layer.inputs().empty()) return false;
  if (function == "math.add" || function == "__operators__.add") {
    if (layer.inputs().size() != 2 || !only_arguments(layer.calls.front(), {"x", "y"}))
      return false;
    become(layer, "Add", false);
    return true;
  }
  if (function == "reshape")
    return layer.inputs().size() == 1 && replace_reshape(layer, input, batch);
  if (function == "transpose" || function == "compat.v1.transpose") {
    return layer.inputs().size() == 1 && replace_transpose(layer, batch);
  }
  return replace_function_activation(layer, function);
}

/// The shape of a layer's result for what is known of the layers before it.
[[nodiscard]] inline std::optional<Shape> result_shape(
    const Graph& graph, const std::vector<std::optional<Shape>>& shapes, const Layer& layer) {
  std::vector<Shape> inputs;
  for (const Endpoint& e : layer.inputs()) {
    const auto shape = shape_at(graph, shapes, e);
    if (!shape) return std::nullopt;
    inputs.push_back(*shape);
  }
  return layer_output_shape(layer, inputs);
}

[[nodiscard]] inline Graph replace_functions(Graph graph, Report& report, BatchEntry batch) {
  const auto is_candidate = [](const Layer& layer) {
    return is_keras(layer, "Activation") || is_keras(layer, "TFOpLambda");
  };
  if (std::none_of(graph.layers.begin(), graph.layers.end(), is_candidate)) return graph;
  graph = keras_order(std::move(graph));
  // A shape is known behind a function layer only once that is replaced, so both go hand in hand.
  std::vector<std::optional<Shape>> shapes;
  std::vector<std::pair<std::string, std::string>> new_names;
  for (Layer& layer : graph.layers) {
    if (is_keras(layer, "Activation")) replace_keras_activation(layer);
    if (is_keras(layer, "TFOpLambda") && !layer.inputs().empty()) {
      const Json name = layer.calls.front().arguments.value("name", Json());
      const std::string function = text_entry(layer, "function", "");
      if (!replace_function(layer, shape_at(graph, shapes, layer.inputs().front()), batch)) {
        report.left_alone("replace_function_layers", layer.name,
                          "no layer computes the TensorFlow function " + function);
      } else if (name.is_string() && !name.get<std::string>().empty()) {
        new_names.emplace_back(layer.name, name.get<std::string>());
      }
    }
    shapes.push_back(result_shape(graph, shapes, layer));
  }
  for (const auto& [from, to] : new_names) {
    if (graph.find(to) == nullptr) rename_layer(graph, from, to);
  }
  return graph;
}

}  // namespace detail

[[nodiscard]] inline Graph replace_function_layers(Graph graph, Report& report) {
  return detail::replace_functions(std::move(graph), report, detail::BatchEntry::dropped);
}

/// With the batch as an axis of its own in the targets of reshape and transpose, as QuantizeML has
/// it: the results get an axis of size 1.
[[nodiscard]] inline Graph replace_function_layers_with_batch(Graph graph, Report& report) {
  return detail::replace_functions(std::move(graph), report, detail::BatchEntry::kept);
}

}  // namespace tenon::host
