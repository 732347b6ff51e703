// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/akida/map_processor.hpp>

// What the mapper asks of dense layers (FNP) and of temporal convolutions (TNP).
namespace tenon::akida {

/// Bytes of the weights of a dense layer.
[[nodiscard]] constexpr std::int64_t dense_bytes(const DenseRules& rules, const Layer& dense,
                                                 std::int64_t inputs) noexcept {
  const std::size_t bits = static_cast<std::size_t>(dense.weight_bits);
  const std::int64_t eighths = bits < rules.weight_eighths.size() ? rules.weight_eighths[bits] : 8;
  return divide_up(dense.filters * (inputs * eighths + std::int64_t{8} * rules.unit_bytes), 8);
}

constexpr void map_dense(const BlockContext& model, const Block& block, const DeviceFacts& device,
                         Usage& usage, Refusals& refusals) noexcept {
  const Layer& dense = model.operation(block);
  const DenseRules& rules = model.rules.dense;
  const std::int16_t at = block.operation;
  const Volume input = Volume::of(model.layer(block.head()).input);
  const std::int32_t input_bits = input_bits_of(model, block);
  refusals.limit(Category::DENSE_INPUT_MAX, at, input.size(), device.dense_inputs_max);
  refusals.limit(Category::DENSE_INPUT_MAX, at, input.x > input.y ? input.x : input.y,
                 rules.xy_max);
  refusals.expect(Category::WEIGHT_BITS, at, dense.weight_bits, rules.weight_bits);
  refusals.expect(Category::INPUT_BITS, at, input_bits, rules.input_bits);
  if (rules.input_equals_weights) {
    refusals.expect(Category::INPUT_BITS, at, input_bits, number(dense.weight_bits));
  }
  if (rules.input_at_least_weights && input_bits < dense.weight_bits) {
    refusals.refuse(Category::INPUT_LT_WEIGHT_BITS, at, number(input_bits),
                    at_least(dense.weight_bits));
  }
  const bool of_4 = dense.weight_bits == 4;
  const bool on = block.activated();
  refusals.expect(Category::OUTPUT_BITS, at, output_bits_of(model, block),
                  on     ? of_4 ? rules.activated_bits_of_4 : rules.activated_bits
                  : of_4 ? rules.plain_bits_of_4
                         : rules.plain_bits);
  refusals.limit(Category::REGISTER_OVERFLOW, at, dense.filters, rules.units_max);
  if (dense.all_zero_weights) {
    refusals.refuse(Category::ALL_ZERO_WEIGHTS, at, number(0), at_least(1));
  }
  if (rules.only_dense_after) {
    for (const std::int16_t next : block.consumers) {
      if (next == nothing || model.operation(model.block(next)).kind == LayerKind::dense) continue;
      refusals.refuse(rules.not_dense_after, model.block(next).operation, word(Word::dense_layer),
                      word(Word::convolution));
    }
  }
  const bool after_merge =
      block.producers[0] != nothing && model.operation(model.block(block.producers[0])).is_merge();
  if (after_merge) {
    refusals.refuse(Category::DENSE_AFTER_MERGE, at, word(Word::merge), word(Word::convolution));
  }
  const std::int64_t bytes = dense_bytes(rules, dense, input.size());
  usage.processors = 1;
  usage.weight_words = static_cast<std::int32_t>(bytes < 0x7fffffff ? bytes : 0x7fffffff);
  usage.input_bytes = static_cast<std::int32_t>(divide_up(input.size() * input_bits, 8));
}

/// A dense layer whose weights need the external memory of an FNP2.
[[nodiscard]] constexpr bool is_large(const DenseRules& rules, const Usage& usage) noexcept {
  return usage.weight_words > rules.internal_bytes;
}

constexpr void map_temporal(const BlockContext& model, const Block& block,
                            const DeviceFacts& device, bool skips, Usage& usage,
                            Refusals& refusals) noexcept {
  const Layer& layer = model.operation(block);
  const TemporalRules& rules = model.rules.temporal;
  const std::int16_t at = block.operation;
  if (!device.temporal) refusals.refuse(rules.no_processor, at, number(1), number(0));
  refusals.expect(Category::INPUT_BITS, at, input_bits_of(model, block), rules.bits);
  refusals.expect(Category::WEIGHT_BITS, at, layer.weight_bits, rules.bits);
  refusals.expect(Category::OUTPUT_BITS, at, output_bits_of(model, block), rules.bits);
  refusals.limit(Category::FILTERS_MAX, at, layer.filters, rules.filters_max);
  if (skips) {
    refusals.refuse(Category::TEMPORAL_SKIP, at, word(Word::skip_connection), word(Word::absent));
  }
  usage.processors = 1;
}

}  // namespace tenon::akida
