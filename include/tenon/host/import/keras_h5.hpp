// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/import/hdf5.hpp>
#include <tenon/host/import/json.hpp>
#include <tenon/host/import/keras_checks.hpp>
#include <tenon/host/import/keras_flatten.hpp>
#include <tenon/host/import/keras_tree.hpp>
#include <tenon/host/import/keras_weights.hpp>
#include <utility>
#include <vector>

// Models in the .h5 files of Keras 2 and 3, float or quantized by QuantizeML. Nothing in the file
// is run, and nothing it says is believed before it was compared with the rest.
namespace tenon::host {

namespace detail {

/// Layers of a model that are no models, however deep, by their own names.
template <class Use>
void each_leaf_layer(KerasModel& model, const Use& use) {
  for (KerasLayer& layer : model.layers) {
    if (layer.model) {
      each_leaf_layer(*layer.model, use);
    } else {
      use(layer.layer);
    }
  }
}

/// Whether `layer` is a part of the path of a variable, such as "sub_c" of "sub_c/kernel:0".
[[nodiscard]] inline bool names_variable(std::string_view layer, std::string_view variable) {
  for (std::size_t at = variable.find(layer); at != variable.npos;
       at = variable.find(layer, at + 1)) {
    const std::size_t end = at + layer.size();
    if ((at == 0 || variable[at - 1] == '/') && end < variable.size() && variable[end] == '/')
      return true;
  }
  return false;
}

/// The weights of a model that is a layer are stored together: each belongs to the layer that its
/// name tells.
inline void give_to_leaf(KerasModel& model, const std::string& outer, Variable variable) {
  Layer* owner = nullptr;
  std::size_t owners = 0;
  each_leaf_layer(model, [&](Layer& layer) {
    if (!names_variable(layer.name, variable.name)) return;
    const std::size_t best = owner == nullptr ? 0 : owner->name.size();
    if (layer.name.size() == best) ++owners;
    if (layer.name.size() > best) {
      owner = &layer;
      owners = 1;
    }
  });
  if (owners != 1) {
    throw Error{5032, "model '" + outer + "': its weight " + variable.name + " belongs to " +
                          (owners == 0 ? "none" : "several") + " of its layers"};
  }
  owner->variables.push_back(std::move(variable));
}

inline void read_weights(const Hdf5Reader& file, KerasModel& model) {
  const std::string root = "model_weights";
  for (const std::string& name : file.string_list(root, "layer_names")) {
    const std::string group = root + "/" + name;
    for (const std::string& weight : file.string_list(group, "weight_names")) {
      KerasLayer* layer = model.find(name);
      if (layer == nullptr)
        throw Error{5032,
                    file.file() + ": weights of '" + name + "', which is no layer of the model"};
      Variable variable = variable_from(weight, file.dataset(group + "/" + weight), name);
      if (layer->model) {
        give_to_leaf(*layer->model, name, std::move(variable));
      } else {
        layer->layer.variables.push_back(std::move(variable));
      }
    }
  }
}

}  // namespace detail

/// TN5020 to TN5024 for what is wrong with the file, TN5030 to TN5033 and TN5007 for the model in
/// it.
[[nodiscard]] inline Graph read_keras_h5(const Hdf5Reader& file) {
  if (!file.has_attribute("", "model_config")) {
    throw Error{
        5030, file.file() + ": no model configuration; save the whole model, not its weights only"};
  }
  KerasModel model = read_keras_tree(
      parse_json(file.attribute("", "model_config"), file.file() + ", model_config"));
  if (file.exists("model_weights")) detail::read_weights(file, model);
  return checked(flatten(std::move(model)));
}

[[nodiscard]] inline Graph read_keras_h5(const std::filesystem::path& path) {
  return read_keras_h5(Hdf5Reader(path));
}

}  // namespace tenon::host
