// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/edit.hpp>
#include <tenon/host/graph/order.hpp>
#include <tenon/host/graph/shapes.hpp>
#include <tenon/host/transform/report.hpp>
#include <tenon/tensor/shape.hpp>

// 1x1 convolutions that change nothing, where the hardware needs a convolution: behind skip
// connections, behind a first block that feeds several layers, between a tensor and its third
// consumer. Five steps, each on the result of the one before.
namespace tenon::host {

namespace detail {

using Shapes = std::vector<std::optional<Shape>>;

[[nodiscard]] inline Layer identity_convolution(std::string name, std::size_t channels) {
  Variable kernel{name + "/kernel:0",
                  {1, 1, channels, channels},
                  std::vector<float>(channels * channels, 0.0F)};
  for (std::size_t c = 0; c < channels; ++c) kernel.data[c * channels + c] = 1.0F;
  Json config{{"name", name},
              {"trainable", true},
              {"dtype", "float32"},
              {"filters", channels},
              {"kernel_size", {1, 1}},
              {"strides", {1, 1}},
              {"padding", "valid"},
              {"data_format", "channels_last"},
              {"dilation_rate", {1, 1}},
              {"groups", 1},
              {"activation", "linear"},
              {"use_bias", false}};
  return {std::move(name), "Conv2D", false, std::move(config), {}, {std::move(kernel)}};
}

/// Height, width and channels: what a 2D convolution takes.
[[nodiscard]] inline bool is_map(const std::optional<Shape>& shape) {
  return shape && shape->rank == 3;
}

[[nodiscard]] inline bool joins(const Layer& layer) {
  return is_add(layer) || is_keras(layer, "Concatenate");
}

/// The one layer that takes a result of `layer`, or Graph::none. Outputs of the model do not count.
[[nodiscard]] inline std::size_t only_use(const Graph& graph, const Layer& layer) {
  return uses(graph, layer.name) == 1 ? graph.consumers(layer.name).front() : Graph::none;
}

/// Names of the layers behind which an identity convolution comes, in step a: Add, ReLU,
/// GlobalAveragePooling2D.
[[nodiscard]] inline std::vector<std::string> averaged_adds(const Graph& graph,
                                                            const Shapes& shapes) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& add = graph.layers[i];
    if (!is_add(add) || add.calls.size() != 1 || !is_map(shapes[i]) ||
        flag_entry(add, "activation", false))
      continue;
    const std::size_t relu = only_use(graph, add);
    if (relu == Graph::none || !is_keras(graph.layers[relu], "ReLU") ||
        graph.layers[relu].calls.size() != 1)
      continue;
    const std::size_t pool = only_use(graph, graph.layers[relu]);
    if (pool != Graph::none && is_keras(graph.layers[pool], "GlobalAveragePooling2D"))
      found.push_back(add.name);
  }
  return found;
}

/// Step b: skip connections that no convolution follows.
[[nodiscard]] inline std::vector<std::string> bare_joins(const Graph& graph, const Shapes& shapes) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    if (!joins(layer) || layer.calls.size() != 1 || !is_map(shapes[i])) continue;
    bool convolved = false;
    for (const std::size_t next : graph.consumers(layer.name)) {
      convolved = convolved || is_a(graph.layers[next], "Conv2D");
    }
    if (!convolved) found.push_back(layer.name);
  }
  return found;
}

/// Step c: the end of the first block, a convolution of an image with its activation and pooling,
/// if several layers take its result.
[[nodiscard]] inline std::vector<std::string> shared_first_block(const Graph& graph,
                                                                 const Shapes& shapes) {
  if (graph.inputs.size() != 1) return {};
  const auto advance = [&](std::size_t i) {
    const std::size_t next = only_use(graph, graph.layers[i]);
    return next != Graph::none && graph.layers[next].calls.size() == 1 ? next : Graph::none;
  };
  std::size_t i = graph.index(graph.inputs.front().layer);
  while (i != Graph::none && (is_input(graph.layers[i]) || is_keras(graph.layers[i], "Rescaling")))
    i = advance(i);
  if (i == Graph::none || !is_a(graph.layers[i], "Conv2D") || graph.layers[i].inputs().empty())
    return {};
  const auto input = shape_at(graph, shapes, graph.layers[i].inputs().front());
  if (!input || (input->channels() != 1 && input->channels() != 3)) return {};
  for (std::size_t next = advance(i); next != Graph::none; next = advance(i)) {
    const Layer& layer = graph.layers[next];
    const bool in_block = is_keras(layer, "ReLU") || is_keras(layer, "MaxPooling2D") ||
                          is_toolkit(layer, "Activation");
    if (!in_block) break;
    i = next;
  }
  const bool shared = uses(graph, graph.layers[i].name) > 1 && graph.layers[i].calls.size() == 1 &&
                      is_map(shapes[i]);
  return shared ? std::vector<std::string>{graph.layers[i].name} : std::vector<std::string>{};
}

