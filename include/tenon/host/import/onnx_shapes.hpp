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

// Nodes that move elements without computing: Flatten, Reshape, Squeeze, Transpose, Concat. Most
// are another view of the same tensor; the others become a Flatten, Reshape or Permute.
namespace tenon::host {

namespace detail {

[[nodiscard]] inline OnnxShape without_ones(const OnnxShape& shape) {
  OnnxShape out;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(out),
               [](std::int64_t n) { return n != 1; });
  return out;
}

/// The order of a tensor's axes when only axes of size 1 move: `order` for the new shape. Channels
/// last where possible.
[[nodiscard]] inline AxisOrder moved_order(const OnnxValue& x, const OnnxShape& target) {
  const OnnxShape sizes = x.keras_shape();
  const auto matches = [&](const AxisOrder& order) {
    // The k-th axis that is not 1 must be the k-th in both.
    std::vector<std::size_t> before, after;
    for (std::size_t k = 0; k < order.size(); ++k) {
      if (target[order[k]] != sizes[k]) return false;
      if (sizes[k] == 1) continue;
      before.push_back(static_cast<std::size_t>(
          std::count_if(x.shape.begin(), x.shape.begin() + static_cast<std::ptrdiff_t>(x.order[k]),
                        [](auto n) { return n != 1; })));
      after.push_back(static_cast<std::size_t>(
          std::count_if(target.begin(), target.begin() + static_cast<std::ptrdiff_t>(order[k]),
                        [](auto n) { return n != 1; })));
    }
    return before == after;
  };
  if (target.size() == 3 && matches(channels_last_order())) return channels_last_order();
  AxisOrder order = same_order(target.size());
  do {
    if (matches(order)) return order;
  } while (std::next_permutation(order.begin(), order.end()));
  return {};
}

inline void flatten(OnnxBuilder& b, const OnnxNode& node, OnnxValue x) {
  if (x.rank() == 1) return b.alias(node, std::move(x));
  Layer& before = b.layer(x.endpoint.layer);
  const OnnxShape flat{elements_of(x.shape)};
  std::optional<FlattenedMap> map;
  if (!keeps_elements(x.shape, x.order)) map = FlattenedMap{x.shape, x.order};
  if (x.sole && before.class_name == "GlobalAveragePooling2D") {
    before.config["keepdims"] = false;
  } else {
    x.endpoint = {b.add(node, "Flatten", {x.endpoint}, {{"data_format", "channels_last"}}).name, 0,
                  0};
    x.sole = true;
  }
  x.shape = flat;
  x.order = {0};
  x.flattened = std::move(map);
  b.alias(node, std::move(x));
}

inline void reshape(OnnxBuilder& b, const OnnxNode& node, OnnxValue x, const OnnxShape& target) {
  if (target == x.shape) return b.alias(node, std::move(x));
  if (target.size() == 1) return flatten(b, node, std::move(x));
  if (target.size() == x.rank() && x.rank() <= 3 && !x.flattened &&
      without_ones(target) == without_ones(x.shape)) {
    AxisOrder order = moved_order(x, target);
    if (!order.empty()) {
      x.shape = target;
      x.order = std::move(order);
      return b.alias(node, std::move(x));
    }
  }
  OnnxValue y = x;
  y.shape = target;
  if (x.flattened && x.flattened->shape == target) {
    y.order = x.flattened->order;
  } else {
    if (x.flattened || !keeps_elements(x.shape, x.order)) y = b.plain(node, std::move(x));
    y.shape = target;
    const bool last = target.size() == 3 && keeps_elements(target, channels_last_order());
    y.order = last ? channels_last_order() : same_order(target.size());
  }
  y.flattened.reset();
  y.endpoint = {b.add(node, "Reshape", {y.endpoint}, {{"target_shape", y.keras_shape()}}).name, 0,
                0};
  y.sole = true;
  b.alias(node, std::move(y));
}

/// A target of Reshape without batch; nothing where it moves elements between samples. 0 stands for
/// the size that there is, -1 for what is left.
[[nodiscard]] inline std::optional<OnnxShape> resolved_target(const OnnxShape& shape,
                                                              std::vector<std::int64_t> target) {
  if (target.size() < 2) return std::nullopt;
  std::optional<std::size_t> rest;
  std::int64_t known = 1;
  const std::int64_t size = elements_of(shape);
  for (std::size_t i = 1; i < target.size(); ++i) {
    if (target[i] == 0 && i <= shape.size()) target[i] = shape[i - 1];
    if (target[i] == -1 && !rest) {
      rest = i;
    } else if (target[i] < 1 || target[i] > size || (known *= target[i]) > size) {
      return std::nullopt;
    }
  }
  if (rest && target[0] == -1) return std::nullopt;
  if (rest) target[*rest] = known * (size / known) == size ? size / known : 0;
  target.erase(target.begin());
  return elements_of(target) == size ? std::optional(target) : std::nullopt;
}

/// Axes as an attribute of old files or an input of new ones.
[[nodiscard]] inline std::optional<std::vector<std::int64_t>> axes_of(const OnnxBuilder& b,
                                                                      const OnnxNode& node) {
  if (const OnnxAttribute* attribute = node.attribute("axes")) return attribute->ints;
  return b.integers(node.input(1));
}

}  // namespace detail

[[nodiscard]] inline bool import_flatten(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* x = value_of(b, node.input(0));
  if (x == nullptr || node.integer("axis", 1) != 1) return false;
  detail::flatten(b, node, *x);
  return true;
}

