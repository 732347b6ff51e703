// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/edit.hpp>
#include <tenon/host/graph/order.hpp>
#include <tenon/host/graph/shapes.hpp>
#include <tenon/host/transform/report.hpp>
#include <tenon/host/transform/same_padding.hpp>
#include <tenon/tensor/shape.hpp>

// A ZeroPadding2D in front of a 'valid' convolution becomes the padding 'same' of that convolution
// when the sizes say so. QuantizeML compares sizes only, not sides: with a stride, 'same' may pad
// elsewhere, and the result changes.
namespace tenon::host {

namespace detail {

/// Rows or columns that a ZeroPadding2D adds before and after the map, for both axes.
using Sides = std::array<std::array<std::int64_t, 2>, 2>;

[[nodiscard]] inline std::optional<Sides> zero_padding_sides(const Layer& layer) {
  const Json* padding = entry(layer, "padding");
  if (padding == nullptr) return Sides{{{1, 1}, {1, 1}}};
  if (const auto all = small_integer(*padding)) return Sides{{{*all, *all}, {*all, *all}}};
  if (!padding->is_array() || padding->size() != 2) return std::nullopt;
  Sides sides{};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const Json& item = (*padding)[axis];
    const bool pair = item.is_array() && item.size() == 2;
    const auto before = small_integer(pair ? item[0] : item);
    const auto after = small_integer(pair ? item[1] : item);
    if (!before || !after) return std::nullopt;
    sides[axis] = {*before, *after};
  }
  return sides;
}

[[nodiscard]] inline bool changes_sides(const Layer& padding, const Layer& conv, const Shape& map) {
  const auto sides = zero_padding_sides(padding);
  const auto kernel = pair_entry(conv, "kernel_size", {1, 1});
  const auto stride = pair_entry(conv, "strides", {1, 1});
  const auto dilation = pair_entry(conv, "dilation_rate", {1, 1});
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t reach = (kernel[axis] - 1) * dilation[axis] + 1;
    if (!sides || same_padding(map[axis], reach, stride[axis]) != (*sides)[axis]) return true;
  }
  return false;
}

[[nodiscard]] inline bool is_same_by_size(const Layer& conv, const Shape& map,
                                          const Shape& result) {
  const auto stride = pair_entry(conv, "strides", {1, 1});
  return map.rank == 3 && result.rank == 3 && stride[0] > 0 && stride[1] > 0 &&
         result[0] * stride[0] == map[0] && result[1] * stride[1] == map[1];
}

}  // namespace detail

[[nodiscard]] inline Graph remove_zero_padding(Graph graph, Report& report) {
  const auto is_padding = [](const Layer& layer) { return is_keras(layer, "ZeroPadding2D"); };
  if (std::none_of(graph.layers.begin(), graph.layers.end(), is_padding)) return graph;
  const auto shapes = infer_shapes(graph);
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const Layer& layer : graph.layers) {
    if (!is_padding(layer) || layer.inputs().size() != 1 || !channels_last(layer)) continue;
    const std::size_t next = sole_consumer(graph, layer);
    if (next == Graph::none) continue;
    const Layer& conv = graph.layers[next];
    const bool accepted =
        is_a(conv, "Conv2D") || is_keras(conv, "SeparableConv2D") || is_a(conv, "DepthwiseConv2D");
    // A PaddedConv2D calls itself 'valid' but pads with values of its own.
    if (!accepted || !channels_last(conv) || text_entry(conv, "padding", "valid") != "valid" ||
        entry(conv, "padding_value") != nullptr) {
      continue;
    }
    const auto map = shape_at(graph, shapes, layer.inputs().front());
    if (!map || !shapes[next] || !detail::is_same_by_size(conv, *map, *shapes[next])) continue;
    if (detail::changes_sides(layer, conv, *map)) {
      report.function_changed(
          "remove_zero_padding", layer.name,
          "padding 'same' of '" + conv.name + "' pads on other sides than it did");
    }
    pairs.emplace_back(layer.name, conv.name);
  }
  if (pairs.empty()) return graph;
  graph = keras_order(std::move(graph));
  for (const auto& [padding, conv] : pairs) {
    graph.find(conv)->config["padding"] = "same";
    remove_layer(graph, padding);
  }
  return call_order(std::move(graph));
}

}  // namespace tenon::host
