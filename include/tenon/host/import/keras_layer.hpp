// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/config.hpp>
#include <tenon/host/graph/graph.hpp>
#include <utility>
#include <vector>

// One entry of a list of layers: class and configuration, written as Keras 2 writes them.
namespace tenon::host::detail {

/// A policy object stands for the type of the variables, which is all that is stored.
inline void plain_dtype(Json& config) {
  const auto dtype = config.find("dtype");
  if (dtype == config.end() || dtype->is_string()) return;
  Json name;
  if (dtype->is_object() && dtype->contains("config") && dtype->at("config").is_object()) {
    name = dtype->at("config").value("name", Json());
  }
  const bool plain = name.is_string() && !name.get<std::string>().starts_with("mixed_");
  *dtype = plain ? name : Json("float32");
}

/// What Keras 3 says in other words. Initializers and the like are dropped: Keras 2 has no such
/// classes.
inline void as_keras_2(Json& config, std::string_view class_name) {
  Json kept = Json::object();
  for (const auto& [key, value] : config.items()) {
    const bool training_only = key.ends_with("_initializer") || key.ends_with("_regularizer") ||
                               key.ends_with("_constraint") || key == "quantization_config" ||
                               key == "lora_rank" || key == "optional" || key == "lora_alpha";
    if (!training_only) kept[key == "batch_shape" ? "batch_input_shape" : key] = value;
  }
  if (class_name == "InputLayer") {
    kept.erase("trainable");
    if (!kept.contains("ragged")) kept["ragged"] = false;
  }
  if (class_name == "LeakyReLU" && kept.contains("negative_slope")) {
    kept["alpha"] = kept["negative_slope"];
    kept.erase("negative_slope");
  }
  config = std::move(kept);
}

/// Operations of Keras 3 on tensors stand among the layers. Their module, where it is stored, tells
/// them from layers.
inline void name_operation(Layer& layer, const Json& module) {
  if (layer.class_name == "Relu") {
    layer.class_name = "ReLU";
  } else if (module.is_string() && layer.class_name != "Add") {
    const std::string text = module.get<std::string>();
    const std::size_t operations = text.find(".ops.");
    if (operations != text.npos)
      layer.class_name = text.substr(operations + 1) + "." + layer.class_name;
  }
}

[[nodiscard]] inline Layer read_layer(const Json& entry) {
  if (!entry.is_object()) throw Error{5030, "an entry of the list of layers is not an object"};
  const auto class_name = entry.find("class_name");
  const auto config = entry.find("config");
  if (class_name == entry.end() || !class_name->is_string() || config == entry.end()) {
    throw Error{5030, "a layer has no class_name or no config"};
  }
  Layer layer;
  layer.class_name = class_name->get<std::string>();
  layer.config = *config;
  const std::string registered = entry.value("registered_name", Json()).is_string()
                                     ? entry["registered_name"].get<std::string>()
                                     : layer.class_name;
  if (registered.starts_with("Custom>")) {
    layer.toolkit = true;
    layer.class_name = registered.substr(7);
  }
  Json name = entry.value("name", Json());
  if (!name.is_string() && config->is_object()) name = config->value("name", Json());
  if (!name.is_string() || name.get<std::string>().empty() ||
      name.get<std::string>().find('\0') != std::string::npos) {
    throw Error{5030, "a layer of class " + layer.class_name + " has no name"};
  }
  layer.name = name.get<std::string>();
  if (!config->is_object()) {
    // The list of an old nested Sequential model is the only other kind.
    if (layer.class_name != "Sequential")
      throw Error{5031, "layer '" + layer.name + "': its config is not an object"};
    return layer;
  }
  const Json module = entry.value("module", Json());
  const bool keras_3 = layer.config.contains("batch_shape") ||
                       (layer.config.contains("dtype") && layer.config["dtype"].is_object() &&
                        layer.config["dtype"].value("class_name", Json()) == "DTypePolicy");
  if (keras_3) as_keras_2(layer.config, layer.class_name);
  name_operation(layer, module);
  plain_dtype(layer.config);
  layer.config["name"] = layer.name;
  return layer;
}

}  // namespace tenon::host::detail