[[nodiscard]] inline bool import_reshape(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* x = value_of(b, node.input(0));
  const OnnxAttribute* attribute = node.attribute("shape");
  const auto given =
      attribute != nullptr ? std::optional(attribute->ints) : b.integers(node.input(1));
  if (x == nullptr || !given || node.integer("allowzero", 0) != 0) return false;
  const auto target = detail::resolved_target(x->shape, *given);
  if (!target || target->size() > Shape::max_rank) return false;
  detail::reshape(b, node, *x, *target);
  return true;
}

[[nodiscard]] inline bool import_squeeze(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* x = value_of(b, node.input(0));
  const auto axes = detail::axes_of(b, node);
  if (x == nullptr || !axes) return false;
  OnnxShape target = x->shape;
  for (const std::int64_t given : *axes) {
    const auto axis = onnx_axis(given, x->rank());
    if (!axis || x->shape[*axis] != 1) return false;
    target[*axis] = 0;
  }
  std::erase(target, 0);
  if (target.empty()) return false;
  detail::reshape(b, node, *x, target);
  return true;
}

[[nodiscard]] inline bool import_unsqueeze(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* x = value_of(b, node.input(0));
  const auto axes = detail::axes_of(b, node);
  if (x == nullptr || !axes || x->rank() + axes->size() > Shape::max_rank) return false;
  OnnxShape target(x->rank() + axes->size(), 0);
  for (const std::int64_t given : *axes) {
    const auto axis = onnx_axis(given, target.size());
    if (!axis || target[*axis] == 1) return false;
    target[*axis] = 1;
  }
  auto next = x->shape.begin();
  for (std::int64_t& size : target) {
    if (size == 0) size = *next++;
  }
  detail::reshape(b, node, *x, target);
  return true;
}

[[nodiscard]] inline bool import_transpose(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* found = value_of(b, node.input(0));
  const OnnxAttribute* perm = node.attribute("perm");
  if (found == nullptr || perm == nullptr || perm->ints.size() != found->rank() + 1 ||
      perm->ints[0] != 0)
    return false;
  OnnxValue x = *found;
  AxisOrder position(x.rank(), x.rank());  // where each axis goes
  for (std::size_t i = 0; i < x.rank(); ++i) {
    const std::int64_t from = perm->ints[i + 1];
    if (from < 1 || from > static_cast<std::int64_t>(x.rank()) ||
        position[static_cast<std::size_t>(from - 1)] != x.rank())
      return false;
    position[static_cast<std::size_t>(from - 1)] = i;
    x.shape[i] = found->shape[static_cast<std::size_t>(from - 1)];
  }
  for (std::size_t& axis : x.order) axis = position[axis];
  b.alias(node, std::move(x));
  return true;
}

[[nodiscard]] inline bool import_concat(OnnxBuilder& b, const OnnxNode& node) {
  std::vector<OnnxValue> inputs;
  for (const std::string& name : node.inputs) {
    const OnnxValue* x = value_of(b, name);
    if (x == nullptr) return false;
    inputs.push_back(*x);
  }
  if (inputs.empty()) return false;
  const auto axis = onnx_axis(node.integer("axis", 0), inputs.front().rank());
  if (!axis) return false;
  for (const OnnxValue& x : inputs) {
    OnnxShape shape = x.shape;
    if (shape.size() != inputs.front().rank()) return false;
    shape[*axis] = inputs.front().shape[*axis];
    if (shape != inputs.front().shape) refuse_node(node, "its inputs differ on more than its axis");
  }
  if (inputs.size() == 1) return b.alias(node, inputs.front()), true;
  if (inputs.front().flattened) inputs.front() = b.plain(node, inputs.front());
  OnnxValue joined = inputs.front();
  joined.shape[*axis] = 0;
  std::vector<Endpoint> endpoints;
  for (OnnxValue& x : inputs) {
    x = b.arranged(node, std::move(x), joined.order);
    joined.shape[*axis] += x.shape[*axis];
    joined.not_negative = joined.not_negative && x.not_negative;
    endpoints.push_back(x.endpoint);
  }
  const auto at = std::find(joined.order.begin(), joined.order.end(), *axis) - joined.order.begin();
  const bool last = joined.order.back() == *axis;
  joined.endpoint = {
      b.add(node, "Concatenate", std::move(endpoints), {{"axis", last ? -1 : at + 1}}).name, 0, 0};
  joined.sole = true;
  b.alias(node, std::move(joined));
  return true;
}

/// Softmax over the last axis of Keras; it stays float.
[[nodiscard]] inline bool import_softmax(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* found = value_of(b, node.input(0));
  if (found == nullptr) return false;
  OnnxValue x = *found;
  const bool over_all = b.opset() < 13;  // all axes from the given one on are one
  const auto axis = onnx_axis(node.integer("axis", over_all ? 1 : -1), x.rank());
  if (!axis || (over_all && *axis + 1 != x.rank())) return false;
  if (x.order.back() != *axis) {
    AxisOrder order = same_order(x.rank());
    std::swap(order[*axis], order.back());
    x = b.arranged(node, std::move(x), order);
  }
  x.endpoint = {b.add(node, "Activation", {x.endpoint}, {{"activation", "softmax"}}).name, 0, 0};
  x.sole = true;
  x.not_negative = true;
  b.alias(node, std::move(x));
  return true;
}

}  // namespace tenon::host
