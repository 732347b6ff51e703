// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/akida/layer.hpp>
#include <tenon/akida/rules.hpp>
#include <tenon/akida/verdict.hpp>

// Kernels and strides. On v2 the converter checks them, on v1 the mapper: both ask here.
namespace tenon::akida {

[[nodiscard]] constexpr bool is_convolution(LayerKind kind) noexcept {
  return kind == LayerKind::conv2d || kind == LayerKind::depthwise_conv2d ||
         kind == LayerKind::separable_conv2d;
}
[[nodiscard]] constexpr bool is_transposed(LayerKind kind) noexcept {
  return kind == LayerKind::conv2d_transpose || kind == LayerKind::depthwise_conv2d_transpose;
}
[[nodiscard]] constexpr bool is_temporal(LayerKind kind) noexcept {
  return kind == LayerKind::buffer_temp_conv || kind == LayerKind::depthwise_buffer_temp_conv;
}

/// One number for a square, else both.
[[nodiscard]] constexpr Value size_of(Size2D size) noexcept {
  return size.height == size.width ? number(size.height) : pair(size.height, size.width);
}
[[nodiscard]] constexpr Value padding_word(Padding padding) noexcept {
  return word(padding == Padding::same ? Word::same_padding : Word::valid_padding);
}

constexpr void check_squares(const Layer& layer, std::int16_t at, Refusals& refusals) noexcept {
  if (layer.kernel.height != layer.kernel.width) {
    refusals.refuse(Category::KERNEL_NOT_SQUARE, at, size_of(layer.kernel), word(Word::square));
  }
  if (layer.strides.height != layer.strides.width) {
    refusals.refuse(Category::STRIDE_NOT_SQUARE, at, size_of(layer.strides), word(Word::square));
  }
}

constexpr void check_strides(const ProcessorRules& rules, const Layer& layer, std::int16_t at,
                             Refusals& refusals) noexcept {
  const std::int32_t stride = layer.strides.height;
  refusals.expect(Category::STRIDE_RANGE, at, stride, rules.strides);
  if (stride == 2) {
    refusals.expect(Category::STRIDE_KERNEL_COMBO, at, layer.kernel.height,
                    rules.kernels_of_stride_2);
  }
}

}  // namespace tenon::akida
