// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tenon/host/import/onnx_elementwise.hpp>
#include <utility>
#include <vector>

// Nodes that give constants: Constant itself, and the small computations by which exporters say the
// target of a Reshape (the shape of a tensor, one entry of it, several joined).
namespace tenon::host {

namespace detail {

[[nodiscard]] inline Array vector_array(const std::vector<std::int64_t>& values) {
  return Array::from<std::int64_t>({values.size()}, values);
}

[[nodiscard]] inline std::optional<Array> constant_value(const OnnxNode& node) {
  for (const OnnxAttribute& a : node.attributes) {
    if (a.name == "value" && a.t) return a.t->array;
    if (a.name == "value_float") return Array::from<float>({}, {&a.f, 1});
    if (a.name == "value_int") return Array::from<std::int64_t>({}, {&a.i, 1});
    if (a.name == "value_floats") return Array::from<float>({a.floats.size()}, a.floats);
    if (a.name == "value_ints") return vector_array(a.ints);
  }
  return std::nullopt;
}

/// The shape of a tensor, with 0 for the batch: that is how Reshape is told to keep it.
[[nodiscard]] inline std::optional<Array> shape_of_value(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* x = value_of(b, node.input(0));
  if (x == nullptr || !x->known || node.attribute("start") != nullptr ||
      node.attribute("end") != nullptr) {
    return std::nullopt;
  }
  std::vector<std::int64_t> shape{0};
  shape.insert(shape.end(), x->shape.begin(), x->shape.end());
  return vector_array(shape);
}

/// An index that may count from the end.
[[nodiscard]] inline std::optional<std::size_t> entry_index(std::int64_t index, std::size_t size) {
  const std::int64_t counted = index < 0 ? index + static_cast<std::int64_t>(size) : index;
  if (counted < 0 || counted >= static_cast<std::int64_t>(size)) return std::nullopt;
  return static_cast<std::size_t>(counted);
}

[[nodiscard]] inline std::optional<Array> gathered(const OnnxBuilder& b, const OnnxNode& node) {
  const auto list = b.integers(node.input(0));
  const Array* wanted = b.constant(node.input(1));
  const auto indices = b.integers(node.input(1));
  if (!list || !indices || b.constant(node.input(0))->shape.size() != 1 ||
      node.integer("axis", 0) != 0) {
    return std::nullopt;
  }
  std::vector<std::int64_t> values;
  for (const std::int64_t index : *indices) {
    const auto at = entry_index(index, list->size());
    if (!at) return std::nullopt;
    values.push_back((*list)[*at]);
  }
  return Array::from<std::int64_t>(wanted->shape, values);
}

[[nodiscard]] inline std::optional<Array> sliced(const OnnxBuilder& b, const OnnxNode& node) {
  const auto list = b.integers(node.input(0));
  const auto start = b.integers(node.input(1));
  const auto end = b.integers(node.input(2));
  const auto step = node.input(4).empty() ? std::optional(std::vector<std::int64_t>{1})
                                          : b.integers(node.input(4));
  if (!list || b.constant(node.input(0))->shape.size() != 1 || !start || !end || !step ||
      start->size() != 1 || end->size() != 1 || *step != std::vector<std::int64_t>{1}) {
    return std::nullopt;
  }
  const auto size = static_cast<std::int64_t>(list->size());
  const auto bound = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + size : at, 0, size);
  };
  const std::int64_t from = bound(start->front());
  const std::int64_t to = std::max(from, bound(end->front()));
  return vector_array({list->begin() + from, list->begin() + to});
}

[[nodiscard]] inline std::optional<Array> joined(const OnnxBuilder& b, const OnnxNode& node) {
  std::vector<std::int64_t> values;
  for (const std::string& name : node.inputs) {
    const auto part = b.integers(name);
    if (!part || b.constant(name)->shape.size() != 1 || values.size() > 64) return std::nullopt;
    values.insert(values.end(), part->begin(), part->end());
  }
  return vector_array(values);
}

/// A list of one number and the number itself hold the same value.
[[nodiscard]] inline std::optional<Array> with_rank(const OnnxBuilder& b, const OnnxNode& node) {
  const Array* array = b.constant(node.input(0));
  if (array == nullptr || array->size() != 1) return std::nullopt;
  Array out = *array;
  out.shape.assign(node.op_type == "Unsqueeze" ? 1 : 0, 1);
  return out;
}

}  // namespace detail

/// The constant that a node gives, or nothing.
[[nodiscard]] inline std::optional<Array> onnx_constant(OnnxBuilder& b, const OnnxNode& node) {
  const std::string& op = node.op_type;
  if (op == "Constant") return detail::constant_value(node);
  if (op == "Shape") return detail::shape_of_value(b, node);
  if (b.constant(node.input(0)) == nullptr) return std::nullopt;
  if (op == "Identity") return *b.constant(node.input(0));
  if (op == "Cast") {
    // Integers stay what they are; whoever takes them converts.
    return b.constant(node.input(0))->dtype[0] == 'f' ? std::nullopt
                                                      : std::optional(*b.constant(node.input(0)));
  }
  if (op == "Gather") return detail::gathered(b, node);
  if (op == "Slice") return detail::sliced(b, node);
  if (op == "Concat") return detail::joined(b, node);
  if (op == "Unsqueeze" || op == "Squeeze") return detail::with_rank(b, node);
  return std::nullopt;
}

}  // namespace tenon::host