/// Steps a to c: `find` names the layers that get an identity convolution behind them.
template <class Find>
[[nodiscard]] Graph insert_identities(Graph graph, const Find& find) {
  const Shapes shapes = infer_shapes(graph);
  std::vector<std::pair<std::string, std::size_t>> targets;
  for (const std::string& name : find(graph, shapes)) {
    targets.emplace_back(name, static_cast<std::size_t>(shapes[graph.index(name)]->channels()));
  }
  // Where nothing is inserted, the order of consumers stays what it was: step e needs it.
  if (targets.empty()) return graph;
  graph = keras_order(std::move(graph));
  for (const auto& [target, channels] : targets) {
    const std::string name = free_name(graph, target + "_identity_conv");
    insert_behind(graph, target, identity_convolution(name, channels), false);
  }
  return call_order(std::move(graph));
}

/// Step d: a skip connection takes the same tensor twice; the first time it shall come through a
/// convolution.
[[nodiscard]] inline Graph separate_equal_inputs(Graph graph) {
  const Shapes shapes = infer_shapes(graph);
  std::vector<std::pair<std::string, Shape>> targets;
  for (const Layer& layer : graph.layers) {
    const auto& inputs = layer.inputs();
    if (!joins(layer) || layer.calls.size() != 1 || inputs.size() != 2 || inputs[0] != inputs[1])
      continue;
    const auto shape = shape_at(graph, shapes, inputs[0]);
    if (is_map(shape)) targets.emplace_back(layer.name, *shape);
  }
  if (targets.empty()) return graph;
  graph = keras_order(std::move(graph));
  for (const auto& [target, shape] : targets) {
    Endpoint& input = graph.find(target)->calls.front().inputs.front();
    Layer conv = identity_convolution(free_name(graph, input.layer + "_identity_conv"),
                                      static_cast<std::size_t>(shape.channels()));
    conv.calls.push_back({{input}, Json::object()});
    input = {conv.name, 0, 0};
    graph.layers.push_back(std::move(conv));
  }
  return call_order(std::move(graph));
}

/// Names of the layers that take the result of `name`, as often as they take it, in the order of
/// their creation.
[[nodiscard]] inline std::vector<std::string> users(const Graph& graph, const std::string& name) {
  std::vector<std::string> found;
  for (const Layer& layer : graph.layers) {
    for (const Call& call : layer.calls) {
      for (const Endpoint& e : call.inputs) {
        if (e.layer == name) found.push_back(layer.name);
      }
    }
  }
  return found;
}

/// Step e: a map has at most two consumers. The last two move behind a convolution, which then is
/// the last one.
[[nodiscard]] inline Graph limit_consumers(Graph graph) {
  const Shapes shapes = infer_shapes(graph);
  struct Target {
    std::string name;
    std::size_t channels;
    std::vector<std::string> consumers;
  };
  std::vector<Target> targets;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    if (is_input(layer) || layer.calls.size() != 1 || !is_map(shapes[i]) ||
        uses(graph, layer.name) <= 2)
      continue;
    targets.push_back(
        {layer.name, static_cast<std::size_t>(shapes[i]->channels()), users(graph, layer.name)});
  }
  if (targets.empty()) return graph;
  graph = keras_order(std::move(graph));
  for (auto& [name, channels, consumers] : targets) {
    while (consumers.size() > 2) {
      Layer conv = identity_convolution(
          free_name(graph, name + "_identity_conv_" + std::to_string(consumers.size())), channels);
      conv.calls.push_back({{{name, 0, 0}}, Json::object()});
      for (int last = 0; last < 2; ++last) {
        rewire(*graph.find(consumers.back()), {name, 0, 0}, {conv.name, 0, 0});
        consumers.pop_back();
      }
      consumers.push_back(conv.name);
      graph.layers.push_back(std::move(conv));
    }
  }
  return call_order(std::move(graph));
}

}  // namespace detail

[[nodiscard]] inline Graph identity_convolutions(Graph graph, Report&) {
  graph = detail::insert_identities(std::move(graph), detail::averaged_adds);
  graph = detail::insert_identities(std::move(graph), detail::bare_joins);
  graph = detail::insert_identities(std::move(graph), detail::shared_first_block);
  graph = detail::separate_equal_inputs(std::move(graph));
  return detail::limit_consumers(std::move(graph));
}

}  // namespace tenon::host
