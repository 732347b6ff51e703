// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <tenon/akida/category.hpp>
#include <tenon/akida/value.hpp>
#include <tenon/layer/traits.hpp>

// The shapes of the rule tables. rules_v1.hpp and rules_v2.hpp fill them; the evaluation reads them
// and knows no number itself. A Value of form `none` allows everything, a limit of 0 means no
// limit.
namespace tenon::akida {

/// Model-level rules of the converter.
struct GraphRules {
  bool sequential = false;          ///< each layer has one inbound layer
  Value input_ranks{};              ///< without the batch
  bool rank_of_image_free = false;  ///< the rank rule does not bind an image that the HRC reads
  Value input_data_bits{};          ///< of an input that does not go to the HRC
  bool input_as_four_bits = false;  ///< a signed input is turned into 4 unsigned bits
  Category unsigned_input = Category::INPUT_UNSIGNED;  ///< what refuses an unsigned one
  bool quantizer_only_on_relu = false;
  bool relu_bounded = false;
  bool relu_quantized = false;
  bool per_tensor_only = false;
  bool mad_norm_crashes = false;  ///< the converter fails on every mad norm
};

/// Rules of the block that reads the image.
struct InputBlockRules {
  struct Filters {
    std::int32_t channels;  ///< 0: any
    std::int32_t kernel;    ///< 0: any
    std::int32_t most;
  };
  Value channels = one_of(1, 3);
  Value converted_weight_bits{};
  Value converted_output_bits{};  ///< category ACT_BITS
  Value weight_bits{};
  Value output_bits{};
  Category output_category = Category::OUTPUT_BITS;
  Value kernels{};
  Value strides{};  ///< of each axis
  bool stride_up_to_kernel = false;
  std::int32_t stride_max_of_7 = 0;
  std::array<Filters, 6> filters{};
  std::int32_t least_dim = 5;
  bool kernel_bounds_y = false;  ///< with valid padding
  bool kernel_bounds_x_always = false;
  std::int32_t most_y = 0;
  Value pools{};       ///< pairs of size and stride
  Value pool_sizes{};  ///< or sizes of each axis, with a stride equal to the size
  bool lookup_table = false;
  std::int32_t dense_needs_bits = 0;  ///< output bits when a dense layer follows
  bool may_end_after_pool = false;
  bool dense_after_pool = false;
  bool may_end = true;  ///< the dequantizer may follow
  std::int32_t most_consumers = 0;
};

/// Rules of one kind of layer on the convolutional processors.
struct ProcessorRules {
  LayerKind kind = LayerKind::unsupported;
  Value converted_weight_bits{};
  Value weight_bits{};
  Value input_bits{};
  Value activated_bits{};       ///< output with an activation
  Value plain_bits{};           ///< and without
  Value activated_bits_of_4{};  ///< the same with 4-bit weights
  Value plain_bits_of_4{};
  bool input_at_least_weights = false;
  Value kernels{};
  Value strides{};
  Value kernels_of_stride_2{};
  bool lookup_table = false;
  bool pools_up_to_device = false;  ///< the device bounds the pool
  std::int32_t pool_max = 0;
  bool pool_with_stride = true;
  std::int32_t gap_x = 0;
  std::int32_t gap_pixels = 0;
  std::int32_t gap_rows = 0;  ///< least Y of what is averaged
  bool gap_needs_activation = false;
  std::int32_t channels_max = 2048;
  std::int32_t filters_max = 2048;
  std::int32_t x_max = 0;
  std::int32_t y_max = 4096;
  bool splits_height = true;
  std::int32_t columns = 0;  ///< fixed width of a part, instead of what the memory allows
};

/// Weight memory: a processor holds F filters when channels * words(F) fit, with
/// words(F) = round_up(ceil(ceil(F / group) * numerator / denominator), granule).
struct WeightWords {
  std::int32_t kernel = 0;
  std::int32_t bits = 0;
  std::int32_t group = 8;
  std::int32_t numerator = 0;
  std::int32_t denominator = 1;
  std::int32_t granule = 1;
};
/// Layers whose filters are not split have a limit of channels instead.
struct ChannelLimit {
  LayerKind kind = LayerKind::unsupported;
  std::int32_t kernel = 0;
  std::int32_t bits = 0;
  std::int32_t channels = 0;
};
struct MemoryRules {
  std::int32_t weight_words = 0;
  std::array<WeightWords, 12> words{};
  std::array<ChannelLimit, 6> channel_limits{};
  std::int32_t input_bytes = 0;
  std::int32_t column_max = 0;
  std::int32_t row_max = 0;
  std::int32_t row_align_bits = 8;  ///< a row of one channel is rounded up to this
};

/// Rules of dense layers on the fully connected processors.
struct DenseRules {
  Value converted_weight_bits{};
  bool flat = false;  ///< refused at conversion when the input is not flat
  Value weight_bits{};
  Value input_bits{};
  bool input_equals_weights = false;
  bool input_at_least_weights = false;
  Value activated_bits{};
  Value plain_bits{};
  Value activated_bits_of_4{};
  Value plain_bits_of_4{};
  std::int32_t units_max = 0;
  std::int32_t xy_max = 0;                       ///< each of X and Y
  std::array<std::int32_t, 9> weight_eighths{};  ///< eighths of a byte for an input, by weight bits
  std::int32_t unit_bytes = 0;                   ///< more for each unit
  std::int32_t internal_bytes = 0;               ///< what an internal FNP3 holds
  bool only_dense_after = false;
  Category not_dense_after = Category::NO_SINGLE_SEQUENCE;
};

struct TemporalRules {
  Value fifo = between(2, 10);
  Value converted_weight_bits = at_most(8);
  Value bits{};  ///< of input, weights and output
  std::int32_t filters_max = 2048;
  Category no_processor = Category::NOT_ENOUGH_NPS;
};

struct Rules {
  GraphRules graph{};
  InputBlockRules input{};
  std::array<ProcessorRules, 4> processor{};
  bool converter_checks_geometry = false;  ///< squares and strides; else the mapper does
  bool converter_refuses_even = true;
  std::int32_t gap_pixels_converted = 0;
  Value previous_output_bits{};       ///< of what feeds a processor layer; UNSIGNED_REQUIRED
  Value converted_activation_bits{};  ///< ACT_BITS
  MemoryRules memory{};
  DenseRules dense{};
  TemporalRules temporal{};
  Value merge_output_bits{};
  std::int32_t fanout_max = 2;
  bool batch_norm_rewritten = false;  ///< the quantizer of the tool chain replaces a lone one
};

[[nodiscard]] constexpr const ProcessorRules* rules_of(const Rules& rules,
                                                       LayerKind kind) noexcept {
  for (const ProcessorRules& row : rules.processor) {
    if (row.kind == kind) return &row;
  }
  return nullptr;
}

}  // namespace tenon::akida
