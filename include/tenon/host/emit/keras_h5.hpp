// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <filesystem>
#include <span>
#include <string>
#include <tenon/host/emit/hdf5.hpp>
#include <tenon/host/emit/keras_config.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/graph.hpp>
#include <utility>
#include <vector>

// Models, float or quantized, as the .h5 file that Keras 2.15 writes: the configuration and every
// variable of every layer in float32. The file appears whole or not at all.
namespace tenon::host {

namespace detail {

/// Names of variables are paths below the group of their layer: one must not stand where another
/// has its members.
inline void require_separate_names(const Layer& layer) {
  std::vector<std::string> names;
  for (const Variable& v : layer.variables) names.push_back(v.name);
  std::sort(names.begin(), names.end());
  for (std::size_t i = 1; i < names.size(); ++i) {
    if (names[i] == names[i - 1] || names[i].starts_with(names[i - 1] + "/")) {
      throw Error{5010, "layer '" + layer.name + "': its weights " + names[i - 1] + " and " +
                            names[i] + " cannot be stored together"};
    }
  }
}

inline void write_variables(Hdf5Writer& file, const Layer& layer) {
  require_separate_names(layer);
  const std::string group = "model_weights/" + layer.name;
  file.group(group);
  std::vector<std::string> names;
  for (const Variable& v : layer.variables) names.push_back(v.name);
  file.string_list(group, "weight_names", names);
  for (const Variable& v : layer.variables) {
    file.dataset<float>(group + "/" + v.name, v.shape, std::span<const float>(v.data));
  }
}

}  // namespace detail

/// TN5010 where the file cannot be written.
inline void write_keras_h5(const Graph& graph, const std::filesystem::path& path) {
  // Nothing is left behind when a name cannot be said in JSON.
  const std::string config = keras_config(graph).dump(-1, ' ', true);
  Hdf5Writer file(path);
  file.attribute("", "keras_version", "2.15.0");
  file.attribute("", "backend", "tensorflow");
  file.attribute("", "model_config", config);
  file.group("model_weights");
  file.attribute("model_weights", "keras_version", "2.15.0");
  file.attribute("model_weights", "backend", "tensorflow");
  std::vector<std::string> names;
  for (const Layer& layer : graph.layers) names.push_back(layer.name);
  file.string_list("model_weights", "layer_names", names);
  for (const Layer& layer : graph.layers) detail::write_variables(file, layer);
  file.group("model_weights/top_level_model_weights");
  file.string_list("model_weights/top_level_model_weights", "weight_names", {});
  file.finish();
}

}  // namespace tenon::host
