// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/akida/context.hpp>
#include <tenon/akida/geometry.hpp>
#include <tenon/akida/rules.hpp>

// What the converter asks of each block whose sequence of layers it knows.
namespace tenon::akida {

namespace detail {

constexpr void convert_weights(const BlockContext& model, const Block& block,
                               Refusals& refusals) noexcept {
  const Layer& layer = model.operation(block);
  const ProcessorRules* row = rules_of(model.rules, layer.kind);
  Value allowed{};
  if (block.reads_image)
    allowed = model.rules.input.converted_weight_bits;
  else if (row != nullptr)
    allowed = row->converted_weight_bits;
  else if (layer.kind == LayerKind::dense)
    allowed = model.rules.dense.converted_weight_bits;
  else if (is_temporal(layer.kind))
    allowed = model.rules.temporal.converted_weight_bits;
  const bool separable = layer.kind == LayerKind::separable_conv2d;
  if (separable && layer.pointwise_weight_bits != layer.weight_bits) {
    refusals.refuse(Category::WEIGHT_BITS, block.operation,
                    pair(layer.weight_bits, layer.pointwise_weight_bits), allowed);
  }
  refusals.expect(Category::WEIGHT_BITS, block.operation, layer.weight_bits, allowed);
}

constexpr void convert_convolution(const BlockContext& model, const Block& block,
                                   Refusals& refusals) noexcept {
  const Layer& layer = model.operation(block);
  const Rules& rules = model.rules;
  const std::int16_t at = block.operation;
  const bool even = layer.kernel.height % 2 == 0 || layer.kernel.width % 2 == 0;
  // The input unit of v2 has kernels of 4; all others need a centre.
  if (even && (!block.reads_image || !rules.converter_checks_geometry)) {
    refusals.refuse(Category::KERNEL_EVEN, at, size_of(layer.kernel), word(Word::odd));
  }
  if (rules.converter_checks_geometry) {
    check_squares(layer, at, refusals);
    if (!block.reads_image) check_strides(*rules_of(rules, layer.kind), layer, at, refusals);
  }
  if (layer.kind == LayerKind::conv2d && !block.reads_image) {
    refusals.expect(Category::GROUPS, at, layer.groups, number(1));
  }
  refusals.expect(Category::PADDING_VALUE, at, layer.padding_value, between(0, 255));
}

constexpr void convert_transposed(const Layer& layer, std::int16_t at,
                                  Refusals& refusals) noexcept {
  const Size2D kernel = layer.kernel;
  if (kernel.height != kernel.width || (kernel.height != 3 && kernel.height != 4)) {
    refusals.refuse(Category::TRANSPOSE_KERNEL, at, size_of(kernel), one_of(3, 4));
  }
  if (layer.strides != Size2D{2, 2}) {
    refusals.refuse(Category::TRANSPOSE_STRIDE, at, size_of(layer.strides), number(2));
  }
  if (layer.padding != Padding::same) {
    refusals.refuse(Category::TRANSPOSE_PADDING, at, word(Word::valid_padding),
                    word(Word::same_padding));
  }
}

constexpr void convert_pool(const BlockContext& model, const Block& block,
                            Refusals& refusals) noexcept {
  const Layer& pool = model.layer(block.pool);
  const Layer& layer = model.operation(block);
  const bool pointwise = layer.kernel == Size2D{1, 1};
  const Padding padding = pointwise ? Padding::same : layer.padding;
  if (pool.padding != padding) {
    refusals.refuse(Category::POOL_PADDING_MISMATCH, block.pool, padding_word(pool.padding),
                    padding_word(padding));
  }
  if (model.rules.converter_checks_geometry && (pool.pool_size.height != pool.pool_size.width ||
                                                pool.strides.height != pool.strides.width)) {
    const bool size = pool.pool_size.height != pool.pool_size.width;
    refusals.refuse(Category::POOL_NOT_SQUARE, block.pool,
                    size_of(size ? pool.pool_size : pool.strides), word(Word::square));
  }
  if (pool.strides.height > pool.pool_size.height || pool.strides.width > pool.pool_size.width) {
    refusals.refuse(Category::POOL_STRIDE_GT_SIZE, block.pool, size_of(pool.strides),
                    at_most(pool.pool_size.height));
  }
}

constexpr void convert_activation(const BlockContext& model, const Block& block,
                                  Refusals& refusals) noexcept {
  const Rules& rules = model.rules;
  const std::int32_t bits = model.layer(block.tail).output_bits;
  if (block.relu != nothing) {
    const Layer& relu = model.layer(block.relu);
    if (rules.graph.relu_bounded && !relu.bounded) {
      refusals.refuse(Category::V1_RELU_UNBOUNDED, block.relu, word(Word::absent),
                      word(Word::present));
    }
    if (rules.graph.relu_quantized && !relu.quantizes_output()) {
      refusals.refuse(Category::V1_OUTPUT_QUANTIZER_MISSING, block.relu, word(Word::absent),
                      word(Word::present));
    }
    const Value& allowed =
        block.reads_image ? rules.input.converted_output_bits : rules.converted_activation_bits;
    if (bits > 0) refusals.expect(Category::ACT_BITS, block.operation, bits, allowed);
  }
  if (block.table != nothing) {
    const Layer& before = model.layer(model.layer(block.table).inbound[0]);
    refusals.expect(Category::LUT_BITS, block.table, before.output_bits, number(11));
  }
}

/// The widths that a v1 processor layer may read.
constexpr void convert_previous(const BlockContext& model, const Block& block,
                                Refusals& refusals) noexcept {
  const Value& allowed = model.rules.previous_output_bits;
  if (block.reads_image || block.producer_count == 0) return;
  if (block.producers[0] != nothing) {
    const Block& producer = model.block(block.producers[0]);
    refusals.expect(Category::UNSIGNED_REQUIRED, block.operation,
                    model.layer(producer.tail).output_bits, allowed);
  } else if (!model.rules.graph.input_as_four_bits) {
    const bool convolution = model.operation(block).kind == LayerKind::conv2d;
    const Layer& input = model.layer(input_of(model.layers));
    refusals.expect(convolution ? Category::UNSIGNED_REQUIRED : Category::PREVIOUS_OUTPUT_BITS,
                    block.operation, bits_of(input.data_type), allowed);
  }
}

constexpr void convert_merge(const BlockContext& model, const Block& block,
                             Refusals& refusals) noexcept {
  const Layer& merge = model.operation(block);
  refusals.expect(Category::CONCAT_ARITY, block.operation, merge.inbound_count, number(2));
  if (merge.inbound_count != 2) return;
  const Shape& a = model.layer(merge.inbound[0]).output;
  const Shape& b = model.layer(merge.inbound[1]).output;
  const Volume left = Volume::of(a);
  const Volume right = Volume::of(b);
  const bool add = merge.kind == LayerKind::add;
  if (left.x != right.x || left.y != right.y) {
    refusals.refuse(Category::SHAPE_MISMATCH, block.operation, pair(right.x, right.y),
                    pair(left.x, left.y));
  } else if (add && left.channels != right.channels) {
    refusals.refuse(Category::SHAPE_MISMATCH, block.operation, number(right.channels),
                    number(left.channels));
  }
  if (add) return;
  const std::int32_t bits = input_bits_of(model, block, 0);
  const std::int32_t others = input_bits_of(model, block, 1);
  if (bits != others) {
    refusals.refuse(Category::SHAPE_MISMATCH, block.operation, number(others), number(bits));
  } else if (input_is_signed(model, block, 0) != input_is_signed(model, block, 1)) {
    const auto sign = [&](std::size_t which) {
      return word(input_is_signed(model, block, which) ? Word::signed_input : Word::unsigned_input);
    };
    refusals.refuse(Category::SHAPE_MISMATCH, block.operation, sign(1), sign(0));
  }
}

constexpr void convert_dense(const BlockContext& model, const Block& block,
                             Refusals& refusals) noexcept {
  const Layer& dense = model.operation(block);
  const Volume volume = Volume::of(dense.input);
  if (dense.input.is_vector()) return;
  if (model.rules.dense.flat) {
    refusals.refuse(Category::V1_DENSE_NOT_FLAT, block.operation, pair(volume.x, volume.y),
                    pair(1, 1));
  } else if (volume.x != 1) {
    refusals.refuse(Category::DENSE2D_SHAPE, block.operation, number(volume.x), number(1));
  }
}

constexpr void convert_stem(const Layer& layer, std::int16_t at, Refusals& refusals) noexcept {
  const Volume volume = Volume::of(layer.input);
  const std::int32_t kernel = layer.kernel.height;
  if (volume.x != volume.y || volume.x % kernel != 0) {
    refusals.refuse(Category::STEM_SHAPE, at, pair(volume.x, volume.y), word(Word::square));
  }
  if (layer.kernel.width != kernel || layer.strides != layer.kernel) {
    refusals.refuse(Category::STEM_SHAPE, at, size_of(layer.strides), number(kernel));
  }
}

}  // namespace detail

constexpr void convert_block(const BlockContext& model, const Block& block,
                             Refusals& refusals) noexcept {
  const Layer& layer = model.operation(block);
  const Rules& rules = model.rules;
  const std::int16_t at = block.operation;
  detail::convert_weights(model, block, refusals);
  if (block.node == Node::Stem)
    detail::convert_stem(layer, at, refusals);
  else if (is_convolution(layer.kind))
    detail::convert_convolution(model, block, refusals);
  if (is_transposed(layer.kind)) detail::convert_transposed(layer, at, refusals);
  if (layer.kind == LayerKind::dense) detail::convert_dense(model, block, refusals);
  if (layer.is_merge()) detail::convert_merge(model, block, refusals);
  if (block.pool != nothing) detail::convert_pool(model, block, refusals);
  if (block.average != nothing) {
    const Volume averaged = Volume::of(model.layer(block.average).input);
    refusals.limit(Category::V1_GAP_SPATIAL, block.average, averaged.pixels(),
                   rules.gap_pixels_converted);
  }
  if (is_temporal(layer.kind)) {
    refusals.expect(Category::FIFO_SIZE, at, layer.kernel.height, rules.temporal.fifo);
  }
  if (layer.kind == LayerKind::extract_token && !layer.contiguous_tokens) {
    refusals.refuse(Category::TOKEN_RANGE, at, word(Word::absent), word(Word::contiguous));
  }
  if (layer.kind == LayerKind::layer_mad_normalization && rules.graph.mad_norm_crashes) {
    refusals.refuse(Category::TOOL_ERROR, at, word(Word::converter_crash), {});
  }
  detail::convert_activation(model, block, refusals);
  detail::convert_previous(model, block, refusals);
}

}  // namespace tenon::akida
