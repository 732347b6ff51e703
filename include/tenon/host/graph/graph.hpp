// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A network as a list of layers, in the terms of Keras: names, class names, configurations and
// float variables. The configuration of a layer is the one truth about its parameters; the typed view
// of it is `params_of` (params.hpp). Transforms take a graph and return another one.
namespace tenon::host {

using Json = nlohmann::ordered_json;

/// A float32 variable in C order.
struct Variable {
  std::string name;  ///< as Keras names it, e.g. "conv/kernel:0"
  std::vector<std::size_t> shape;
  std::vector<float> data;
};

/// One tensor that feeds a call: output `tensor` of call `node` of `layer`.
struct Endpoint {
  std::string layer;
  std::size_t node = 0;
  std::size_t tensor = 0;
  bool operator==(const Endpoint&) const = default;
};

/// One use of a layer. A shared layer has several; `arguments` are the keyword arguments of the call, where
/// `inputs` already lists the tensors among them, in order, behind the positional ones.
struct Call {
  std::vector<Endpoint> inputs;
  Json arguments = Json::object();
};

struct Layer {
  std::string name;
  std::string class_name;   ///< without package: "Conv2D", "QuantizedConv2D", "Add"
  bool toolkit = false;     ///< a class of QuantizeML, written "Custom>ClassName"
  Json config;              ///< Keras configuration, `name` included
  std::vector<Call> calls;  ///< one, unless the layer is shared; none for an InputLayer
  std::vector<Variable> variables;

  /// Inputs of the first call.
  [[nodiscard]] const std::vector<Endpoint>& inputs() const {
    static const std::vector<Endpoint> none;
    return calls.empty() ? none : calls.front().inputs;
  }
  /// The variable whose name ends with "/<leaf>" (":0" apart), or nullptr.
  [[nodiscard]] const Variable* variable(std::string_view leaf) const {
    for (const Variable& v : variables) {
      std::string_view stored = v.name;
      if (const auto colon = stored.rfind(':'); colon != stored.npos) stored = stored.substr(0, colon);
      if (stored == leaf || (stored.size() > leaf.size() && stored.ends_with(leaf) &&
                           stored[stored.size() - leaf.size() - 1] == '/')) {
        return &v;
      }
    }
    return nullptr;
  }
  [[nodiscard]] Variable* variable(std::string_view leaf) {
    return const_cast<Variable*>(std::as_const(*this).variable(leaf));
  }
};

struct Graph {
  std::string name = "model";
  bool sequential = false;     ///< written as a Keras Sequential model (a chain that begins with an InputLayer)
  std::vector<Layer> layers;   ///< in topological order, an InputLayer for each input
  std::vector<Endpoint> inputs;
  std::vector<Endpoint> outputs;

  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  /// Position of a layer by name, or `none`.
  [[nodiscard]] std::size_t index(std::string_view layer) const {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (layers[i].name == layer) return i;
    }
    return none;
  }
  [[nodiscard]] const Layer* find(std::string_view layer) const {
    const std::size_t i = index(layer);
    return i == none ? nullptr : &layers[i];
  }
  [[nodiscard]] Layer* find(std::string_view layer) {
    const std::size_t i = index(layer);
    return i == none ? nullptr : &layers[i];
  }
  /// Positions of the layers that use an output of `layer`, each once, in graph order.
  [[nodiscard]] std::vector<std::size_t> consumers(std::string_view layer) const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      bool uses = false;
      for (const Call& call : layers[i].calls) {
        for (const Endpoint& e : call.inputs) uses = uses || e.layer == layer;
      }
      if (uses) found.push_back(i);
    }
    return found;
  }
  [[nodiscard]] bool is_output(std::string_view layer) const {
    for (const Endpoint& e : outputs) {
      if (e.layer == layer) return true;
    }
    return false;
  }
};

}  // namespace tenon::host
