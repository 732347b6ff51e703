// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/tensor/shape.hpp>

namespace tenon {

/// Height and width of a kernel, a stride, a dilation or a pool.
struct Size2D {
  std::int32_t height = 1;
  std::int32_t width = 1;
  constexpr bool operator==(const Size2D&) const = default;
};

enum class Padding : std::uint8_t { valid, same };

// Where a window stands along one dimension, with the asymmetric `same` padding of TensorFlow: the odd
// element of padding goes behind.
struct WindowAxis {
  std::int32_t input = 1;
  std::int32_t output = 1;
  std::int32_t kernel = 1;
  std::int32_t stride = 1;
  std::int32_t dilation = 1;
  std::int32_t before = 0;  ///< padding in front of the first element
  constexpr bool operator==(const WindowAxis&) const = default;

  [[nodiscard]] static constexpr WindowAxis of(std::int32_t input, std::int32_t kernel,
                                               std::int32_t stride, std::int32_t dilation,
                                               Padding padding) noexcept {
    const std::int32_t effective = (kernel - 1) * dilation + 1;
    WindowAxis axis{input, 0, kernel, stride, dilation, 0};
    if (padding == Padding::same) {
      axis.output = (input + stride - 1) / stride;
      const std::int32_t total = (axis.output - 1) * stride + effective - input;
      axis.before = total > 0 ? total / 2 : 0;
    } else {
      axis.output = input < effective ? 0 : (input - effective) / stride + 1;
    }
    return axis;
  }

  /// A transposed window: `input` and `output` are those of the layer, so output = input * stride or more.
  /// `output_padding` below zero means none was given; `before` counts the elements cut off in front.
  [[nodiscard]] static constexpr WindowAxis transposed(std::int32_t input, std::int32_t kernel,
                                                       std::int32_t stride, std::int32_t dilation,
                                                       Padding padding,
                                                       std::int32_t output_padding) noexcept {
    const std::int32_t effective = (kernel - 1) * dilation + 1;
    WindowAxis axis{input, 0, kernel, stride, dilation, 0};
    const bool same = padding == Padding::same;
    if (output_padding >= 0) {
      axis.output = (input - 1) * stride + effective - (same ? 2 * (effective / 2) : 0) + output_padding;
    } else {
      const std::int32_t overlap = effective > stride ? effective - stride : 0;
      axis.output = input * stride + (same ? 0 : overlap);
    }
    const std::int32_t cut = (input - 1) * stride + effective - axis.output;
    axis.before = same && cut > 0 ? cut / 2 : 0;
    return axis;
  }
  /// Of a transposed window: the input that tap k brings to output o, or -1.
  [[nodiscard]] constexpr std::int32_t source(std::int32_t o, std::int32_t k) const noexcept {
    const std::int32_t position = o + before - k * dilation;
    if (position < 0 || position % stride != 0) return -1;
    return position / stride < input ? position / stride : -1;
  }
};

struct Window2D {
  WindowAxis y;
  WindowAxis x;
  constexpr bool operator==(const Window2D&) const = default;

  /// `input` is (height, width, channels).
  [[nodiscard]] static constexpr Window2D of(const Shape& input, Size2D kernel, Size2D stride,
                                             Size2D dilation, Padding padding) noexcept {
    return {WindowAxis::of(input[0], kernel.height, stride.height, dilation.height, padding),
            WindowAxis::of(input[1], kernel.width, stride.width, dilation.width, padding)};
  }
  [[nodiscard]] static constexpr Window2D transposed(const Shape& input, Size2D kernel, Size2D stride,
                                                     Size2D dilation, Padding padding,
                                                     Size2D output_padding) noexcept {
    return {WindowAxis::transposed(input[0], kernel.height, stride.height, dilation.height, padding,
                                   output_padding.height),
            WindowAxis::transposed(input[1], kernel.width, stride.width, dilation.width, padding,
                                   output_padding.width)};
  }
  [[nodiscard]] constexpr Shape output(std::int32_t channels) const noexcept {
    return Shape{y.output, x.output, channels};
  }
  [[nodiscard]] constexpr std::int64_t taps() const noexcept {
    return std::int64_t{y.kernel} * x.kernel;
  }
};

}  // namespace tenon
