// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/akida/convert_block.hpp>
#include <tenon/akida/memory.hpp>
#include <tenon/akida/rules.hpp>

// What the mapper asks of a layer on the convolutional processors (CNP), and how many of them it
// takes.
namespace tenon::akida {

namespace detail {

constexpr void map_widths(const BlockContext& model, const Block& block,
                          const ProcessorRules& rules, Refusals& refusals) noexcept {
  const Layer& layer = model.operation(block);
  const std::int16_t at = block.operation;
  const std::int32_t input_bits = input_bits_of(model, block);
  const bool of_4 = layer.weight_bits == 4;
  const Value& activated = of_4 && rules.activated_bits_of_4.form != Form::none
                               ? rules.activated_bits_of_4
                               : rules.activated_bits;
  const Value& plain =
      of_4 && rules.plain_bits_of_4.form != Form::none ? rules.plain_bits_of_4 : rules.plain_bits;
  refusals.expect(Category::INPUT_BITS, at, input_bits, rules.input_bits);
  refusals.expect(Category::WEIGHT_BITS, at, layer.weight_bits, rules.weight_bits);
  if (rules.input_at_least_weights && input_bits < layer.weight_bits) {
    refusals.refuse(Category::INPUT_LT_WEIGHT_BITS, at, number(input_bits),
                    at_least(layer.weight_bits));
  }
  refusals.expect(Category::OUTPUT_BITS, at, output_bits_of(model, block),
                  block.activated() ? activated : plain);
  if (block.table != nothing && !rules.lookup_table) {
    refusals.refuse(Category::ACTIVATION_TYPE, at, word(Word::lookup_table), word(Word::relu));
  }
}

constexpr void map_max_pool(const BlockContext& model, const Block& block,
                            const ProcessorRules& rules, const DeviceFacts& device,
                            Refusals& refusals) noexcept {
  const Layer& pool = model.layer(block.pool);
  const Layer& layer = model.operation(block);
  const std::int16_t at = block.operation;
  const std::int32_t size = pool.pool_size.height;
  if (pool.pool_size.width != size) {
    refusals.refuse(Category::POOL_SIZE, at, size_of(pool.pool_size), word(Word::square));
  }
  refusals.limit(Category::POOL_SIZE, at, size,
                 rules.pools_up_to_device ? device.pool_max : rules.pool_max);
  if (!rules.pool_with_stride) {
    refusals.expect(Category::POOL_WITH_STRIDE, at, layer.strides.height, number(1));
  }
  const Volume pooled = Volume::of(pool.input);
  refusals.expect(Category::POOL_GT_INPUT, at, size,
                  at_most(pooled.x < pooled.y ? pooled.x : pooled.y));
  if (block.consumer_count == 0) {
    refusals.refuse(Category::POOL_LAST, at, word(Word::end_of_model), word(Word::convolution));
    return;
  }
  const Block& follower = model.block(block.consumers[0]);
  if (model.operation(follower).kind == LayerKind::dense && !device.dense_after_pool) {
    refusals.refuse(Category::POOL_FOLLOWER, follower.operation, word(Word::dense_layer),
                    word(Word::convolution));
  }
}

constexpr void map_average_pool(const BlockContext& model, const Block& block,
                                const ProcessorRules& rules, Refusals& refusals) noexcept {
  const Layer& layer = model.operation(block);
  const std::int16_t at = block.operation;
  const Volume input = Volume::of(layer.input);
  const Volume averaged = Volume::of(model.layer(block.average).input);
  if (!rules.pool_with_stride) {
    refusals.expect(Category::POOL_WITH_STRIDE, at, layer.strides.height, number(1));
  }
  if (rules.gap_needs_activation && !block.activated()) {
    refusals.refuse(Category::GAP_NO_ACTIVATION, at, word(Word::absent), word(Word::relu));
  }
  refusals.limit(Category::GAP_DIM, at, input.x, rules.gap_x);
  refusals.limit(Category::GAP_DIM, at, input.pixels(), rules.gap_pixels);
  if (rules.gap_rows > 0)
    refusals.expect(Category::GAP_DIM, at, averaged.y, at_least(rules.gap_rows));
}

/// Filters of one processor; 0 where they are not split.
[[nodiscard]] constexpr std::int64_t map_weights(const BlockContext& model, const Block& block,
                                                 const DeviceFacts& device, Usage& usage,
                                                 Refusals& refusals) noexcept {
  const Layer& layer = model.operation(block);
  const MemoryRules& memory = model.rules.memory;
  const std::int32_t channels = layer.input.channels();
  for (const ChannelLimit& row : memory.channel_limits) {
    if (row.kind == layer.kind && row.kernel == layer.kernel.height &&
        row.bits == layer.weight_bits) {
      refusals.limit(Category::WEIGHT_SRAM, block.operation, channels, row.channels);
    }
  }
  if (layer.kind != LayerKind::conv2d) return 0;
  const WeightWords* words = words_of(memory, layer.kernel.height, layer.weight_bits);
  if (words == nullptr) return 0;  // refused by its kernel or width
  const std::int64_t fit = filters_that_fit(memory, *words, channels);
  if (fit == 0) {
    refusals.refuse(Category::WEIGHT_SRAM, block.operation, number(channels),
                    at_most(channels_that_fit(memory, *words)));
    return 0;
  }
  const std::int64_t split =
      fit < device.filters_per_processor ? fit : device.filters_per_processor;
  const std::int64_t held = split < layer.filters ? split : layer.filters;
  usage.weight_words = static_cast<std::int32_t>(words_per_channel(*words, held) * channels);
  usage.filters_per_processor = static_cast<std::int16_t>(split);
  return split;
}

constexpr void map_memories(const BlockContext& model, const Block& block,
                            const ProcessorRules& rules, const DeviceFacts& device, Usage& usage,
                            Refusals& refusals) noexcept {
  const Layer& layer = model.operation(block);
  const std::int16_t at = block.operation;
  const Volume input = Volume::of(layer.input);
  if (!rules.kernels.allows(layer.kernel.height)) return;  // no processor has room for it
  const std::int64_t split = map_weights(model, block, device, usage, refusals);
  const std::int64_t parts_of_filters = split > 0 ? divide_up(layer.filters, split) : 1;
  std::int64_t parts_of_input = 0;
  if (rules.columns > 0) {
    parts_of_input = divide_up(input.x, rules.columns);
  } else {
    const std::int32_t bits = input_bits_of(model, block);
    if (!rules.input_bits.allows(bits)) return;
    const InputCut cut =
        cut_input(model.rules.memory, input, layer.kernel.height, bits, block.average != nothing);
    if (cut.parts == 0) {
      refusals.refuse(Category::INPUT_SRAM, at, number(cut.part_bytes),
                      at_most(model.rules.memory.input_bytes));
      return;
    }
    parts_of_input = cut.parts;
    usage.input_bytes = static_cast<std::int32_t>(cut.part_bytes);
  }
  const std::int64_t processors = parts_of_input * parts_of_filters;
  refusals.limit(Category::NOT_ENOUGH_NPS, at, processors, device.processors);
  refusals.limit(Category::REGISTER_OVERFLOW, at, processors, most_parts);
  usage.processors = static_cast<std::int16_t>(processors < 0x7fff ? processors : 0x7fff);
}

}  // namespace detail

constexpr void map_processor(const BlockContext& model, const Block& block,
                             const DeviceFacts& device, Usage& usage, Refusals& refusals) noexcept {
  const Layer& layer = model.operation(block);
  const ProcessorRules* rules = rules_of(model.rules, layer.kind);
  const std::int16_t at = block.operation;
  const Volume input = Volume::of(layer.input);
  if (!model.rules.converter_checks_geometry) {
    check_squares(layer, at, refusals);
    check_strides(*rules, layer, at, refusals);
  }
  refusals.expect(Category::KERNEL_SIZE, at, layer.kernel.height, rules->kernels);
  if (layer.padding != Padding::same && layer.kernel != Size2D{1, 1}) {
    refusals.refuse(Category::PADDING_VALID, at, word(Word::valid_padding),
                    word(Word::same_padding));
  }
  detail::map_widths(model, block, *rules, refusals);
  refusals.limit(Category::FILTERS_MAX, at, layer.filters, rules->filters_max);
  refusals.limit(Category::CHANNELS_MAX, at, input.channels, rules->channels_max);
  refusals.limit(Category::WIDTH_MAX, at, input.x, rules->x_max);
  refusals.limit(rules->splits_height ? Category::HEIGHT_MAX : Category::SPLIT_HEIGHT, at, input.y,
                 rules->y_max);
  if (layer.all_zero_weights) {
    refusals.refuse(Category::ALL_ZERO_WEIGHTS, at, number(0), at_least(1));
  }
  if (block.pool != nothing) detail::map_max_pool(model, block, *rules, device, refusals);
  if (block.average != nothing) detail::map_average_pool(model, block, *rules, refusals);
  detail::map_memories(model, block, *rules, device, usage, refusals);
}

}  // namespace tenon::akida
