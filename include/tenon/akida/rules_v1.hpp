// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/akida/device.hpp>
#include <tenon/akida/rules.hpp>

// The rules of AKD1000, AKD1500 and TwoNodesIPv1.
namespace tenon::akida {

inline constexpr GraphRules graph_v1{
    .sequential = true,
    .input_ranks = one_of(1, 3),
    .input_as_four_bits = true,
    .quantizer_only_on_relu = true,
    .relu_bounded = true,
    .relu_quantized = true,
    // The user guide asks for it; the converter compares another field and lets it pass.
    .per_tensor_only = true,
};

inline constexpr InputBlockRules input_v1{
    .converted_weight_bits = one_of(4, 8),
    .weight_bits = one_of(1, 2, 3, 4, 8),
    .output_bits = one_of(1, 2, 4),
    .output_category = Category::ACT_BITS,
    .kernels = one_of(3, 5, 7),
    .strides = one_of(1, 2, 3),
    .filters = {{{1, 3, 512}, {1, 5, 192}, {1, 7, 96}, {3, 3, 192}, {3, 5, 64}, {3, 7, 32}}},
    .kernel_bounds_x_always = true,
    .most_y = 256,
    .pool_sizes = one_of(1, 2),
    .may_end_after_pool = true,
    .dense_after_pool = true,
};

inline constexpr ProcessorRules convolution_v1{
    .kind = LayerKind::conv2d,
    .converted_weight_bits = one_of(1, 2, 4),
    .weight_bits = one_of(1, 2, 4),
    .input_bits = one_of(1, 2, 3, 4),
    .activated_bits = one_of(1, 2, 4),
    .kernels = one_of(1, 3, 5, 7),
    .strides = one_of(1, 2),
    .kernels_of_stride_2 = one_of(3),
    .pools_up_to_device = true,
    .gap_x = 32,
    .gap_rows = 3,
    .channels_max = 0,
};

[[nodiscard]] constexpr ProcessorRules separable_of(ProcessorRules row) noexcept {
  row.kind = LayerKind::separable_conv2d;
  row.weight_bits = one_of(2, 4);
  row.kernels = one_of(3, 5, 7);
  row.channels_max = 2048;
  return row;
}

inline constexpr MemoryRules memory_v1{
    .weight_words = 7168,
    .words = {{{1, 1, 8, 1, 3, 8},
               {1, 2, 8, 1, 3, 8},
               {1, 4, 8, 2, 3, 16},
               {3, 1, 8, 8, 5, 8},
               {3, 2, 8, 16, 5, 8},
               {3, 4, 8, 6, 1, 16},
               {5, 1, 8, 4, 1, 8},
               {5, 2, 8, 8, 1, 8},
               {5, 4, 8, 16, 1, 16},
               {7, 1, 8, 8, 1, 8},
               {7, 2, 8, 16, 1, 16},
               {7, 4, 8, 42, 1, 16}}},
    .channel_limits = {{{LayerKind::separable_conv2d, 3, 2, 2048},
                        {LayerKind::separable_conv2d, 3, 4, 2048},
                        {LayerKind::separable_conv2d, 5, 2, 2048},
                        {LayerKind::separable_conv2d, 5, 4, 1792},
                        {LayerKind::separable_conv2d, 7, 2, 1792},
                        {LayerKind::separable_conv2d, 7, 4, 896}}},
    .input_bytes = 43008,
    .column_max = 32,
    .row_max = 256,
};

inline constexpr DenseRules dense_v1{
    .converted_weight_bits = one_of(1, 2, 4),
    .flat = true,
    .weight_bits = one_of(1, 2, 3, 4),
    .input_bits = one_of(1, 2, 3, 4),
    .units_max = 131071,
    .xy_max = 2047,
    .weight_eighths = {0, 1, 2, 6, 6},
    .unit_bytes = 16,
    .internal_bytes = 43008,
};

inline constexpr Rules rules_v1{
    .graph = graph_v1,
    .input = input_v1,
    .processor = {convolution_v1, separable_of(convolution_v1)},
    .gap_pixels_converted = 256,
    .previous_output_bits = at_most(4),
    .converted_activation_bits = one_of(1, 2, 4),
    .memory = memory_v1,
    .dense = dense_v1,
};

/// What 2.19 changes: a signed input stays signed, which no processor layer takes; the input layer
/// gets the activation widths of the others at conversion.
[[nodiscard]] constexpr Rules newer_v1(Rules rules) noexcept {
  rules.graph.input_as_four_bits = false;
  rules.graph.unsigned_input = Category::INPUT_SIGN;
  rules.input.converted_output_bits = one_of(1, 2, 4);
  return rules;
}

}  // namespace tenon::akida
