// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <tenon/host/deploy/stage.hpp>
#include <utility>
#include <variant>
#include <vector>

// Channels of tensors between blocks in the order of the shifts that align them, the largest first. A kernel can then keep bytes
// as bytes: it sums up the channels of one shift and shifts the sum on to the next group, instead of shifting every element.
// Nothing but the order of channels inside of the model changes; inputs and outputs keep theirs.
namespace tenon::host {

namespace detail {

class ChannelSorter {
 public:
  explicit ChannelSorter(Deployment& deployment) : stages_(deployment.stages), parent_(deployment.stages.size()) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
    pinned_.assign(stages_.size(), false);
    pinned_[0] = true;
    for (const DeployedOutput& o : deployment.outputs) pinned_[o.stage] = true;
    for (std::size_t i = 1; i < stages_.size(); ++i) tie(i);
  }

  void sort() {
    choose_orders();
    for (std::size_t i = 1; i < stages_.size(); ++i) {
      if (!stages_[i].block) continue;
      reorder_inputs(i);
      reorder_outputs(i);
    }
  }

 private:
  using Order = std::vector<std::size_t>;  ///< of the old channel at each new place

  /// The set of tensors that must have their channels in the same order.
  [[nodiscard]] std::size_t set_of(std::size_t i) const {
    while (parent_[i] != i) i = parent_[i];
    return i;
  }
  void join(std::size_t a, std::size_t b) {
    a = set_of(a);
    b = set_of(b);
    parent_[b] = a;
    pinned_[a] = pinned_[a] || pinned_[b];
  }
  void pin(std::size_t i) { pinned_[set_of(i)] = true; }

  /// Mixes channels, so that its input and its output may have different orders.
  [[nodiscard]] bool mixes(const DeployedStage& s) const {
    const auto* conv = std::get_if<Conv2DParams>(&s.params);
    return s.block && ((conv != nullptr && conv->groups == 1) || std::holds_alternative<DenseParams>(s.params));
  }
  [[nodiscard]] bool keeps(const DeployedStage& s) const {
    const bool block = std::holds_alternative<DepthwiseConv2DParams>(s.params) || std::holds_alternative<AddParams>(s.params) ||
                       std::holds_alternative<GlobalAveragePooling2DParams>(s.params);
    return (s.block && block) || std::holds_alternative<MaxPooling2DParams>(s.params);
  }

  void tie(std::size_t i) {
    const DeployedStage& s = stages_[i];
    bool same_shapes = true;
    for (std::size_t k = 0; k < s.inputs.size(); ++k) same_shapes = same_shapes && s.input_shapes[k] == stages_[s.inputs[k]].shape;
    if (same_shapes && mixes(s)) return;
    for (const std::size_t k : s.inputs) {
      if (same_shapes && keeps(s)) join(k, i);
      else pin(k);
    }
    if (!same_shapes || !keeps(s)) {
      if (!mixes(s)) pin(i);
    }
  }

  void choose_orders() {
    orders_.resize(stages_.size());
    std::vector<std::int64_t> best(stages_.size(), 0);
    for (const DeployedStage& s : stages_) {
      if (!s.block || s.block->shifts.empty() || !mixes(s)) continue;
      const std::size_t set = set_of(s.inputs[0]);
      const std::int64_t products = static_cast<std::int64_t>(s.block->weights.size()) * s.shape.pixels();
      if (pinned_[set] || products <= best[set]) continue;
      best[set] = products;
      Order order(s.block->shifts.size());
      std::iota(order.begin(), order.end(), std::size_t{0});
      std::stable_sort(order.begin(), order.end(),
                       [&](std::size_t a, std::size_t b) { return s.block->shifts[a] > s.block->shifts[b]; });
      orders_[set] = std::move(order);
    }
  }

  [[nodiscard]] const Order& order_of(std::size_t i) const { return orders_[set_of(i)]; }

  template <class T>
  static void reorder(std::vector<T>& values, const Order& order) {
    if (values.size() != order.size()) return;  // one for all channels, or none
    std::vector<T> sorted;
    sorted.reserve(values.size());
    for (const std::size_t c : order) sorted.push_back(values[c]);
    values = std::move(sorted);
  }

  void reorder_inputs(std::size_t i) {
    DeployedStage& s = stages_[i];
    const Order& order = order_of(s.inputs[0]);
    if (order.empty() || !mixes(s)) return;
    BlockConstants& b = *s.block;
    std::vector<std::int8_t> sorted(b.weights.size());
    for (std::size_t w = 0; w < sorted.size(); ++w) {  // the channel is the last axis of a row
      sorted[w] = b.weights[w / order.size() * order.size() + order[w % order.size()]];
    }
    b.weights = std::move(sorted);
    reorder(b.shifts, order);
    reorder(b.padding, order);
    b.traits.grouped_by_shift = !b.shifts.empty() && std::is_sorted(b.shifts.rbegin(), b.shifts.rend());
  }

  void reorder_outputs(std::size_t i) {
    DeployedStage& s = stages_[i];
    const Order& order = order_of(i);
    if (order.empty()) return;
    BlockConstants& b = *s.block;
    if (std::holds_alternative<DepthwiseConv2DParams>(s.params)) {
      std::vector<std::int8_t> sorted(b.weights.size());
      for (std::size_t w = 0; w < sorted.size(); ++w) {
        sorted[w] = b.weights[w / order.size() * order.size() + order[w % order.size()]];
      }
      b.weights = std::move(sorted);
    } else if (mixes(s)) {
      const auto length = static_cast<std::size_t>(b.row_weights);
      std::vector<std::int8_t> sorted;
      sorted.reserve(b.weights.size());
      for (const std::size_t row : order) {
        const auto from = b.weights.begin() + static_cast<std::ptrdiff_t>(row * length);
        sorted.insert(sorted.end(), from, from + static_cast<std::ptrdiff_t>(length));
      }
      b.weights = std::move(sorted);
    }
    reorder(b.finish, order);
    reorder(b.add_shifts, order);
    reorder(b.largest_rows, order);
    if (!s.pool) return;
    reorder(s.pool->relu.maximum, order);
    reorder(s.pool->relu.output.mantissas, order);
    reorder(s.pool->relu.output.mantissa_frac_bits, order);
    reorder(s.pool->relu.output.shifts, order);
  }

  std::vector<DeployedStage>& stages_;
  std::vector<std::size_t> parent_;
  std::vector<bool> pinned_;  ///< of sets
  std::vector<Order> orders_;  ///< of sets; empty: as it is
};

}  // namespace detail

inline void sort_channels(Deployment& deployment) { detail::ChannelSorter(deployment).sort(); }

}  // namespace tenon::host
