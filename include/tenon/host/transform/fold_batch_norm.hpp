// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/host/graph/bias.hpp>
#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/edit.hpp>
#include <tenon/host/graph/order.hpp>
#include <tenon/host/graph/shapes.hpp>
#include <tenon/host/transform/batch_norm.hpp>
#include <tenon/host/transform/report.hpp>

// A BatchNormalization behind a layer with weights disappears into them: with g = gamma /
// sqrt(variance + epsilon), kernel * g and beta + (bias - mean) * g.
namespace tenon::host {

namespace detail {

/// The kernel that makes the output channels of a layer.
[[nodiscard]] inline std::string_view output_kernel(const Layer& layer) {
  if (is_keras(layer, "SeparableConv2D")) return "pointwise_kernel";
  if (is_a(layer, "DepthwiseConv2D")) return "depthwise_kernel";
  const bool plain = is_a(layer, "Conv2D") || is_a(layer, "Dense") ||
                     is_toolkit(layer, "BufferTempConv") ||
                     is_toolkit(layer, "DepthwiseBufferTempConv");
  return plain ? "kernel" : "";
}

/// Output channels of element `i` of that kernel repeat with a period and change every `step`
/// elements.
struct ChannelStep {
  std::size_t step = 1;
  std::size_t channels = 0;
};

[[nodiscard]] inline ChannelStep channel_step(const Layer& layer, const Variable& kernel) {
  const auto& shape = kernel.shape;
  if (shape.size() < 2) return {};
  // (h, w, filters, channels): filters are the last axis but one.
  if (is_keras(layer, "Conv2DTranspose")) return {shape.back(), shape[shape.size() - 2]};
  // (h, w, channels, multiplier): output channel = channel * multiplier + position.
  if (is_a(layer, "DepthwiseConv2D")) return {1, shape.back() * shape[shape.size() - 2]};
  return {1, shape.back()};
}

/// Why the pair stays as it is, or an empty text.
[[nodiscard]] inline std::string folding_fault(const Layer& layer, const Layer& bn,
                                               const BatchNorm& norm,
                                               std::optional<std::size_t> rank) {
  const Variable* kernel = layer.variable(output_kernel(layer));
  if (const auto nulls = std::count(norm.gamma.begin(), norm.gamma.end(), 0.0F); nulls > 0) {
    return std::to_string(nulls) + " of its gammas are 0";
  }
  if (!normalizes_last_axis(bn, rank)) return "it does not normalize the last axis";
  if (kernel == nullptr || !is_linear(layer) || !channels_last(layer))
    return "'" + layer.name + "' before it has no plain kernel";
  const std::size_t channels = channel_step(layer, *kernel).channels;
  const Variable* bias = layer.variable("bias");
  if (channels != norm.channels() || (bias != nullptr && bias->data.size() != channels)) {
    return std::to_string(norm.channels()) + " channels, but " + std::to_string(channels) +
           " filters in '" + layer.name + "'";
  }
  return {};
}

inline void fold(Layer& layer, const BatchNorm& norm) {
  const std::string_view leaf = output_kernel(layer);
  const std::vector<float> g = norm.factor();
  Variable& kernel = *layer.variable(leaf);
  const auto [step, channels] = channel_step(layer, kernel);
  for (std::size_t i = 0; i < kernel.data.size(); ++i) kernel.data[i] *= g[i / step % channels];
  std::vector<float>& bias = bias_of(layer, leaf, channels).data;
  for (std::size_t c = 0; c < channels; ++c) {
    const float scaled = (bias[c] - norm.mean[c]) * g[c];
    bias[c] = norm.beta[c] + scaled;
  }
}

}  // namespace detail

[[nodiscard]] inline Graph fold_batch_norm(Graph graph, Report& report) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const auto shapes = infer_shapes(graph);
  for (const Layer& layer : graph.layers) {
    if (detail::output_kernel(layer).empty()) continue;
    const std::size_t next = sole_consumer(graph, layer);
    if (next == Graph::none) continue;
    const Layer& bn = graph.layers[next];
    const auto norm = batch_norm_of(bn);
    if (!norm) continue;
    const auto shape = shape_at(graph, shapes, bn.inputs().front());
    const auto rank = shape ? std::optional(static_cast<std::size_t>(shape->rank)) : std::nullopt;
    if (std::string fault = detail::folding_fault(layer, bn, *norm, rank); fault.empty()) {
      pairs.emplace_back(layer.name, bn.name);
    } else {
      report.left_alone("fold_batch_norm", bn.name, "it stays a layer of its own: " + fault);
    }
  }
  if (pairs.empty()) return graph;
  graph = keras_order(std::move(graph));
  for (const auto& [layer, bn] : pairs) {
    detail::fold(*graph.find(layer), *batch_norm_of(*graph.find(bn)));
    remove_layer(graph, bn);
  }
  return call_order(std::move(graph));
}

}  // namespace tenon::host
