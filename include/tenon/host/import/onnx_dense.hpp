// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tenon/host/import/onnx_elementwise.hpp>
#include <utility>
#include <vector>

// Gemm and MatMul with constant weights: Dense. Behind a flattened map the rows of the weights
// follow the order of Keras.
namespace tenon::host {

namespace detail {

/// The weights (inputs, units) in float.
struct OnnxMatrix {
  std::size_t inputs = 0, units = 0;
  std::vector<float> data;
};

[[nodiscard]] inline std::optional<OnnxMatrix> matrix_of(const OnnxBuilder& b, const OnnxNode& node,
                                                         bool transposed) {
  const Array* array = b.constant(node.input(1));
  if (array == nullptr || array->shape.size() != 2 || array->size() == 0) return std::nullopt;
  OnnxMatrix m{array->shape[transposed ? 1 : 0], array->shape[transposed ? 0 : 1],
               b.weights(node, node.input(1))};
  if (transposed) {
    std::vector<float> data(m.data.size());
    for (std::size_t u = 0; u < m.units; ++u) {
      for (std::size_t i = 0; i < m.inputs; ++i) data[i * m.units + u] = m.data[u * m.inputs + i];
    }
    m.data = std::move(data);
  }
  return m;
}

/// Rows in the order in which the elements of a flattened map stand in Keras.
inline void permute_rows(OnnxMatrix& m, const FlattenedMap& map) {
  std::vector<float> data;
  data.reserve(m.data.size());
  for (const std::size_t row : map.positions()) {
    const auto begin = m.data.begin() + static_cast<std::ptrdiff_t>(row * m.units);
    data.insert(data.end(), begin, begin + static_cast<std::ptrdiff_t>(m.units));
  }
  m.data = std::move(data);
}

inline void add_dense(OnnxBuilder& b, const OnnxNode& node, OnnxValue x, OnnxMatrix m,
                      std::optional<std::vector<float>> bias) {
  const std::size_t last = x.rank() - 1;
  if (static_cast<std::int64_t>(m.inputs) != x.shape[last]) {
    refuse_node(node, "its weights take " + std::to_string(m.inputs) + " values, its input has " +
                          std::to_string(x.shape[last]));
  }
  if (x.flattened) {
    permute_rows(m, *x.flattened);
    x.flattened.reset();
  }
  Layer& layer =
      b.add(node, "Dense", {x.endpoint},
            {{"units", m.units}, {"activation", "linear"}, {"use_bias", bias.has_value()}});
  x.shape[last] = static_cast<std::int64_t>(m.units);
  layer.variables.push_back({layer.name + "/kernel:0", {m.inputs, m.units}, std::move(m.data)});
  if (bias) layer.variables.push_back(channel_variable(layer, "bias", std::move(*bias)));
  b.set(node, layer, x.shape, x.order);
}

}  // namespace detail

[[nodiscard]] inline bool import_gemm(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* x = value_of(b, node.input(0));
  const bool has_bias = !node.input(2).empty();
  if (x == nullptr || x->rank() != 1 || node.integer("transA", 0) != 0 ||
      (has_bias && b.constant(node.input(2)) == nullptr)) {
    return false;
  }
  auto m = detail::matrix_of(b, node, node.integer("transB", 0) != 0);
  if (!m) return false;
  const float alpha = node.number("alpha", 1);
  const float beta = node.number("beta", 1);
  if (!std::isfinite(alpha) || !std::isfinite(beta)) return false;
  if (alpha != 1) {
    for (float& v : m->data) v *= alpha;
  }
  std::optional<std::vector<float>> bias;
  if (has_bias) {
    bias = b.weights(node, node.input(2));
    if (bias->size() == 1) bias->assign(m->units, bias->front());
    if (bias->size() != m->units) {
      refuse_node(node, "its bias has " + std::to_string(bias->size()) + " values for " +
                            std::to_string(m->units) + " units");
    }
    for (float& v : *bias) v *= beta;
  }
  detail::add_dense(b, node, *x, std::move(*m), std::move(bias));
  return true;
}

[[nodiscard]] inline bool import_mat_mul(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* found = value_of(b, node.input(0));
  if (found == nullptr) return false;
  auto m = detail::matrix_of(b, node, false);
  if (!m) return false;
  OnnxValue x = *found;
  if (x.order.back() + 1 != x.rank()) x = b.plain(node, std::move(x));
  detail::add_dense(b, node, std::move(x), std::move(*m), std::nullopt);
  return true;
}

[[nodiscard]] inline bool import_batch_normalization(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* found = value_of(b, node.input(0));
  if (found == nullptr || node.integer("training_mode", 0) != 0) return false;
  for (std::size_t k = 1; k < 5; ++k) {
    if (b.constant(node.input(k)) == nullptr) return false;
  }
  OnnxValue x = *found;
  // Channels are the first axis in ONNX, and the last in Keras.
  if (x.flattened) x = b.plain(node, std::move(x));
  if (x.order.back() != 0) {
    AxisOrder order;
    for (std::size_t axis = 1; axis < x.rank(); ++axis) order.push_back(axis);
    order.push_back(0);
    x = b.arranged(node, std::move(x), order);
  }
  const float epsilon = node.number("epsilon", 1e-5F);
  if (!(epsilon >= 0 && epsilon < 1e30F)) return false;
  Layer& layer = b.add(node, "BatchNormalization", {x.endpoint},
                       {{"axis", Json::array({x.rank()})},
                        {"momentum", 0.99},
                        {"epsilon", epsilon},
                        {"center", true},
                        {"scale", true}});
  constexpr const char* leaves[] = {"gamma", "beta", "moving_mean", "moving_variance"};
  for (std::size_t k = 0; k < 4; ++k) {
    std::vector<float> values = b.weights(node, node.input(k + 1));
    if (static_cast<std::int64_t>(values.size()) != x.shape[0]) {
      refuse_node(node, "its " + std::string(leaves[k]) + " has " + std::to_string(values.size()) +
                            " values for " + std::to_string(x.shape[0]) + " channels");
    }
    layer.variables.push_back(detail::channel_variable(layer, leaves[k], std::move(values)));
  }
  b.set(node, layer, x.shape, x.order);
  return true;
}

}  // namespace tenon::host
