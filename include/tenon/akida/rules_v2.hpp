// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/akida/device.hpp>
#include <tenon/akida/rules.hpp>

// The rules of TwoNodesIPv2, SixNodesIPv2 and, from 2.19 on, of FourNodesIPv2 and TwelveNodesIPv2.
namespace tenon::akida {

inline constexpr GraphRules graph_v2{
    .input_ranks = at_most(3),
    .rank_of_image_free = true,
    .mad_norm_crashes = true,
};

inline constexpr InputBlockRules input_v2{
    .converted_weight_bits = one_of(4, 8),
    .weight_bits = one_of(8),
    .output_bits = one_of(4, 8),
    .kernels = one_of(3, 4, 5, 7),
    .stride_up_to_kernel = true,
    .stride_max_of_7 = 6,
    .filters = {{{0, 0, 512}}},
    .kernel_bounds_y = true,
    .most_y = 384,
    .pools = pairs(2, 2, 3, 2),
    .dense_needs_bits = 8,
    .may_end = false,
    .most_consumers = 1,
};

inline constexpr ProcessorRules convolution_v2{
    .kind = LayerKind::conv2d,
    .converted_weight_bits = one_of(4, 8),
    .weight_bits = one_of(4, 8),
    .input_bits = one_of(4, 8),
    .activated_bits = one_of(4, 8),
    .plain_bits = one_of(8, 28),
    .activated_bits_of_4 = one_of(4, 8),
    .plain_bits_of_4 = one_of(28),
    .kernels = one_of(1, 3, 5, 7),
    .strides = one_of(1, 2),
    .kernels_of_stride_2 = one_of(1, 3),
    .pool_max = 2,
    .pool_with_stride = false,
    .gap_x = 64,
    .gap_pixels = 144,
    .gap_needs_activation = true,
    .x_max = 4096,
};

[[nodiscard]] constexpr ProcessorRules depthwise_of(ProcessorRules row) noexcept {
  row.kind = LayerKind::depthwise_conv2d;
  row.activated_bits_of_4 = one_of(4);
  row.plain_bits_of_4 = one_of(8, 28);
  row.kernels = one_of(3, 5, 7);
  row.kernels_of_stride_2 = one_of(3);
  row.pool_max = 0;
  row.pool_with_stride = true;
  return row;
}

[[nodiscard]] constexpr ProcessorRules transposed_of(LayerKind kind) noexcept {
  ProcessorRules row = convolution_v2;
  row.kind = kind;
  row.weight_bits = one_of(8);
  row.input_bits = one_of(8);
  row.activated_bits = row.activated_bits_of_4 = one_of(8);
  row.plain_bits_of_4 = row.plain_bits;
  row.kernels = one_of(3, 4);
  row.strides = one_of(2);
  row.kernels_of_stride_2 = {};
  row.y_max = 128;
  row.splits_height = false;
  row.columns = 32;
  return row;
}

inline constexpr MemoryRules memory_v2{
    .weight_words = 4096,
    .words = {{{1, 8, 24, 2},
               {3, 8, 8, 6},
               {5, 8, 8, 20},
               {7, 8, 8, 56},
               {1, 4, 24, 1},
               {3, 4, 8, 3},
               {5, 4, 8, 8},
               {7, 4, 8, 21}}},
    .channel_limits = {{{LayerKind::conv2d_transpose, 3, 8, 682},
                        {LayerKind::conv2d_transpose, 4, 8, 341}}},
    .input_bytes = 65536,
    .column_max = 64,
    .row_max = 256,
    .row_align_bits = 32,
};

inline constexpr DenseRules dense_v2{
    .weight_bits = one_of(4, 8),
    .input_equals_weights = true,
    .activated_bits = one_of(4, 8),
    .plain_bits = one_of(8, 28, 32),
    .activated_bits_of_4 = one_of(4),
    .plain_bits_of_4 = one_of(28, 32),
    .units_max = 65535,
    .weight_eighths = {0, 1, 2, 3, 4, 5, 6, 7, 8},
    .unit_bytes = 8,
    .internal_bytes = 49152,
    .only_dense_after = true,
};

inline constexpr Rules rules_v2{
    .graph = graph_v2,
    .input = input_v2,
    .processor = {convolution_v2, depthwise_of(convolution_v2),
                  transposed_of(LayerKind::conv2d_transpose),
                  transposed_of(LayerKind::depthwise_conv2d_transpose)},
    .converter_checks_geometry = true,
    .memory = memory_v2,
    .dense = dense_v2,
    .temporal = {.bits = one_of(8)},
    .merge_output_bits = one_of(8),
};

/// What 2.19 changes. Some of it is the work of its quantizer, which inserts or replaces layers
/// before the mapper sees them: a described model is judged as what it would become.
[[nodiscard]] constexpr Rules newer_v2(Rules rules) noexcept {
  rules.graph.input_ranks = one_of(1, 3);
  rules.graph.input_data_bits = one_of(4, 8);
  rules.graph.unsigned_input = Category::INPUT_SIGN;
  rules.graph.mad_norm_crashes = false;
  rules.input.lookup_table = true;
  rules.input.dense_needs_bits = 0;
  rules.input.dense_after_pool = true;
  for (ProcessorRules& row : rules.processor) {
    row.input_at_least_weights = true;
    row.lookup_table = true;
    row.gap_needs_activation = false;
  }
  ProcessorRules& depthwise = rules.processor[1];
  depthwise.kernels_of_stride_2 = one_of(3, 5, 7);
  depthwise.pool_max = 2;
  depthwise.pool_with_stride = false;
  rules.dense.flat = true;
  rules.dense.input_equals_weights = false;
  rules.dense.input_at_least_weights = true;
  rules.dense.not_dense_after = Category::CNP_AFTER_FNP;
  rules.temporal.no_processor = Category::TEMPORAL_PASS;
  rules.batch_norm_rewritten = true;
  return rules;
}

}  // namespace tenon::akida
