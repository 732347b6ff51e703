// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace tenon::akida {

/// Where a model is refused: by the converter of its IP version, or by the mapper of a device.
enum class Stage : std::uint8_t { convert, map };

// Why a model is refused, in the words of the tool chain. The value is the number of the error:
// TN40xx come from conversion first, TN41xx from mapping; a category may arise in both.
enum class Category : std::uint16_t {
  NONE = 0,
  GRAPH_MULTI_INPUT = 4001,
  GRAPH_MULTI_OUTPUT = 4002,
  GRAPH_INPUT_FANOUT = 4003,
  GRAPH_ONLY_SKIPPABLE = 4004,
  GRAPH_NOT_SEQUENTIAL = 4005,
  INPUT_RANK = 4006,
  INPUT_UNSIGNED = 4007,
  INPUT_SIGN = 4008,
  DILATION = 4009,
  BLOCK_ORPHAN_LAYER = 4010,
  BLOCK_PATTERN = 4011,
  WEIGHT_BITS = 4012,
  GROUPS = 4013,
  KERNEL_EVEN = 4014,
  KERNEL_NOT_SQUARE = 4015,
  STRIDE_NOT_SQUARE = 4016,
  STRIDE_RANGE = 4017,
  STRIDE_KERNEL_COMBO = 4018,
  POOL_PADDING_MISMATCH = 4019,
  POOL_NOT_SQUARE = 4020,
  POOL_STRIDE_GT_SIZE = 4021,
  ACT_BITS = 4022,
  UNSIGNED_REQUIRED = 4023,
  PREVIOUS_OUTPUT_BITS = 4024,
  DENSE2D_SHAPE = 4025,
  TRANSPOSE_KERNEL = 4026,
  TRANSPOSE_STRIDE = 4027,
  TRANSPOSE_PADDING = 4028,
  FIFO_SIZE = 4029,
  PADDING_VALUE = 4030,
  LUT_BITS = 4031,
  TOKEN_RANGE = 4032,
  CONCAT_ARITY = 4033,
  SHAPE_MISMATCH = 4034,
  STEM_SHAPE = 4035,
  TOOL_ERROR = 4036,
  V1_OUTPUT_QUANTIZER_NOT_ON_RELU = 4040,
  V1_OUTPUT_QUANTIZER_MISSING = 4041,
  V1_RELU_UNBOUNDED = 4042,
  V1_PER_TENSOR = 4043,
  V1_GAP_SPATIAL = 4044,
  V1_DENSE_NOT_FLAT = 4045,

  LAYER_TYPE = 4101,
  KERNEL_SIZE = 4102,
  PADDING_VALID = 4103,
  INPUT_BITS = 4104,
  INPUT_LT_WEIGHT_BITS = 4105,
  OUTPUT_BITS = 4106,
  ACTIVATION_TYPE = 4107,
  HRC_FILTERS = 4110,
  HRC_INPUT_DIM = 4111,
  HRC_POOL = 4112,
  HRC_FANOUT = 4113,
  POOL_SIZE = 4120,
  POOL_WITH_STRIDE = 4121,
  POOL_GT_INPUT = 4122,
  POOL_LAST = 4123,
  POOL_FOLLOWER = 4124,
  GAP_DIM = 4125,
  GAP_NO_ACTIVATION = 4126,
  CHANNELS_MAX = 4130,
  FILTERS_MAX = 4131,
  HEIGHT_MAX = 4132,
  WIDTH_MAX = 4133,
  SPLIT_HEIGHT = 4134,
  WEIGHT_SRAM = 4135,
  INPUT_SRAM = 4136,
  ALL_ZERO_WEIGHTS = 4137,
  REGISTER_OVERFLOW = 4138,
  DENSE_INPUT_MAX = 4140,
  DENSE_AFTER_MERGE = 4141,
  CNP_AFTER_FNP = 4142,
  FANOUT_MAX = 4150,
  MERGE_PLACEMENT = 4151,
  TEMPORAL_SKIP = 4152,
  TEMPORAL_PASS = 4153,
  NOT_ENOUGH_NPS = 4160,
  NO_SINGLE_SEQUENCE = 4161,
};

/// Whether the mapper's `later` says again what the converter's `first` said of the same layer.
[[nodiscard]] constexpr bool repeats(Category first, Category later) noexcept {
  switch (later) {
    case Category::INPUT_BITS:
      return first == Category::UNSIGNED_REQUIRED || first == Category::PREVIOUS_OUTPUT_BITS ||
             first == later;
    case Category::OUTPUT_BITS:
      return first == Category::ACT_BITS || first == later;
    default:
      return first == later;
  }
}

}  // namespace tenon::akida
