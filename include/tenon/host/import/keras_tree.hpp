// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/import/keras_calls.hpp>
#include <tenon/host/import/keras_layer.hpp>
#include <utility>
#include <vector>

// A Keras model configuration as a tree: layers, and models among them. Sequential, Functional and
// the old "Model"; the texts of Keras 2 and Keras 3.
namespace tenon::host {

struct KerasModel;

struct KerasLayer {
  Layer layer;                        ///< as it stands on its level: own name, own inputs
  std::unique_ptr<KerasModel> model;  ///< set for a model that is used as a layer
};

struct KerasModel {
  std::string name;
  bool sequential = false;
  std::vector<KerasLayer> layers;  ///< in the order of the file
  std::vector<Endpoint> inputs, outputs;

  [[nodiscard]] KerasLayer* find(std::string_view layer) {
    for (KerasLayer& l : layers) {
      if (l.layer.name == layer) return &l;
    }
    return nullptr;
  }
};

namespace detail {

// More than any network has; what is beyond would keep us busy for minutes.
inline constexpr std::size_t max_layers = 10'000;

[[nodiscard]] inline KerasModel read_model(const Json& entry, std::size_t& layers_left);

[[nodiscard]] inline bool is_model(std::string_view class_name, const Json& config) {
  const bool known =
      class_name == "Functional" || class_name == "Sequential" || class_name == "Model";
  // A class derived from Model has the same configuration.
  return known ||
         (config.is_object() && config.contains("layers") && config.contains("output_layers"));
}

[[nodiscard]] inline KerasLayer read_entry(const Json& entry, std::size_t& layers_left) {
  if (layers_left-- == 0)
    throw Error{5030, "the model has more than " + std::to_string(max_layers) + " layers"};
  KerasLayer found;
  found.layer = read_layer(entry);
  if (is_model(found.layer.class_name, found.layer.config)) {
    found.model = std::make_unique<KerasModel>(read_model(entry, layers_left));
    found.layer.config = Json::object();
  }
  return found;
}

/// Old Sequential models have no InputLayer; their first layer says the shape of its input.
inline void add_input_layer(KerasModel& model) {
  if (model.layers.empty() || is_input(model.layers.front().layer)) return;
  Layer& first = model.layers.front().layer;
  KerasLayer input;
  input.layer.name = first.name + "_input";
  input.layer.class_name = "InputLayer";
  const Json* dtype = entry(first, "dtype");
  const Json* shape = entry(first, "batch_input_shape");
  input.layer.config = Json{{"batch_input_shape", shape == nullptr ? Json() : *shape},
                            {"dtype", dtype == nullptr ? Json("float32") : *dtype},
                            {"sparse", false},
                            {"ragged", false},
                            {"name", input.layer.name}};
  model.layers.insert(model.layers.begin(), std::move(input));
}

inline void read_sequential(const Json& layers, KerasModel& model, std::size_t& layers_left) {
  model.sequential = true;
  for (const Json& entry : layers) model.layers.push_back(read_entry(entry, layers_left));
  if (model.layers.empty())
    throw Error{5030, "the Sequential model '" + model.name + "' has no layers"};
  add_input_layer(model);
  for (std::size_t i = 1; i < model.layers.size(); ++i) {
    Layer& layer = model.layers[i].layer;
    if (is_input(layer))
      throw Error{5033, "layer '" + layer.name + "': an InputLayer inside a Sequential model"};
    layer.config.erase("batch_input_shape");
    layer.calls = {{{{model.layers[i - 1].layer.name, 0, 0}}, Json::object()}};
  }
  model.inputs = {{model.layers.front().layer.name, 0, 0}};
  model.outputs = {{model.layers.back().layer.name, 0, 0}};
}

/// A model counts its own construction as its first call in Keras 2, and not in Keras 3. Whoever
/// counts it never takes result 0.
inline void count_calls_from_zero(KerasModel& model) {
  const auto each_reference = [&](const std::string& name, const auto& use) {
    for (KerasLayer& user : model.layers) {
      change_inputs(user.layer, [&](Endpoint& e) { return e.layer == name && (use(e), true); });
    }
    for (Endpoint& e : model.outputs) {
      if (e.layer == name) use(e);
    }
  };
  for (const KerasLayer& nested : model.layers) {
    if (!nested.model) continue;
    bool from_zero = false;
    each_reference(nested.layer.name, [&](Endpoint& e) { from_zero = from_zero || e.node == 0; });
    if (!from_zero) each_reference(nested.layer.name, [](Endpoint& e) { --e.node; });
  }
}

inline void read_functional(const Json& config, KerasModel& model, std::size_t& layers_left) {
  for (const Json& entry : config.at("layers")) {
    KerasLayer layer = read_entry(entry, layers_left);
    if (const auto nodes = entry.find("inbound_nodes"); nodes != entry.end()) {
      layer.layer.calls = read_calls(*nodes, layer.layer);
    }
    model.layers.push_back(std::move(layer));
  }
  model.inputs = read_endpoints(config.value("input_layers", Json()), model.name);
  model.outputs = read_endpoints(config.value("output_layers", Json()), model.name);
  if (model.outputs.empty())
    throw Error{5030, "the model '" + model.name + "' names no output layers"};
  count_calls_from_zero(model);
}

[[nodiscard]] inline KerasModel read_model(const Json& entry, std::size_t& layers_left) {
  KerasModel model;
  const auto class_name = entry.find("class_name");
  const auto config = entry.find("config");
  if (class_name == entry.end() || !class_name->is_string() || config == entry.end() ||
      !is_model(class_name->get<std::string>(), *config)) {
    throw Error{5030, "the model configuration is not that of a Sequential or Functional model"};
  }
  // Before Keras 2.2.3 the configuration of a Sequential model was the list itself.
  const Json layers = config->is_object() ? config->value("layers", Json()) : *config;
  if (!layers.is_array()) throw Error{5030, "the model configuration has no list of layers"};
  const Json name = config->is_object() ? config->value("name", Json()) : Json();
  model.name = name.is_string() ? name.get<std::string>() : "model";
  if (*class_name == "Sequential") {
    read_sequential(layers, model, layers_left);
  } else if (config->is_object()) {
    read_functional(*config, model, layers_left);
  } else {
    throw Error{5030, "the configuration of the model '" + model.name + "' is not an object"};
  }
  return model;
}

}  // namespace detail

/// TN5030, TN5031 or TN5033 for what is no model.
[[nodiscard]] inline KerasModel read_keras_tree(const Json& configuration) {
  std::size_t layers_left = detail::max_layers;
  if (!configuration.is_object()) throw Error{5030, "the model configuration is not an object"};
  try {
    return detail::read_model(configuration, layers_left);
  } catch (const Json::exception& error) {
    throw Error{5030,
                std::string("the model configuration is not as Keras writes it: ") + error.what()};
  }
}

}  // namespace tenon::host
