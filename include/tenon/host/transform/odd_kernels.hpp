// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/edit.hpp>
#include <tenon/host/graph/order.hpp>
#include <tenon/host/graph/shapes.hpp>
#include <tenon/host/transform/report.hpp>
#include <tenon/host/transform/same_padding.hpp>
#include <tenon/tensor/shape.hpp>

// Square kernels of even size with padding 'same' grow by a row and a column of zeros, because the
// hardware takes odd ones. The old kernel stands where 'same' of the larger one sees the same
// pixels.
namespace tenon::host {

namespace detail {

[[nodiscard]] inline std::string_view spatial_kernel(const Layer& layer) {
  return is_a(layer, "DepthwiseConv2D") ? "depthwise_kernel" : "kernel";
}

/// A convolution on the input of the model, Rescaling layers between them apart.
[[nodiscard]] inline bool takes_model_input(const Graph& graph, const Layer& layer) {
  const Layer* source = graph.find(layer.inputs().front().layer);
  while (source != nullptr && is_keras(*source, "Rescaling") && source->calls.size() == 1) {
    source = graph.find(source->inputs().front().layer);
  }
  return source != nullptr && is_input(*source);
}

[[nodiscard]] inline bool has_even_kernel(const Graph& graph, const Layer& layer,
                                          const Shape& input) {
  const bool conv2d = is_a(layer, "Conv2D");
  if ((!conv2d && !is_a(layer, "DepthwiseConv2D")) || layer.calls.size() != 1 ||
      !channels_last(layer) || input.rank != 3 || text_entry(layer, "padding", "valid") != "same") {
    return false;
  }
  const auto size = pair_entry(layer, "kernel_size", {1, 1});
  const auto stride = pair_entry(layer, "strides", {1, 1});
  if (stride[1] < 1) return false;
  const Variable* kernel = layer.variable(spatial_kernel(layer));
  if (size[0] != size[1] || kernel == nullptr || kernel->shape.size() != 4 ||
      kernel->shape[0] != static_cast<std::size_t>(size[0]) ||
      kernel->shape[1] != kernel->shape[0]) {
    return false;
  }
  if (conv2d && (input.channels() == 1 || input.channels() == 3) &&
      takes_model_input(graph, layer)) {
    return (stride[0] == 1 || stride[0] == 2) && (size[0] == 2 || size[0] == 6);
  }
  return (stride[0] == 1 && (size[0] == 2 || size[0] == 4 || size[0] == 6)) ||
         (stride[0] == 2 && size[0] == 2);
}

/// The row and column at which the old kernel stands in the new one.
[[nodiscard]] inline std::array<std::size_t, 2> kernel_offset(const Layer& layer,
                                                              const Shape& input) {
  if (pair_entry(layer, "strides", {1, 1})[0] == 1) return {1, 1};
  return {static_cast<std::size_t>(input[0] % 2), static_cast<std::size_t>(input[1] % 2)};
}

inline void grow(Layer& layer, std::array<std::size_t, 2> offset) {
  Variable& kernel = *layer.variable(spatial_kernel(layer));
  const std::size_t old_size = kernel.shape[0];
  const std::size_t size = old_size + 1;
  const std::size_t row = old_size * kernel.shape[2] * kernel.shape[3];
  const std::size_t pixel = kernel.shape[2] * kernel.shape[3];
  std::vector<float> grown(size * size * pixel, 0.0F);
  for (std::size_t y = 0; y < old_size; ++y) {
    const auto from = kernel.data.begin() + static_cast<std::ptrdiff_t>(y * row);
    const std::size_t to = ((y + offset[0]) * size + offset[1]) * pixel;
    std::copy(from, from + static_cast<std::ptrdiff_t>(row),
              grown.begin() + static_cast<std::ptrdiff_t>(to));
  }
  kernel.data = std::move(grown);
  kernel.shape[0] = kernel.shape[1] = size;
  layer.config["kernel_size"] = Json::array({size, size});
}

/// Whether the larger kernel sees other pixels than the old one did: a dilated one does, and a
/// transposed one on a map of odd size.
[[nodiscard]] inline bool shifts(const Layer& layer, const Shape& input,
                                 std::array<std::size_t, 2> offset) {
  const std::int64_t size = pair_entry(layer, "kernel_size", {1, 1})[0];
  const auto stride = pair_entry(layer, "strides", {1, 1});
  const auto dilation = pair_entry(layer, "dilation_rate", {1, 1});
  const bool transposed =
      is_keras(layer, "Conv2DTranspose") || is_toolkit(layer, "DepthwiseConv2DTranspose");
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const auto before = [&](std::int64_t kernel) {
      return transposed
                 ? same_cropping(kernel, stride[axis])[0]
                 : same_padding(input[axis], (kernel - 1) * dilation[axis] + 1, stride[axis])[0];
    };
    const std::int64_t moved = static_cast<std::int64_t>(offset[axis]) * dilation[axis];
    if (before(size + 1) - before(size) != moved) return true;
  }
  return false;
}

}  // namespace detail

[[nodiscard]] inline Graph odd_kernels(Graph graph, Report& report) {
  const auto shapes = infer_shapes(graph);
  std::vector<std::pair<std::string, Shape>> found;
  for (const Layer& layer : graph.layers) {
    if (layer.inputs().size() != 1) continue;
    const auto input = shape_at(graph, shapes, layer.inputs().front());
    if (input && detail::has_even_kernel(graph, layer, *input))
      found.emplace_back(layer.name, *input);
  }
  if (found.empty()) return graph;
  graph = keras_order(std::move(graph));
  for (const auto& [name, input] : found) {
    Layer& layer = *graph.find(name);
    const auto offset = detail::kernel_offset(layer, input);
    if (detail::shifts(layer, input, offset)) {
      report.function_changed("odd_kernels", name,
                              "its even kernel is made odd, which shifts its result");
    }
    detail::grow(layer, offset);
  }
  return graph;
}

}  // namespace tenon::host
