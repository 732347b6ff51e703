// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tenon/host/deploy/stage.hpp>
#include <tenon/number/rounding.hpp>
#include <utility>
#include <variant>
#include <vector>

// The end of many convolutional networks: a last convolution or addition whose sums go through a ReLU into the average over
// all pixels, with no output quantizer between. Its 32-bit sums would be the largest tensor of the model; instead the stage
// adds each row of them up as it is made.
namespace tenon::host {

namespace detail {

[[nodiscard]] inline std::size_t count_readers(const Deployment& deployment, std::size_t stage) {
  std::size_t count = 0;
  for (const DeployedStage& s : deployment.stages) {
    count += static_cast<std::size_t>(std::count(s.inputs.begin(), s.inputs.end(), stage));
  }
  for (const DeployedOutput& o : deployment.outputs) count += o.stage == stage ? 1 : 0;
  return count;
}

/// Stages whose rows can be made in any number.
[[nodiscard]] inline bool makes_rows(const LayerParams& params) {
  if (const auto* conv = std::get_if<Conv2DParams>(&params)) return tenon::detail::is_pointwise(*conv);
  return std::holds_alternative<DenseParams>(params) || std::holds_alternative<AddParams>(params);
}

/// The tail for rows of at most `largest_row` magnitude in each channel, or nothing if the sums need more than 32 bits.
[[nodiscard]] inline std::optional<PooledTail> pooled_tail(const DeployedStage& pool, const std::vector<std::int64_t>& largest_row,
                                                           const HostConstants* relu) {
  const HostConstants& c = pool.constants;
  PooledTail tail;
  tail.keepdims = std::get<GlobalAveragePooling2DParams>(pool.params).keepdims;
  tail.has_relu = relu != nullptr;
  if (relu != nullptr) tail.relu.maximum = relu->maximum;
  if (tail.relu.maximum.size() == 1) tail.relu.maximum.assign(largest_row.size(), tail.relu.maximum[0]);
  tail.relu.has_output = c.has_output;
  tail.relu.output = c.output;
  tail.largest_sum = *std::max_element(largest_row.begin(), largest_row.end()) * pool.input_shapes[0].pixels();
  if (!c.input_shift.empty() || tail.largest_sum > largest(std::min(c.buffer_bits, 31))) return std::nullopt;
  return tail;
}

inline void remove_stage(Deployment& deployment, std::size_t gone, std::size_t instead) {
  const auto renumber = [&](std::size_t& at) {
    if (at == gone) at = instead;
    if (at > gone) --at;
  };
  for (DeployedStage& s : deployment.stages) {
    for (std::size_t& at : s.inputs) renumber(at);
  }
  for (DeployedOutput& o : deployment.outputs) renumber(o.stage);
  deployment.stages.erase(deployment.stages.begin() + static_cast<std::ptrdiff_t>(gone));
}

[[nodiscard]] inline bool fold_pool(Deployment& deployment, std::size_t at) {
  std::vector<DeployedStage>& stages = deployment.stages;
  const DeployedStage& pool = stages[at];
  if (!std::holds_alternative<GlobalAveragePooling2DParams>(pool.params) || pool.block) return false;
  std::size_t source = pool.inputs[0];
  std::size_t relu = 0;
  if (std::holds_alternative<ReLUParams>(stages[source].params) && !stages[source].constants.has_output) {
    if (count_readers(deployment, source) != 1) return false;
    relu = source;
    source = stages[source].inputs[0];
  }
  const DeployedStage& made = stages[source];
  if (count_readers(deployment, source) != 1 || !made.block || !made.block->traits.finish.raw || !makes_rows(made.params)) {
    return false;
  }
  std::optional<PooledTail> tail =
      pooled_tail(pool, made.block->largest_rows, relu != 0 ? &stages[relu].constants : nullptr);
  if (!tail) return false;
  DeployedStage& result = stages[source];
  if (relu != 0) result.folded.push_back(stages[relu].name);
  result.folded.push_back(pool.name);
  result.pool = std::move(tail);
  result.shape = pool.shape;
  result.type = pool.type;
  result.format = pool.format;
  result.non_negative = result.pool->has_relu && result.pool->relu.has_output && result.type == DataType::int8;
  remove_stage(deployment, at, source);
  if (relu != 0) remove_stage(deployment, relu, source);
  return true;
}

}  // namespace detail

inline void fold_pools(Deployment& deployment) {
  for (std::size_t i = deployment.stages.size(); i-- > 1;) {
    if (detail::fold_pool(deployment, i)) i = deployment.stages.size();
  }
}

}  // namespace tenon::host
