// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
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
#include <tenon/host/import/zip.hpp>
#include <utility>
#include <vector>

// Models in the .keras archives of Keras 2.12 and later: config.json, and model.weights.h5 where
// weights are found by the class of a layer and its turn among the layers of that class.
namespace tenon::host {

namespace detail {

[[nodiscard]] inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
[[nodiscard]] inline bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

/// Keras' own spelling: "DepthwiseConv2D" → "depthwise_conv2d", "ReLU" → "re_lu", "PReLU" →
/// "p_re_lu".
[[nodiscard]] inline std::string snake_case(std::string_view class_name) {
  std::string name;
  for (const char c : class_name) {
    if (is_upper(c) || is_lower(c) || (c >= '0' && c <= '9') || c == '_') name += c;
  }
  // First a break before each capital that begins a word, then one between a small letter and a
  // capital.
  std::string words;
  for (std::size_t i = 0; i < name.size();) {
    words += name[i++];
    if (i + 1 < name.size() && is_upper(name[i]) && is_lower(name[i + 1])) {
      words += '_';
      words += name[i++];
      while (i < name.size() && is_lower(name[i])) words += name[i++];
    }
  }
  std::string snake;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0 && is_lower(words[i - 1]) && is_upper(words[i])) snake += '_';
    snake += is_upper(words[i]) ? static_cast<char>(words[i] - 'A' + 'a') : words[i];
  }
  return snake;
}

/// All variables below a group of the weights, in Keras' order: its own, then those of its parts.
class ArchivedWeights {
 public:
  ArchivedWeights(const Hdf5Reader& file, Layer& layer) : file_(file), layer_(layer) {}

  void read(const std::string& group) {
    read_own(group, layer_.name);
    const bool known = expected_variables(layer_).has_value();
    for (const std::string& part : parts(group)) {
      // The parts of an output quantizer have names of their own in an .h5 file; seeds of random
      // layers are no weights.
      if (part == "out_quantizer") {
        read_quantizer(group + "/" + part);
      } else if (!known && part != "seed_generator") {
        read_part(group + "/" + part, layer_.name + "/" + part);
      }
    }
  }

 private:
  [[nodiscard]] std::vector<std::string> parts(const std::string& group) const {
    if (!file_.exists(group)) return {};
    std::vector<std::string> names = file_.children(group);
    std::erase(names, "vars");
    return names;
  }

  void read_own(const std::string& group, const std::string& scope) {
    for (std::size_t i = 0; file_.exists(group + "/vars/" + std::to_string(i)); ++i) {
      const std::string path = group + "/vars/" + std::to_string(i);
      layer_.variables.push_back(variable_from(scope + "/variable_" + std::to_string(i) + ":0",
                                               file_.dataset(path), layer_.name));
    }
  }

  void read_quantizer(const std::string& group) {
    const std::size_t first = layer_.variables.size();
    read_own(group, layer_.name + "/output_quantizer");
    const char* names[] = {"/output_quantizer/range_max:0", "/output_quantizer/rescaling_rate:0"};
    for (std::size_t i = 0; i < 2 && first + i < layer_.variables.size(); ++i) {
      layer_.variables[first + i].name = layer_.name + names[i];
    }
  }

  // As deep as the links of the file, which end: a group that holds itself gives longer and longer
  // paths.
  void read_part(const std::string& group, const std::string& scope, std::size_t depth = 0) {
    if (depth > 16)
      throw Error{5032,
                  "layer '" + layer_.name + "': its weights are nested too deep in the archive"};
    read_own(group, scope);
    for (const std::string& part : parts(group))
      read_part(group + "/" + part, scope + "/" + part, depth + 1);
  }

  const Hdf5Reader& file_;
  Layer& layer_;
};

/// The group of each layer, by turn; where the archive tells the names of layers, by name.
[[nodiscard]] inline std::map<std::string, std::string> groups_by_name(const Hdf5Reader& file,
                                                                       const std::string& groups) {
  std::map<std::string, std::string> found;
  if (!file.exists(groups)) return found;
  for (const std::string& child : file.children(groups)) {
    const std::string vars = groups + "/" + child + "/vars";
    if (file.exists(vars) && file.has_attribute(vars, "name")) {
      found[file.attribute(vars, "name")] = groups + "/" + child;
    }
  }
  return found;
}

inline void read_archived_weights(const Hdf5Reader& file, const std::string& root,
                                  KerasModel& model) {
  const std::string groups = root + (root.empty() ? "" : "/") + "layers";
  const auto named = groups_by_name(file, groups);
  std::map<std::string, std::size_t> turns;
  for (KerasLayer& layer : model.layers) {
    // A model counts among models of its class.
    const std::string kind =
        snake_case(layer.layer.class_name.substr(layer.layer.class_name.rfind('.') + 1));
    const std::size_t turn = turns[kind]++;
    const auto known = named.find(layer.layer.name);
    const std::string group =
        known != named.end() ? known->second
                             : groups + "/" + kind + (turn == 0 ? "" : "_" + std::to_string(turn));
    if (layer.model) {
      read_archived_weights(file, group, *layer.model);
    } else {
      ArchivedWeights(file, layer.layer).read(group);
    }
  }
}

[[nodiscard]] inline std::vector<std::byte> read_member(const ZipReader& archive,
                                                        std::string_view name) {
  const auto& members = archive.members();
  const auto found = std::find(members.begin(), members.end(), name);
  if (found == members.end()) {
    throw Error{5030,
                archive.file() + ": no member " + std::string(name) + "; it is no Keras model"};
  }
  return archive.read(static_cast<std::size_t>(found - members.begin()));
}

}  // namespace detail

/// TN5002 and TN5020 to TN5024 for what is wrong with the archive, TN5030 to TN5033 and TN5007 for
/// the model in it.
[[nodiscard]] inline Graph read_keras_zip(const ZipReader& archive) {
  const auto config = detail::read_member(archive, "config.json");
  const std::string_view text(reinterpret_cast<const char*>(config.data()), config.size());
  KerasModel model = read_keras_tree(parse_json(text, archive.file() + ", config.json"));
  const Hdf5Reader weights(detail::read_member(archive, "model.weights.h5"),
                           archive.file() + ", model.weights.h5");
  detail::read_archived_weights(weights, "", model);
  return checked(flatten(std::move(model)));
}

[[nodiscard]] inline Graph read_keras_zip(const std::filesystem::path& path) {
  return read_keras_zip(ZipReader(path));
}

}  // namespace tenon::host
