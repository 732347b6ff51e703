// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tenon/host/array.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/import/onnx_function.hpp>
#include <tenon/host/import/onnx_layout.hpp>
#include <tenon/host/import/onnx_model.hpp>
#include <tenon/tensor/shape.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

// The graph that grows while an ONNX file is read: layers so far, and what each name of the file
// stands for.
namespace tenon::host {

[[noreturn]] inline void refuse_node(const OnnxNode& node, const std::string& why) {
  throw Error{5051, "node '" + node.name + "' (" + node.op_type + "): " + why};
}

/// Letters, digits and a few signs: a name is a path in an .h5 file, a text in JSON and part of
/// names in C++.
[[nodiscard]] inline std::string plain_text(std::string text) {
  for (char& c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-';
    if (!plain) c = '_';
  }
  return text;
}

/// A layer that multiplies and adds, for each channel or for all: further such nodes join it.
struct ChannelFactors {
  std::vector<double> scale, offset;
};

/// Nodes that together compute a function of one number, not yet a layer.
struct PendingFunction {
  OnnxValue root;
  Samples1D samples;
  const OnnxNode* node = nullptr;  ///< the last of them
  std::size_t length = 1;
};

class OnnxBuilder {
 public:
  explicit OnnxBuilder(const OnnxModel& model) : model_(model) {}

  Graph graph;
  std::unordered_map<std::string, OnnxValue> values;
  std::unordered_map<std::string, Array> constants;
  std::unordered_map<std::string, PendingFunction> pending;
  std::unordered_map<std::string, ChannelFactors> factors;  ///< by layer
  std::unordered_map<std::string, std::size_t> uses;        ///< by nodes and outputs of the model

  [[nodiscard]] std::int64_t opset() const { return model_.opset; }
  [[nodiscard]] const OnnxModel& model() const { return model_; }

  [[nodiscard]] const Array* constant(const std::string& name) const {
    const auto found = constants.find(name);
    return name.empty() || found == constants.end() ? nullptr : &found->second;
  }
  /// The integers of a constant, or nothing where it is none or holds others.
  [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(const std::string& name) const {
    const Array* found = constant(name);
    if (found == nullptr || found->dtype[0] == 'f' || found->dtype == "u8") return std::nullopt;
    return found->to<std::int64_t>();
  }
  /// The numbers of a constant as weights. TN5007 for NaN and infinity.
  [[nodiscard]] std::vector<float> weights(const OnnxNode& node, const std::string& name) const {
    const Array& array = constants.at(name);
    const std::string what = "node '" + node.name + "' (" + node.op_type + "), weight " + name;
    std::vector<float> numbers = array.to<float>(what);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (!std::isfinite(numbers[i])) {
        throw Error{5007, what + ": the value at position " + std::to_string(i) +
                              " is NaN or infinite; the model was not trained well"};
      }
    }
    return numbers;
  }

  [[nodiscard]] Layer& layer(const std::string& name) { return graph.layers[position_.at(name)]; }

  /// A new layer behind `inputs`, named after the node.
  Layer& add(const OnnxNode& node, std::string_view class_name, std::vector<Endpoint> inputs,
             Json config = Json::object(), std::string_view suffix = {}) {
    Layer layer;
    layer.name = unused_name(node.name, class_name, suffix);
    layer.class_name = class_name;
    layer.config = Json{{"name", layer.name}, {"trainable", true}, {"dtype", "float32"}};
    for (const auto& [key, value] : config.items()) layer.config[key] = value;
    if (!inputs.empty()) layer.calls.push_back({std::move(inputs), Json::object()});
    position_[layer.name] = graph.layers.size();
    graph.layers.push_back(std::move(layer));
    return graph.layers.back();
  }

