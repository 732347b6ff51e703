// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tenon/host/error.hpp>
#include <tenon/host/import/onnx_tensor.hpp>
#include <tenon/host/import/protobuf.hpp>
#include <utility>
#include <vector>

// What an ONNX file says, as far as Tenon reads it: nodes, constants, inputs and outputs. Graphs
// inside of nodes (loops, branches) are not opened.
namespace tenon::host {

struct OnnxAttribute {
  std::string name;
  float f = 0;
  std::int64_t i = 0;
  std::string s;
  std::optional<OnnxTensor> t;
  std::vector<float> floats;
  std::vector<std::int64_t> ints;
};

struct OnnxNode {
  std::string name;
  std::string op_type;
  std::string domain;
  std::vector<std::string> inputs;  ///< an empty name stands for one that is left out
  std::vector<std::string> outputs;
  std::vector<OnnxAttribute> attributes;

  [[nodiscard]] const OnnxAttribute* attribute(std::string_view key) const {
    for (const OnnxAttribute& a : attributes) {
      if (a.name == key) return &a;
    }
    return nullptr;
  }
  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t fallback) const {
    const OnnxAttribute* found = attribute(key);
    return found == nullptr ? fallback : found->i;
  }
  [[nodiscard]] float number(std::string_view key, float fallback) const {
    const OnnxAttribute* found = attribute(key);
    return found == nullptr ? fallback : found->f;
  }
  [[nodiscard]] std::string text(std::string_view key, std::string fallback) const {
    const OnnxAttribute* found = attribute(key);
    return found == nullptr ? std::move(fallback) : found->s;
  }
  /// An input by position, or an empty name.
  [[nodiscard]] const std::string& input(std::size_t position) const {
    static const std::string none;
    return position < inputs.size() ? inputs[position] : none;
  }
};

/// A list of integers that must have `count` of them, each from `least` to 2^24. TN5053 otherwise.
[[nodiscard]] inline std::vector<std::int64_t> integers_of(const OnnxNode& node,
                                                           std::string_view key, std::size_t count,
                                                           std::int64_t fallback,
                                                           std::int64_t least) {
  const OnnxAttribute* found = node.attribute(key);
  if (found == nullptr || found->ints.empty()) return std::vector<std::int64_t>(count, fallback);
  bool fits = found->ints.size() == count;
  for (const std::int64_t value : found->ints) {
    fits = fits && value >= least && value <= std::int64_t{1} << 24;
  }
  if (!fits) {
    throw Error{5053, "node '" + node.name + "' (" + node.op_type + "): '" + std::string(key) +
                          "' should be " + std::to_string(count) + " integers from " +
                          std::to_string(least)};
  }
  return found->ints;
}

struct OnnxInput {
  std::string name;
  std::vector<std::int64_t> dims;  ///< -1 for one that is not known; batch included
};

struct OnnxModel {
  std::string file;
  std::string name;
  std::int64_t opset = 0;
  std::vector<OnnxNode> nodes;
  std::vector<OnnxTensor> constants;
  std::vector<OnnxInput> inputs;  ///< old files list the constants among them
  std::vector<std::string> outputs;
};

