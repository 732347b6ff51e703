// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <tenon/host/import/onnx_affine.hpp>
#include <tenon/host/import/onnx_builder.hpp>
#include <tenon/host/import/onnx_function.hpp>
#include <utility>
#include <vector>

// Nodes that compute element by element: activations, sums, products. As long as they depend on one
// tensor and on single numbers they are collected; a layer appears when another node takes the
// result.
namespace tenon::host {

[[nodiscard]] inline const OnnxValue* value_of(OnnxBuilder& b, const std::string& name);

namespace detail {

// Recursion over collected nodes ends here.
inline constexpr std::size_t max_function_nodes = 24;

/// The number that all elements of a constant are.
[[nodiscard]] inline std::optional<double> single_number(const Array& constant) {
  const std::vector<double> numbers = constant.to<double>();
  if (numbers.empty() || std::isnan(numbers.front())) return std::nullopt;
  return all_equal(numbers, numbers.front()) ? std::optional(numbers.front()) : std::nullopt;
}

[[nodiscard]] inline bool is_elementwise(const OnnxNode& node) {
  return node.op_type == "Clip" || onnx_binary(node.op_type) != nullptr || onnx_unary(node);
}

/// A bound of Clip, which is an attribute in old files. Nothing where it is no constant.
[[nodiscard]] inline std::optional<double> clip_bound(const OnnxBuilder& b, const OnnxNode& node,
                                                      std::size_t position, const char* key,
                                                      double fallback) {
  if (const OnnxAttribute* found = node.attribute(key)) return double{found->f};
  if (node.input(position).empty()) return fallback;
  const Array* bound = b.constant(node.input(position));
  return bound == nullptr ? std::nullopt : single_number(*bound);
}

/// The values of a node at the sample points, from those of its operands.
[[nodiscard]] inline std::optional<Samples1D> evaluated(const OnnxBuilder& b, const OnnxNode& node,
                                                        const std::vector<Samples1D>& operands) {
  Samples1D y = operands.front();
  if (node.op_type == "Clip") {
    constexpr double unbounded = std::numeric_limits<double>::infinity();
    const auto least = clip_bound(b, node, 1, "min", -unbounded);
    const auto most = clip_bound(b, node, 2, "max", unbounded);
    if (!least || !most) return std::nullopt;
    for (double& v : y) v = std::min(std::max(v, *least), *most);
  } else if (const auto unary = onnx_unary(node)) {
    for (double& v : y) v = unary(v);
  } else {
    const auto binary = onnx_binary(node.op_type);
    for (std::size_t k = 1; k < operands.size(); ++k) {
      for (std::size_t i = 0; i < y.size(); ++i) y[i] = binary(y[i], operands[k][i]);
    }
  }
  return y;
}

/// Operands of a node: Clip's bounds are not among them.
[[nodiscard]] inline std::size_t operand_count(const OnnxNode& node) {
  return node.op_type == "Clip" || onnx_unary(node) ? 1 : node.inputs.size();
}

/// The node as a function of one tensor; nothing where it is none.
[[nodiscard]] inline std::optional<PendingFunction> function_of_one(OnnxBuilder& b,
                                                                    const OnnxNode& node) {
  std::optional<OnnxValue> root;
  std::vector<Samples1D> operands;
  std::vector<const Array*> constants;
  std::size_t length = 1;
  for (std::size_t k = 0; k < operand_count(node); ++k) {
    const std::string& name = node.inputs[k];
    if (const Array* constant = b.constant(name)) {
      const auto number = single_number(*constant);
      if (!number) return std::nullopt;
      operands.emplace_back().fill(*number);
      constants.push_back(constant);
      continue;
    }
    const auto found = b.pending.find(name);
    const PendingFunction* pending = found == b.pending.end() ? nullptr : &found->second;
    const OnnxValue* value = pending == nullptr ? value_of(b, name) : &pending->root;
    if (value == nullptr || !value->known) return std::nullopt;
    if (root && (root->endpoint != value->endpoint || !root->same_layout(*value)))
      return std::nullopt;
    root = *value;
    operands.push_back(pending == nullptr ? sample_inputs() : pending->samples);
    if (pending != nullptr) length += pending->length;
  }
  if (!root || operands.empty()) return std::nullopt;
  for (const Array* constant : constants) {
    if (!broadcasts_into(*constant, root->shape)) return std::nullopt;
  }
  const auto samples = evaluated(b, node, operands);
  if (!samples) return std::nullopt;
  return PendingFunction{*root, *samples, &node, length};
}

/// One layer for a recognized function; false for one that is not.
[[nodiscard]] inline bool add_function(OnnxBuilder& b, const OnnxNode& node, OnnxValue x,
                                       const RecognizedFunction& f) {
  if (f.kind == FunctionKind::unknown) return false;
  if (f.kind == FunctionKind::identity) return b.alias(node, std::move(x)), true;
  if (f.kind == FunctionKind::affine)
    return add_factors(b, node, std::move(x), {{f.slope}, {f.offset}});
  Json config;
  const char* class_name = "Activation";
  if (f.kind == FunctionKind::relu) {
    class_name = "ReLU";
    config = {
        {"max_value", f.top ? Json(*f.top) : Json()}, {"negative_slope", 0.0}, {"threshold", 0.0}};
  } else {
    config["activation"] = f.name;
    const bool toolkit = f.kind != FunctionKind::keras_activation;
    if (toolkit) config["alpha"] = f.kind == FunctionKind::leaky_relu ? f.slope : 0.2;
  }
  Layer& layer = b.add(node, class_name, {x.endpoint}, config);
  layer.toolkit = f.kind == FunctionKind::toolkit_activation || f.kind == FunctionKind::leaky_relu;
  x.endpoint = {layer.name, 0, 0};
  x.sole = true;
  x.not_negative = f.kind == FunctionKind::relu || f.name == "sigmoid";
  b.alias(node, std::move(x));
  return true;
}

/// PRelu with a slope for each channel stays a float layer.
[[nodiscard]] inline bool add_prelu(OnnxBuilder& b, const OnnxNode& node, OnnxValue x,
                                    const Array& slopes) {
  const auto numbers = channel_numbers(slopes, x);
  if (!numbers || x.rank() != 3) return false;
  Layer& layer = b.add(node, "PReLU", {x.endpoint}, {{"shared_axes", {1, 2}}});
  std::vector<float> alpha(numbers->begin(), numbers->end());
  layer.variables.push_back({layer.name + "/alpha:0", {1, 1, alpha.size()}, std::move(alpha)});
  b.set(node, layer, x.shape, x.order);
  return true;
}

/// One tensor and a constant that differs from channel to channel.
[[nodiscard]] inline bool add_channel_operation(OnnxBuilder& b, const OnnxNode& node) {
  if (node.inputs.size() != 2) return false;
  const bool constant_first = b.constant(node.inputs[0]) != nullptr;
  const Array& constant = *b.constant(node.inputs[constant_first ? 0 : 1]);
  OnnxValue x = *value_of(b, node.inputs[constant_first ? 1 : 0]);
  if (x.flattened) x = b.plain(node, std::move(x));
  if (node.op_type == "PRelu") return !constant_first && add_prelu(b, node, std::move(x), constant);
  const auto numbers = channel_numbers(constant, x);
  if (!numbers) return false;
  ChannelFactors factors{{1}, {0}};
  if (node.op_type == "Add" || node.op_type == "Sum") {
    factors.offset = *numbers;
  } else if (node.op_type == "Mul") {
    factors.scale = *numbers;
  } else if (node.op_type == "Sub") {
    factors.offset = *numbers;
    if (constant_first) factors.scale = {-1};
    for (double& n : factors.offset) n = constant_first ? n : -n;
  } else if (node.op_type == "Div" && !constant_first) {
    factors.scale = *numbers;
    for (double& n : factors.scale) n = 1 / n;
  } else {
    return false;
  }
  return add_factors(b, node, std::move(x), std::move(factors));
}

/// Several tensors of one shape.
[[nodiscard]] inline bool add_merging_layer(OnnxBuilder& b, const OnnxNode& node) {
  const std::string& op = node.op_type;
  const char* class_name = op == "Add" || op == "Sum" ? "Add"
                           : op == "Mul"              ? "Multiply"
                           : op == "Sub"              ? "Subtract"
                           : op == "Max"              ? "Maximum"
                           : op == "Min"              ? "Minimum"
                                                      : nullptr;
  if (class_name == nullptr) return false;
  std::vector<OnnxValue> operands;
  for (const std::string& name : node.inputs) operands.push_back(*value_of(b, name));
  for (OnnxValue& x : operands) {
    if (x.shape != operands.front().shape) return false;
  }
  bool same = true;
  for (const OnnxValue& x : operands) same = same && x.same_layout(operands.front());
  if (!same) {
    // The order of most inputs would save layers; that of the first is as good.
    if (operands.front().flattened) operands.front() = b.plain(node, operands.front());
    const AxisOrder order = operands.front().order;
    for (OnnxValue& x : operands) x = b.arranged(node, std::move(x), order);
  }
  OnnxValue sum = operands.front();
  // A chain of layers with two inputs, which are those that can be quantized.
  for (std::size_t k = 1; k < operands.size(); ++k) {
    sum.endpoint = {b.add(node, class_name, {sum.endpoint, operands[k].endpoint}, Json::object(),
                          k + 1 < operands.size() ? std::to_string(k) : "")
                        .name,
                    0, 0};
  }
  sum.sole = true;
  sum.not_negative = false;
  b.alias(node, std::move(sum));
  return true;
}

/// The node as a layer of its own; false where there is none.
[[nodiscard]] inline bool add_elementwise_layer(OnnxBuilder& b, const OnnxNode& node) {
  std::size_t tensors = 0;
  const std::size_t count = operand_count(node);
  for (std::size_t k = 0; k < count; ++k) {
    if (b.constant(node.inputs[k]) != nullptr) continue;
    const OnnxValue* x = value_of(b, node.inputs[k]);
    if (x == nullptr || !x->known) return false;
    ++tensors;
  }
  if (tensors == 1) {
    if (const auto function = function_of_one(b, node)) {
      return add_function(b, node, function->root, recognized(function->samples));
    }
    return count == 2 && add_channel_operation(b, node);
  }
  return tensors == count && add_merging_layer(b, node);
}

}  // namespace detail

/// A layer that stands for a node which has none. What it computes is not known behind it, not even
/// the shape.
inline void add_opaque(OnnxBuilder& b, const OnnxNode& node) {
  std::vector<Endpoint> inputs;
  for (const std::string& name : node.inputs) {
    const OnnxValue* found = value_of(b, name);
    if (found != nullptr) inputs.push_back(found->endpoint);
  }
  // Constants that are not known, such as the numbers of a loop: whoever takes them is not known
  // either.
  if (inputs.empty()) return;
  const Layer& layer = b.add(node, "ONNX>" + plain_text(node.op_type), std::move(inputs));
  const std::string made = layer.name;
  for (std::size_t k = 0; k < node.outputs.size(); ++k) {
    if (node.outputs[k].empty()) continue;
    OnnxValue value;
    value.endpoint = {made, 0, k};
    value.known = false;
    b.set(node.outputs[k], std::move(value));
  }
}

/// Collects an elementwise node. False for one that depends on something unknown.
[[nodiscard]] inline bool import_elementwise(OnnxBuilder& b, const OnnxNode& node) {
  if (node.inputs.empty()) return false;
  std::size_t length = 0;
  for (std::size_t k = 0; k < detail::operand_count(node); ++k) {
    const auto pending = b.pending.find(node.inputs[k]);
    if (pending != b.pending.end()) length += pending->second.length;
  }
  for (std::size_t k = 0; k < detail::operand_count(node); ++k) {
    // What several nodes take is a layer, and the root of what follows.
    const bool shared = b.uses[node.inputs[k]] > 1;
    if (shared || length >= detail::max_function_nodes) (void)value_of(b, node.inputs[k]);
  }
  if (auto function = detail::function_of_one(b, node)) {
    b.pending[node.outputs.front()] = std::move(*function);
    return true;
  }
  return detail::add_elementwise_layer(b, node);
}

/// The tensor of that name, whose layer is made now if it was not yet. nullptr for what is no
/// tensor, or not known.
[[nodiscard]] inline const OnnxValue* value_of(OnnxBuilder& b, const std::string& name) {
  if (const auto found = b.values.find(name); found != b.values.end()) return &found->second;
  const auto pending = b.pending.find(name);
  if (pending == b.pending.end()) return nullptr;
  const PendingFunction function = std::move(pending->second);
  b.pending.erase(pending);
  const OnnxNode& node = *function.node;
  const RecognizedFunction f = recognized(function.samples);
  // x + x is an Add, though it is 2 x.
  std::size_t tensors = 0;
  for (const std::string& input : node.inputs) {
    if (!input.empty() && b.constant(input) == nullptr) ++tensors;
  }
  const bool sum_of_tensors =
      tensors > 1 && (f.kind == FunctionKind::affine || f.kind == FunctionKind::identity);
  if (sum_of_tensors || !detail::add_function(b, node, function.root, f)) {
    if (!detail::add_elementwise_layer(b, node)) add_opaque(b, node);
  }
  const auto made = b.values.find(name);
  return made == b.values.end() ? nullptr : &made->second;
}

}  // namespace tenon::host