  /// What a node's output stands for. TN1006 for a shape that no layer has.
  void set(const std::string& name, OnnxValue value) {
    if (value.known) {
      std::int64_t elements = 1;
      for (const std::int64_t size : value.shape) {
        if (size < 1 || size > std::int64_t{1} << 24 ||
            (elements *= size) > std::int64_t{1} << 31) {
          throw Error{1006, "tensor '" + name + "' of " + model_.file +
                                " has a size that is not positive, or too many elements"};
        }
      }
      if (value.rank() > Shape::max_rank || value.shape.empty()) {
        throw Error{1006, "tensor '" + name + "' of " + model_.file + " has " +
                              std::to_string(value.rank()) + " dimensions besides the batch"};
      }
    }
    value.sole = value.sole && uses[name] == 1;
    values[name] = std::move(value);
  }
  /// The output of a new layer.
  void set(const OnnxNode& node, const Layer& made, OnnxShape shape, AxisOrder order) {
    OnnxValue value;
    value.endpoint = {made.name, 0, 0};
    value.shape = std::move(shape);
    value.order = std::move(order);
    value.sole = true;
    set(node.outputs.front(), std::move(value));
  }
  /// The output is an input, in the same or another view.
  void alias(const OnnxNode& node, OnnxValue value) { set(node.outputs.front(), std::move(value)); }

  /// The same tensor with its axes in another order.
  [[nodiscard]] OnnxValue arranged(const OnnxNode& node, OnnxValue value, const AxisOrder& order) {
    value = unflattened(node, std::move(value));
    if (value.order == order) return value;
    Json dims = Json::array();
    for (const std::size_t axis : order) {
      const auto at = std::find(value.order.begin(), value.order.end(), axis);
      dims.push_back(at - value.order.begin() + 1);
    }
    value.endpoint.layer = add(node, "Permute", {value.endpoint}, {{"dims", dims}}, "permute").name;
    value.endpoint.tensor = 0;
    value.order = order;
    value.sole = false;
    return value;
  }
  /// The same tensor in the order of ONNX.
  [[nodiscard]] OnnxValue plain(const OnnxNode& node, OnnxValue value) {
    const std::size_t rank = value.rank();
    return arranged(node, std::move(value), same_order(rank));
  }
  /// (height, width, channels).
  [[nodiscard]] OnnxValue spatial(const OnnxNode& node, OnnxValue value) {
    return arranged(node, std::move(value), channels_last_order());
  }

 private:
  /// A vector whose elements stand in Keras' order gets those of ONNX.
  [[nodiscard]] OnnxValue unflattened(const OnnxNode& node, OnnxValue value) {
    if (!value.flattened) return value;
    OnnxValue map = value;
    map.shape = value.flattened->shape;
    map.order = value.flattened->order;
    map.flattened.reset();
    map.endpoint = {
        add(node, "Reshape", {value.endpoint}, {{"target_shape", map.keras_shape()}}, "reshape")
            .name,
        0, 0};
    map = plain(node, std::move(map));
    value.endpoint = {add(node, "Flatten", {map.endpoint}, Json::object(), "flatten").name, 0, 0};
    value.flattened.reset();
    value.sole = false;
    return value;
  }

  [[nodiscard]] std::string unused_name(std::string name, std::string_view class_name,
                                        std::string_view suffix) {
    name = plain_text(std::move(name));
    name.erase(0, name.find_first_not_of("_.-"));
    if (name.empty()) {
      for (const char c : class_name.substr(class_name.rfind('>') + 1)) {
        name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      }
    }
    if (!suffix.empty()) name.append("_").append(suffix);
    const std::string stem = name;
    for (std::size_t& next = next_suffix_[stem]; position_.contains(name); ++next) {
      name = stem + "_" + std::to_string(next + 2);
    }
    return name;
  }

  const OnnxModel& model_;
  std::unordered_map<std::string, std::size_t> position_;
  std::unordered_map<std::string, std::size_t> next_suffix_;
};

/// Whether a constant can be combined with a tensor without changing its shape.
[[nodiscard]] inline bool broadcasts_into(const Array& constant, const OnnxShape& shape) {
  const std::size_t rank = constant.shape.size();
  if (rank > shape.size() + 1) return false;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::size_t from_end = rank - 1 - i;
    const bool batch = from_end == shape.size();
    const auto wanted = batch ? std::int64_t{1} : shape[shape.size() - 1 - from_end];
    if (constant.shape[i] != 1 && static_cast<std::int64_t>(constant.shape[i]) != wanted)
      return false;
  }
  return constant.size() > 0;
}

}  // namespace tenon::host