namespace detail {

[[nodiscard]] inline std::string wire_text(const WireReader& reader, const WireField& field) {
  reader.require(field, WireType::bytes);
  return field.text();
}

[[nodiscard]] inline OnnxAttribute read_onnx_attribute(WireReader reader) {
  OnnxAttribute attribute;
  WireField field;
  while (reader.next(field)) {
    switch (field.number) {
      case 1:
        attribute.name = wire_text(reader, field);
        break;
      case 2:
        reader.require(field, WireType::fixed32);
        attribute.f = field.number32();
        break;
      case 3:
        reader.require(field, WireType::varint);
        attribute.i = field.integer();
        break;
      case 4:
        attribute.s = wire_text(reader, field);
        break;
      case 5:
        attribute.t = read_onnx_tensor(reader.message(field));
        break;
      case 7:
        reader.append(field, WireType::fixed32, attribute.floats,
                      [](const auto& f) { return f.number32(); });
        break;
      case 8:
        reader.append(field, WireType::varint, attribute.ints,
                      [](const auto& f) { return f.integer(); });
        break;
      default:
        break;
    }
  }
  return attribute;
}

[[nodiscard]] inline OnnxNode read_onnx_node(WireReader reader) {
  OnnxNode node;
  WireField field;
  while (reader.next(field)) {
    switch (field.number) {
      case 1:
        node.inputs.push_back(wire_text(reader, field));
        break;
      case 2:
        node.outputs.push_back(wire_text(reader, field));
        break;
      case 3:
        node.name = wire_text(reader, field);
        break;
      case 4:
        node.op_type = wire_text(reader, field);
        break;
      case 5:
        node.attributes.push_back(read_onnx_attribute(reader.message(field)));
        break;
      case 7:
        node.domain = wire_text(reader, field);
        break;
      default:
        break;
    }
  }
  if (node.name.empty() && !node.outputs.empty()) node.name = node.outputs.front();
  return node;
}

/// The one field of that number in a message, or nothing.
[[nodiscard]] inline std::optional<WireField> wire_field(WireReader reader, std::uint32_t number) {
  std::optional<WireField> found;
  WireField field;
  while (reader.next(field)) {
    if (field.number == number) found = field;
  }
  return found;
}

[[nodiscard]] inline OnnxInput read_onnx_input(const WireReader& reader) {
  OnnxInput input;
  if (const auto name = wire_field(reader, 1)) input.name = wire_text(reader, *name);
  const auto type = wire_field(reader, 2);
  const auto tensor = type ? wire_field(reader.message(*type), 1) : std::nullopt;
  const auto shape = tensor ? wire_field(reader.message(*tensor), 2) : std::nullopt;
  if (!shape) return input;
  WireReader dims = reader.message(*shape);
  WireField dim;
  while (dims.next(dim)) {
    if (dim.number != 1) continue;
    const auto size = wire_field(dims.message(dim), 1);
    const bool known = size && size->type == WireType::varint && size->integer() > 0;
    input.dims.push_back(known ? size->integer() : -1);
  }
  return input;
}

inline void read_onnx_graph(WireReader reader, OnnxModel& model) {
  // More than any network has; what is beyond would keep us busy for minutes.
  constexpr std::size_t max_nodes = 10'000;
  WireField field;
  while (reader.next(field)) {
    switch (field.number) {
      case 1:
        model.nodes.push_back(read_onnx_node(reader.message(field)));
        break;
      case 2:
        model.name = wire_text(reader, field);
        break;
      case 5:
        model.constants.push_back(read_onnx_tensor(reader.message(field)));
        break;
      case 11:
        model.inputs.push_back(read_onnx_input(reader.message(field)));
        break;
      case 12: {
        const WireReader output = reader.message(field);
        const auto name = wire_field(output, 1);
        if (name) model.outputs.push_back(wire_text(output, *name));
        break;
      }
      case 15:
        throw Error{5052, model.file + " has sparse constants, which are not read"};
      default:
        break;
    }
    if (model.nodes.size() > max_nodes) {
      throw Error{5051, model.file + " has more than " + std::to_string(max_nodes) + " nodes"};
    }
  }
}

}  // namespace detail

/// TN5050 to TN5053 for what is no ONNX model.
[[nodiscard]] inline OnnxModel read_onnx_model(std::span<const std::byte> bytes,
                                               const std::string& file) {
  OnnxModel model;
  model.file = file;
  WireReader reader(bytes, file);
  WireField field;
  bool has_graph = false;
  while (reader.next(field)) {
    if (field.number == 7) {
      if (has_graph) throw Error{5051, file + " has two graphs"};
      has_graph = true;
      detail::read_onnx_graph(reader.message(field), model);
    } else if (field.number == 8) {
      const WireReader set = reader.message(field);
      const auto domain = detail::wire_field(set, 1);
      const auto version = detail::wire_field(set, 2);
      const std::string name = domain ? detail::wire_text(set, *domain) : "";
      if (version && (name.empty() || name == "ai.onnx")) model.opset = version->integer();
    }
  }
  if (!has_graph || model.nodes.empty() || model.outputs.empty()) {
    throw Error{5051, file + " is no ONNX model: it has " +
                          (!has_graph            ? "no graph"
                           : model.nodes.empty() ? "no nodes"
                                                 : "no outputs")};
  }
  return model;
}

}  // namespace tenon::host
