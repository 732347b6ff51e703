// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <tenon/host/graph/graph.hpp>
#include <vector>

// How a tensor of an ONNX graph stands in a Keras graph: ONNX has channels first, Keras last. A
// transposition in the file changes this view and nothing else; a layer appears only where an
// operation needs another order than there is.
namespace tenon::host {

using OnnxShape = std::vector<std::int64_t>;  ///< without batch
using AxisOrder = std::vector<std::size_t>;   ///< axis k in Keras is axis order[k] in ONNX

[[nodiscard]] inline AxisOrder same_order(std::size_t rank) {
  AxisOrder order(rank);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

[[nodiscard]] inline const AxisOrder& channels_last_order() {
  static const AxisOrder order{1, 2, 0};
  return order;
}

[[nodiscard]] inline std::int64_t elements_of(const OnnxShape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1},
                         [](std::int64_t a, std::int64_t b) { return a * b; });
}

/// Whether the elements lie in the same order both ways: only axes of size 1 change places.
[[nodiscard]] inline bool keeps_elements(const OnnxShape& shape, const AxisOrder& order) {
  std::optional<std::size_t> last;
  for (const std::size_t axis : order) {
    if (shape[axis] == 1) continue;
    if (last && axis < *last) return false;
    last = axis;
  }
  return true;
}

/// A vector that holds the elements of a map in Keras' order, which is not that of ONNX.
struct FlattenedMap {
  OnnxShape shape;
  AxisOrder order;
  bool operator==(const FlattenedMap&) const = default;

  /// Position in ONNX of each element of the vector.
  [[nodiscard]] std::vector<std::size_t> positions() const {
    std::vector<std::size_t> stride(shape.size(), 1);
    for (std::size_t axis = shape.size(); axis-- > 1;) {
      stride[axis - 1] = stride[axis] * static_cast<std::size_t>(shape[axis]);
    }
    std::vector<std::size_t> found(static_cast<std::size_t>(elements_of(shape)));
    std::vector<std::size_t> index(order.size(), 0);
    for (std::size_t& position : found) {
      position = 0;
      for (std::size_t k = 0; k < order.size(); ++k) position += index[k] * stride[order[k]];
      for (std::size_t k = order.size(); k-- > 0;) {
        if (++index[k] < static_cast<std::size_t>(shape[order[k]])) break;
        index[k] = 0;
      }
    }
    return found;
  }
};

struct OnnxValue {
  Endpoint endpoint;
  OnnxShape shape;
  AxisOrder order;
  std::optional<FlattenedMap> flattened;
  bool known = true;  ///< false behind a node that Tenon does not know: no shape, no order
  bool sole = false;  ///< nothing but one node takes it, however it is viewed
  bool not_negative = false;

  /// The shape in Keras, without batch.
  [[nodiscard]] OnnxShape keras_shape() const {
    OnnxShape out;
    for (const std::size_t axis : order) out.push_back(shape[axis]);
    return out;
  }
  [[nodiscard]] bool same_layout(const OnnxValue& other) const {
    return shape == other.shape && order == other.order && flattened == other.flattened;
  }
  [[nodiscard]] std::size_t rank() const { return shape.size(); }
  [[nodiscard]] std::int64_t channels() const { return shape[order.back()]; }
};

/// An axis that counts the batch, or from the end, as one of the shape without batch. Nothing for
/// the batch itself and what is no axis.
[[nodiscard]] inline std::optional<std::size_t> onnx_axis(std::int64_t axis, std::size_t rank) {
  const auto all = static_cast<std::int64_t>(rank) + 1;
  const std::int64_t counted = axis < 0 ? axis + all : axis;
  if (counted < 1 || counted >= all) return std::nullopt;
  return static_cast<std::size_t>(counted - 1);
}

}  // namespace tenon::host
