// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/akida/map_dense.hpp>

// What the mapper asks of the graph: where merges stand, how many layers one feeds, and whether the
// processors suffice.
namespace tenon::akida {

constexpr void map_merge(const BlockContext& model, const Block& block,
                         Refusals& refusals) noexcept {
  const Layer& merge = model.operation(block);
  const std::int16_t at = block.operation;
  const auto misplaced = [&](Word found) {
    refusals.refuse(Category::MERGE_PLACEMENT, at, word(found), word(Word::convolution));
  };
  if (merge.kind == LayerKind::add) {
    refusals.expect(Category::OUTPUT_BITS, at, merge.output_bits, model.rules.merge_output_bits);
  }
  if (block.consumer_count == 0) {
    misplaced(Word::end_of_model);
    return;
  }
  std::int32_t shared = 0;
  for (const std::int16_t producer : block.producers) {
    if (producer == nothing)
      misplaced(Word::input_data);
    else if (model.block(producer).consumer_count > 1)
      ++shared;
  }
  // Branches that overlap: both inputs of a concatenate go elsewhere too.
  if (merge.kind == LayerKind::concatenate && shared == 2) misplaced(Word::skip_connection);
  for (const std::int16_t next : block.consumers) {
    if (next == nothing) continue;
    const LayerKind kind = model.operation(model.block(next)).kind;
    const bool convolves = is_convolution(kind) || is_transposed(kind);
    if (kind == LayerKind::dense) continue;  // has its own category
    if (!convolves) misplaced(is_temporal(kind) ? Word::temporal_convolution : Word::merge);
  }
  refusals.limit(Category::MERGE_PLACEMENT, at, block.consumer_count, 1);
}

namespace detail {

/// Whether a chain of dense layers, one letter each, is accepted.
constexpr void check_chain(const DenseChainRules& rules, std::span<const char> chain,
                           std::int16_t at, Refusals& refusals) noexcept {
  const std::int32_t length = static_cast<std::int32_t>(chain.size());
  std::int32_t large = 0;
  for (const char c : chain) large += c == 'L' ? 1 : 0;
  refusals.limit(Category::NO_SINGLE_SEQUENCE, at, length, rules.max_layers);
  const bool listed = length <= rules.listed_up_to;
  const std::int32_t most = listed                                     ? rules.max_large
                            : rules.max_large_beyond < rules.max_large ? rules.max_large_beyond
                                                                       : rules.max_large;
  refusals.limit(Category::NO_SINGLE_SEQUENCE, at, large, most);
  if (!listed) return;
  for (const char* refused : rules.refused) {
    if (refused == nullptr) break;
    std::size_t i = 0;
    while (i < chain.size() && refused[i] == chain[i]) ++i;
    if (i == chain.size() && refused[i] == '\0') {
      refusals.refuse(Category::NO_SINGLE_SEQUENCE, at, number(large), at_most(large - 1));
    }
  }
}

}  // namespace detail

/// Dense layers in a row; on a device with one pass all of the model together.
template <std::size_t Capacity>
constexpr void map_dense_chains(const BlockContext& model, const DeviceFacts& device,
                                std::span<const Usage> usage, Refusals& refusals) noexcept {
  std::array<char, Capacity> chain{};
  std::size_t length = 0;
  std::int16_t at = nothing;
  for (std::size_t b = 0; b < model.blocks.size(); ++b) {
    const Block& block = model.blocks[b];
    if (block.node == Node::Dense1D || block.node == Node::FullyConnected) {
      at = block.operation;
      chain[length++] = is_large(model.rules.dense, usage[b]) ? 'L' : 'S';
    } else if (length > 0 && !device.single_pass) {
      detail::check_chain(device.dense, {chain.data(), length}, at, refusals);
      length = 0;
    }
  }
  if (length > 0) detail::check_chain(device.dense, {chain.data(), length}, at, refusals);
}

/// Convolutional processors: all layers at once in a single pass; otherwise two neighbours at a
/// time, which share a pass or hand over between two on distinct processors. Returns the largest
/// sum.
[[nodiscard]] constexpr std::int32_t map_capacity(const BlockContext& model,
                                                  const DeviceFacts& device,
                                                  std::span<const Usage> usage,
                                                  Refusals& refusals) noexcept {
  std::int32_t sum = 0;
  std::int32_t largest = 0;
  for (std::size_t b = 0; b < model.blocks.size(); ++b) {
    const Block& block = model.blocks[b];
    if (block.reads_image || rules_of(model.rules, model.operation(block).kind) == nullptr)
      continue;
    const std::int32_t own = usage[b].processors;
    const std::int32_t busy = sum + own;
    if (busy > largest) largest = busy;
    const bool each_fits = own <= device.processors && sum <= device.processors;
    if (each_fits && !device.single_pass) {
      refusals.limit(Category::NO_SINGLE_SEQUENCE, block.operation, busy, device.processors);
    }
    sum = device.single_pass ? busy : own;
  }
  if (device.single_pass) {
    refusals.limit(Category::NO_SINGLE_SEQUENCE, nothing, largest, device.processors);
  }
  return largest;
}

}  // namespace tenon::akida
