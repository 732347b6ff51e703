// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/data_type.hpp>

// Of which type the elements of a tensor are, and which layers finish sums: for models as types and for files alike.
namespace tenon::detail {

[[nodiscard]] constexpr DataType integer_type(int value_bits) noexcept {
  return value_bits <= 7    ? DataType::int8
         : value_bits <= 15 ? DataType::int16
         : value_bits <= 31 ? DataType::int32
                            : DataType::int64;
}

[[nodiscard]] constexpr std::int64_t size_of(DataType type) noexcept {
  switch (type) {
    case DataType::uint8:
    case DataType::int8:
      return 1;
    case DataType::uint16:
    case DataType::int16:
      return 2;
    case DataType::int64:
      return 8;
    default:
      return 4;
  }
}

/// Layers whose sums end in the same step: limits, bias, output quantizer.
[[nodiscard]] constexpr bool finishes_sums(LayerKind kind) noexcept {
  switch (kind) {
    case LayerKind::conv2d:
    case LayerKind::conv2d_transpose:
    case LayerKind::depthwise_conv2d:
    case LayerKind::depthwise_conv2d_transpose:
    case LayerKind::separable_conv2d:
    case LayerKind::dense:
    case LayerKind::batch_normalization:
    case LayerKind::add:
    case LayerKind::attention:
    case LayerKind::add_position_embs:
    case LayerKind::layer_mad_normalization:
    case LayerKind::buffer_temp_conv:
    case LayerKind::depthwise_buffer_temp_conv:
    case LayerKind::stateful_projection:
      return true;
    default:
      return false;
  }
}

}  // namespace tenon::detail
