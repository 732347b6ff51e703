// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdio>
#include <string>
#include <tenon/host/graph/graph.hpp>
#include <utility>
#include <vector>

// Small graphs written down in tests, and graphs as text: one line for each layer with its class (a
// * marks the toolkit's), inputs, configuration and variables.
namespace tenon::test {

using host::Call;
using host::Endpoint;
using host::Graph;
using host::Json;
using host::Layer;
using host::Variable;

inline Layer input(const std::string& name, Json sizes) {
  Json shape = Json::array({nullptr});
  for (const Json& size : sizes) shape.push_back(size);
  return {name,  "InputLayer",
          false, Json{{"name", name}, {"dtype", "float32"}, {"batch_input_shape", shape}},
          {},    {}};
}

/// "Class" or "Custom>Class", called once on the first results of other layers.
inline Layer layer(const std::string& class_name, const std::string& name,
                   const std::vector<std::string>& inputs, Json config = Json::object(),
                   std::vector<Variable> variables = {}) {
  const bool toolkit = class_name.starts_with("Custom>");
  config["name"] = name;
  config["trainable"] = true;
  config["dtype"] = "float32";
  Call call;
  for (const std::string& from : inputs) call.inputs.push_back({from, 0, 0});
  return {name,
          class_name.substr(toolkit ? 7 : 0),
          toolkit,
          std::move(config),
          {std::move(call)},
          std::move(variables)};
}

/// 1, 2, 3, … in a variable "<layer>/<leaf>:0".
inline Variable counting(const std::string& name, std::vector<std::size_t> shape) {
  std::size_t count = 1;
  for (const std::size_t extent : shape) count *= extent;
  Variable v{name + ":0", std::move(shape), {}};
  for (std::size_t i = 0; i < count; ++i) v.data.push_back(static_cast<float>(i + 1));
  return v;
}

inline Variable values(const std::string& name, std::vector<float> data) {
  return {name + ":0", {data.size()}, std::move(data)};
}

/// A convolution with a kernel that counts, and no bias unless `use_bias`.
inline Layer conv(const std::string& name, const std::string& from, std::size_t channels,
                  std::size_t filters, Json config = Json::object()) {
  Json full{{"filters", filters}, {"kernel_size", {1, 1}}, {"use_bias", false}};
  for (const auto& [key, value] : config.items()) full[key] = value;
  const auto size = full["kernel_size"].get<std::vector<std::size_t>>();
  std::vector<Variable> variables{
      counting(name + "/kernel", {size[0], size[1], channels, filters})};
  if (full["use_bias"].get<bool>())
    variables.push_back(values(name + "/bias", std::vector<float>(filters, 1)));
  return layer("Conv2D", name, {from}, std::move(full), std::move(variables));
}

/// Layers in order; the model's outputs are the named ones, or the last layer.
inline Graph graph_of(std::vector<Layer> layers, const std::vector<std::string>& outputs = {}) {
  Graph graph;
  for (const Layer& l : layers) {
    if (l.calls.empty()) graph.inputs.push_back({l.name, 0, 0});
  }
  for (const std::string& name : outputs) graph.outputs.push_back({name, 0, 0});
  if (outputs.empty()) graph.outputs.push_back({layers.back().name, 0, 0});
  graph.layers = std::move(layers);
  return graph;
}

inline std::string text(const Endpoint& e) {
  std::string shown = e.layer;
  if (e.node != 0 || e.tensor != 0) shown += "#" + std::to_string(e.node);
  if (e.tensor != 0) shown += "." + std::to_string(e.tensor);
  return shown;
}

inline std::string text(const Variable& v) {
  std::string shown = v.name + "(";
  for (std::size_t i = 0; i < v.shape.size(); ++i)
    shown += (i == 0 ? "" : ",") + std::to_string(v.shape[i]);
  shown += ")";
  if (v.data.size() > 12) return shown;
  for (std::size_t i = 0; i < v.data.size(); ++i) {
    char number[32];
    std::snprintf(number, sizeof number, "%s%g", i == 0 ? "=" : ",",
                  static_cast<double>(v.data[i]));
    shown += number;
  }
  return shown;
}

inline std::string text(const Layer& layer) {
  std::string shown = layer.name + ": " + layer.class_name + (layer.toolkit ? "*" : "");
  for (const Call& call : layer.calls) {
    shown += "(";
    for (std::size_t i = 0; i < call.inputs.size(); ++i)
      shown += (i == 0 ? "" : ", ") + text(call.inputs[i]);
    shown += ")";
    if (!call.arguments.empty()) shown += call.arguments.dump();
  }
  for (const auto& [key, value] : layer.config.items()) {
    const bool usual =
        key == "name" || key == "trainable" || key == "dtype" || key == "batch_input_shape";
    if (!usual) shown += " " + key + "=" + value.dump();
  }
  for (const Variable& v : layer.variables) shown += " " + text(v);
  return shown;
}

/// All layers, and the outputs in the last line. Begins with a line break, as a raw string in a
/// test does.
inline std::string text(const Graph& graph) {
  std::string shown = "\n";
  for (const Layer& layer : graph.layers) shown += text(layer) + "\n";
  shown += "->";
  for (const Endpoint& e : graph.outputs) shown += " " + text(e);
  return shown + "\n";
}

}  // namespace tenon::test
