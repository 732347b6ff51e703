// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/portable/conv2d.hpp>
#include <tenon/kernel/reference/conv2d.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/tensor/window.hpp>

namespace tenon {

// sum[f] = limit(sum over window and channels of x * w), then bias and output quantizer (FinishSum). A per-axis
// input is aligned first; weights have one scale for each filter. With a padding value (which a Rescaling with
// an offset leaves behind) the outside of the input is that value instead of 0, and `padding` counts as same.
struct Conv2DParams {
  static constexpr LayerTraits traits{LayerKind::conv2d, true, true, true,
                                      Accepts::raw | Accepts::fixed | Accepts::scaled};

  std::int32_t filters = 1;
  Size2D kernel_size{};
  Size2D strides{};
  Padding padding = Padding::valid;
  Size2D dilation_rate{};
  std::int32_t groups = 1;
  bool use_bias = true;
  bool has_padding_value = false;

  [[nodiscard]] constexpr Window2D window(const Shape& input) const noexcept {
    if (!has_padding_value) return Window2D::of(input, kernel_size, strides, dilation_rate, padding);
    // The amount of padding ignores the dilation; the window does not.
    const Window2D undilated = Window2D::of(input, kernel_size, strides, {}, Padding::same);
    const auto axis = [](const WindowAxis& same, std::int32_t dilation) {
      const std::int32_t needed = (same.output - 1) * same.stride + same.kernel - same.input;
      const std::int32_t total = needed > 0 ? needed : 0;
      WindowAxis a = WindowAxis::of(same.input + total, same.kernel, same.stride, dilation, Padding::valid);
      a.input = same.input;
      a.before = same.before;
      return a;
    };
    return {axis(undilated.y, dilation_rate.height), axis(undilated.x, dilation_rate.width)};
  }
  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept {
    return window(input).output(filters);
  }
  [[nodiscard]] constexpr std::int64_t kernel_count(const Shape& input) const noexcept {
    return std::int64_t{kernel_size.height} * kernel_size.width * (input.channels() / groups) * filters;
  }
  [[nodiscard]] constexpr std::int64_t macs(const Shape& input) const noexcept {
    return window(input).output(1).size() * kernel_count(input);
  }
};

/// `x` becomes the format of the output; the constants are ready for `run`.
template <class F, class Storage>
constexpr Fault prepare(const Conv2DParams& params, const Shape& input, Format<F>& x,
                        const FloatVariables& variables, const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  const int input_bits = x.value_bits;
  const int buffer_bits = quantizers.buffer_bitwidth - 1;
  Fault fault = prepare_input(x, buffer_bits, true, constants.input_shift);
  if (fault != Fault::none) return fault;
  if (!x.per_tensor()) return Fault::input_not_per_tensor;
  constants.buffer_bits = buffer_bits;
  typename Format<F>::Floats scales{};
  const auto filters = static_cast<std::size_t>(params.filters);
  fault = quantize_weights(variables.kernel, quantizers.weights, filters, scales, constants.weights);
  if (fault != Fault::none) return fault;
  if (params.has_padding_value) {
    if (!x.has_scales()) return Fault::input_has_no_scales;
    typename LayerConstants<Storage>::Ints shifts{};
    const AlignedWeightQuantizer quantizer{quantizers.weights.bitwidth, quantizers.weights.is_signed};
    fault = align_values(variables.padding_value, 1, quantizer, x, constants.padding, shifts);
    if (fault != Fault::none) return fault;
    const auto channels = static_cast<std::size_t>(input.channels());
    if (constants.padding.size() == 1) constants.padding.assign(channels, constants.padding[0]);
    if (constants.padding.size() != channels) return Fault::padding_value_count;
  }
  multiply_scales(x, scales);
  fault = prepare_output(x, variables, quantizers, constants);

  const auto depth = static_cast<std::size_t>(input.channels() / params.groups);
  const auto group_width = static_cast<std::size_t>(params.filters / params.groups);
  constants.largest_sum = largest_sum(constants.weights, filters, [&](std::size_t row, std::size_t f) {
    const std::size_t c = f / group_width * depth + row % depth;
    const std::int64_t top = largest_input(input_bits, constants.input_shift, c, buffer_bits);
    const std::int64_t pad = constants.padding.empty() ? 0 : magnitude(constants.padding[c]);
    return pad > top ? pad : top;
  });
  return fault;
}

/// `scratch` holds input.size() elements.
template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch arch, const Conv2DParams& params, const Shape& input, const Constants& constants,
                   const X* x, Y* y, std::int32_t* scratch) noexcept {
  with_aligned_input(constants, x, input.size(), scratch, [&](const auto* aligned) {
    with_sum_type(constants, [&]<class Sum>() {
      kernel::conv2d<Sum>(arch, params.window(input), {input.channels(), params.filters, params.groups},
                          aligned, std::span<const std::int32_t>(constants.padding.data(), constants.padding.size()),
                          constants.weights.data(), y, FinishSum{constants});
    });
  });
}

/// The float layer. A padding value stands as is outside of the input.
template <class Arch>
constexpr void run_float(Arch arch, const Conv2DParams& params, const Shape& input,
                         const FloatVariables& variables, const float* x, float* y) noexcept {
  kernel::conv2d<float>(arch, params.window(input), {input.channels(), params.filters, params.groups}, x,
                        params.has_padding_value ? variables.padding_value : std::span<const float>{},
                        variables.kernel.data(), y, AddBias{variables.bias});
}

}  // namespace tenon
