// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/edit.hpp>
#include <tenon/host/graph/order.hpp>
#include <tenon/host/transform/batch_norm.hpp>
#include <tenon/host/transform/report.hpp>

// A BatchNormalization behind a MaxPooling2D or GlobalAveragePooling2D moves before it, where it
// can be folded. A mean commutes with every factor, a maximum only with positive ones.
namespace tenon::host {

[[nodiscard]] inline Graph swap_pooling_batch_norm(Graph graph, Report& report) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const Layer& layer : graph.layers) {
    const bool is_max = is_keras(layer, "MaxPooling2D");
    if ((!is_max && !is_keras(layer, "GlobalAveragePooling2D")) || layer.inputs().size() != 1 ||
        !channels_last(layer)) {
      continue;
    }
    const std::size_t next = sole_consumer(graph, layer);
    if (next == Graph::none) continue;
    const Layer& bn = graph.layers[next];
    const auto norm = batch_norm_of(bn);
    const bool keeps_map = is_max || flag_entry(layer, "keepdims", false);
    if (!norm || !normalizes_last_axis(bn, keeps_map ? 3 : 1)) continue;
    const auto count =
        std::count_if(norm->gamma.begin(), norm->gamma.end(), [](float g) { return g <= 0; });
    if (is_max && count > 0) {
      report.left_alone("swap_pooling_batch_norm", bn.name,
                        std::to_string(count) +
                            " of its gammas are not positive, so it cannot move before '" +
                            layer.name + "'");
      continue;
    }
    pairs.emplace_back(layer.name, bn.name);
  }
  if (pairs.empty()) return graph;
  graph = keras_order(std::move(graph));
  for (const auto& [pool, bn] : pairs) {
    swap_layers(graph, pool, bn);
    graph.find(bn)->config["axis"] = Json::array({3});
  }
  return call_order(std::move(graph));
}

}  // namespace tenon::host
