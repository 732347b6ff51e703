// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/akida/convert_block.hpp>
#include <tenon/akida/rules.hpp>

// What the mapper asks of the block that reads the image (HRC).
namespace tenon::akida {

namespace detail {

constexpr void map_image_strides(const InputBlockRules& rules, const Layer& layer, std::int16_t at,
                                 Refusals& refusals) noexcept {
  refusals.expect(Category::STRIDE_RANGE, at, layer.strides.height, rules.strides);
  refusals.expect(Category::STRIDE_RANGE, at, layer.strides.width, rules.strides);
  if (!rules.stride_up_to_kernel) return;
  const std::int32_t kernel = layer.kernel.height;
  refusals.limit(Category::STRIDE_KERNEL_COMBO, at, layer.strides.height,
                 kernel == 7 ? rules.stride_max_of_7 : kernel);
}

constexpr void map_image_filters(const InputBlockRules& rules, const Layer& layer, std::int16_t at,
                                 Refusals& refusals) noexcept {
  for (const InputBlockRules::Filters& row : rules.filters) {
    const bool channels = row.channels == 0 || row.channels == layer.input.channels();
    const bool kernel = row.kernel == 0 || row.kernel == layer.kernel.height;
    if (channels && kernel) refusals.limit(Category::HRC_FILTERS, at, layer.filters, row.most);
  }
}

constexpr void map_image_size(const InputBlockRules& rules, const Layer& layer, std::int16_t at,
                              Refusals& refusals) noexcept {
  const Volume image = Volume::of(layer.input);
  const std::int32_t kernel = layer.kernel.height;
  const bool valid = layer.padding == Padding::valid;
  const std::int32_t with_kernel = kernel > rules.least_dim ? kernel : rules.least_dim;
  const bool bounds_x = rules.kernel_bounds_x_always || (valid && rules.kernel_bounds_y);
  const std::int32_t least_x = bounds_x ? with_kernel : rules.least_dim;
  const std::int32_t least_y = valid && rules.kernel_bounds_y ? with_kernel : rules.least_dim;
  refusals.expect(Category::HRC_INPUT_DIM, at, image.x, at_least(least_x));
  refusals.expect(Category::HRC_INPUT_DIM, at, image.y, between(least_y, rules.most_y));
}

constexpr void map_image_pool(const BlockContext& model, const Block& block,
                              const InputBlockRules& rules, Refusals& refusals) noexcept {
  const Layer& pool = model.layer(block.pool);
  const std::int16_t at = block.operation;
  if (rules.pools.form == Form::pairs) {
    if (!rules.pools.allows(pool.pool_size.height, pool.strides.height)) {
      refusals.refuse(Category::HRC_POOL, at, pair(pool.pool_size.height, pool.strides.height),
                      rules.pools);
    }
  } else {
    refusals.expect(Category::HRC_POOL, at, pool.pool_size.height, rules.pool_sizes);
    refusals.expect(Category::HRC_POOL, at, pool.pool_size.width, rules.pool_sizes);
    if (pool.strides != pool.pool_size) {
      refusals.refuse(Category::HRC_POOL, at, size_of(pool.strides), size_of(pool.pool_size));
    }
  }
  if (block.consumer_count == 0 && !rules.may_end_after_pool) {
    refusals.refuse(Category::POOL_LAST, at, word(Word::end_of_model), word(Word::convolution));
  }
}

constexpr void map_image_followers(const BlockContext& model, const Block& block,
                                   const InputBlockRules& rules, Refusals& refusals) noexcept {
  const std::int16_t at = block.operation;
  refusals.limit(Category::HRC_FANOUT, at, block.consumer_count, rules.most_consumers);
  if (block.consumer_count == 0) {
    if (!rules.may_end && block.pool == nothing) {
      refusals.refuse(Category::TOOL_ERROR, at, word(Word::end_of_model), word(Word::convolution));
    }
    return;
  }
  const Layer& follower = model.operation(model.block(block.consumers[0]));
  if (follower.kind != LayerKind::dense) return;
  if (block.pool != nothing && !rules.dense_after_pool) {
    refusals.refuse(Category::POOL_FOLLOWER, model.block(block.consumers[0]).operation,
                    word(Word::dense_layer), word(Word::convolution));
  }
  const std::int32_t bits = model.layer(block.tail).output_bits;
  if (rules.dense_needs_bits > 0 && bits != rules.dense_needs_bits) {
    refusals.refuse(Category::NO_SINGLE_SEQUENCE, at, number(bits), number(rules.dense_needs_bits));
  }
}

}  // namespace detail

constexpr void map_input(const BlockContext& model, const Block& block,
                         Refusals& refusals) noexcept {
  const InputBlockRules& rules = model.rules.input;
  const Layer& layer = model.operation(block);
  const std::int16_t at = block.operation;
  if (layer.kernel.height != layer.kernel.width) {
    refusals.refuse(Category::KERNEL_NOT_SQUARE, at, size_of(layer.kernel), word(Word::square));
  }
  refusals.expect(Category::KERNEL_SIZE, at, layer.kernel.height, rules.kernels);
  detail::map_image_strides(rules, layer, at, refusals);
  detail::map_image_filters(rules, layer, at, refusals);
  detail::map_image_size(rules, layer, at, refusals);
  refusals.expect(Category::WEIGHT_BITS, at, layer.weight_bits, rules.weight_bits);
  refusals.expect(rules.output_category, at, model.layer(block.tail).output_bits,
                  rules.output_bits);
  if (block.table != nothing && !rules.lookup_table) {
    refusals.refuse(Category::ACTIVATION_TYPE, at, word(Word::lookup_table), word(Word::relu));
  }
  if (block.pool != nothing) detail::map_image_pool(model, block, rules, refusals);
  detail::map_image_followers(model, block, rules, refusals);
}

/// The stem of a vision transformer has a unit of its own for three sizes of image.
constexpr void map_stem(const Layer& layer, std::int16_t at, Refusals& refusals) noexcept {
  const Volume image = Volume::of(layer.input);
  refusals.expect(Category::HRC_INPUT_DIM, at, image.x, one_of(160, 224, 256));
}

}  // namespace tenon::akida
