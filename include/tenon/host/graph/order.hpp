// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include <tenon/host/error.hpp>
#include <tenon/host/graph/graph.hpp>

// The two orders in which Keras sees the layers of a functional model. Decisions of the toolkit
// depend on them (which consumer comes last, which rule is applied first), so they are reproduced
// exactly.
namespace tenon::host {

namespace detail {

/// Calls of layers as numbered nodes. An InputLayer has one node.
class CallGraph {
 public:
  explicit CallGraph(const Graph& graph) {
    for (std::size_t i = 0; i < graph.layers.size(); ++i) {
      if (!position_.emplace(graph.layers[i].name, i).second) {
        throw Error{5033, "two layers of the model are named '" + graph.layers[i].name + "'"};
      }
      first_.push_back(layer_.size());
      layer_.insert(layer_.end(), std::max<std::size_t>(1, graph.layers[i].calls.size()), i);
    }
    inputs_.resize(layer_.size());
    for (std::size_t i = 0; i < graph.layers.size(); ++i) {
      for (std::size_t call = 0; call < graph.layers[i].calls.size(); ++call) {
        for (const Endpoint& e : graph.layers[i].calls[call].inputs) {
          inputs_[first_[i] + call].push_back(node(e, graph.layers[i].name));
        }
      }
    }
  }

  [[nodiscard]] std::size_t size() const { return layer_.size(); }
  [[nodiscard]] std::size_t layer(std::size_t node) const { return layer_[node]; }
  [[nodiscard]] std::size_t first(std::size_t layer) const { return first_[layer]; }
  [[nodiscard]] const std::vector<std::size_t>& inputs(std::size_t node) const {
    return inputs_[node];
  }

  /// The node of an endpoint; TN5033 where there is none.
  [[nodiscard]] std::size_t node(const Endpoint& e, std::string_view user) const {
    const auto found = position_.find(std::string_view(e.layer));
    const std::size_t end = found == position_.end()            ? 0
                            : found->second + 1 < first_.size() ? first_[found->second + 1]
                                                                : layer_.size();
    if (found == position_.end() || e.node >= end - first_[found->second]) {
      throw Error{5033, "'" + std::string(user) + "' takes an input from call " +
                            std::to_string(e.node) + " of layer '" + e.layer +
                            "', which does not exist"};
    }
    return first_[found->second] + e.node;
  }

 private:
  std::unordered_map<std::string_view, std::size_t> position_;
  std::vector<std::size_t> first_;  ///< first node of a layer
  std::vector<std::size_t> layer_;  ///< layer of a node
  std::vector<std::vector<std::size_t>> inputs_;
};

/// Nodes in the order in which a depth-first walk from the outputs finishes them, and the turn at
/// which it first met each layer. With its own stack: the depth of a model from a file is not ours
/// to trust.
struct Walk {
  static constexpr std::size_t unseen = static_cast<std::size_t>(-1);
  std::vector<std::size_t> finished;
  std::vector<std::size_t> first_met;
};

[[nodiscard]] inline Walk walk_from_outputs(const Graph& graph, const CallGraph& calls) {
  enum class State : unsigned char { unseen, open, finished };
  Walk walk;
  walk.first_met.assign(graph.layers.size(), Walk::unseen);
  std::vector<State> state(calls.size(), State::unseen);
  std::vector<std::pair<std::size_t, std::size_t>> stack;
  std::size_t met = 0;
  const auto open = [&](std::size_t node) {
    if (state[node] == State::finished) return;
    if (state[node] == State::open) {
      throw Error{5033, "layer '" + graph.layers[calls.layer(node)].name + "' is part of a cycle"};
    }
    state[node] = State::open;
    std::size_t& turn = walk.first_met[calls.layer(node)];
    if (turn == Walk::unseen) turn = met++;
    stack.emplace_back(node, 0);
  };
  for (const Endpoint& output : graph.outputs) {
    open(calls.node(output, "the model output"));
    while (!stack.empty()) {
      const auto [node, next] = stack.back();
      if (next < calls.inputs(node).size()) {
        ++stack.back().second;
        open(calls.inputs(node)[next]);
      } else {
        state[node] = State::finished;
        walk.finished.push_back(node);
        stack.pop_back();
      }
    }
  }
  return walk;
}

inline void reorder(Graph& graph, const std::vector<std::size_t>& order) {
  std::vector<Layer> layers;
  layers.reserve(order.size());
  for (const std::size_t i : order) layers.push_back(std::move(graph.layers[i]));
  graph.layers = std::move(layers);
}

}  // namespace detail

/// Positions of the layers in the order of `model.layers`, which is that of a file: by distance to
/// the outputs, the farthest first, then by the turn at which a depth-first walk from the outputs
/// meets them. Layers that no output needs come last. TN5033 for a cycle, a name used twice, or an
/// input that does not exist.
[[nodiscard]] inline std::vector<std::size_t> keras_positions(const Graph& graph) {
  const detail::CallGraph calls(graph);
  const detail::Walk walk = detail::walk_from_outputs(graph, calls);
  std::vector<std::size_t> node_depth(calls.size(), 0);
  std::vector<std::size_t> depth(graph.layers.size(), 0);
  for (auto it = walk.finished.rbegin(); it != walk.finished.rend(); ++it) {
    std::size_t& layer_depth = depth[calls.layer(*it)];
    // A shared layer is as deep as its deepest call.
    node_depth[*it] = layer_depth = std::max(node_depth[*it], layer_depth);
    for (const std::size_t input : calls.inputs(*it)) {
      node_depth[input] = std::max(node_depth[input], node_depth[*it] + 1);
    }
  }
  std::vector<std::size_t> order(graph.layers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) {
    const bool needed = walk.first_met[i] != detail::Walk::unseen;
    return std::tuple(!needed, calls.size() - depth[i], needed ? walk.first_met[i] : i);
  };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  return order;
}

/// The graph with its layers in that order.
[[nodiscard]] inline Graph keras_order(Graph graph) {
  detail::reorder(graph, keras_positions(graph));
  return graph;
}

/// The order in which Keras calls the layers of an edited list: again and again through the list,
/// each layer as soon as its inputs exist. Consumers of a tensor are counted in this order.
[[nodiscard]] inline Graph call_order(Graph graph) {
  const detail::CallGraph calls(graph);
  std::vector<char> exists(calls.size(), 0);
  std::vector<std::size_t> order, waiting;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    if (graph.layers[i].calls.empty()) {
      exists[calls.first(i)] = 1;
      order.push_back(i);
    } else {
      waiting.push_back(i);
    }
  }
  std::vector<std::size_t> next_call(graph.layers.size(), 0);
  while (!waiting.empty()) {
    std::vector<std::size_t> still;
    bool progress = false;
    for (const std::size_t i : waiting) {
      const auto ready = [&](std::size_t call) {
        const auto& inputs = calls.inputs(calls.first(i) + call);
        return std::all_of(inputs.begin(), inputs.end(),
                           [&](std::size_t n) { return exists[n] != 0; });
      };
      const std::size_t before = next_call[i];
      while (next_call[i] < graph.layers[i].calls.size() && ready(next_call[i])) {
        exists[calls.first(i) + next_call[i]++] = 1;
      }
      if (before == 0 && next_call[i] > 0) order.push_back(i);
      progress = progress || next_call[i] > before;
      if (next_call[i] < graph.layers[i].calls.size()) still.push_back(i);
    }
    if (!progress)
      throw Error{5033, "layer '" + graph.layers[still.front()].name + "' is part of a cycle"};
    waiting = std::move(still);
  }
  detail::reorder(graph, order);
  return graph;
}

}  // namespace tenon::host
