// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/portable/depthwise_conv2d.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/tensor/window.hpp>

namespace tenon {

// sum[c] = limit(sum over the window of x[c] * w[c]), then bias and output quantizer (FinishSum). Channels do not
// mix, so a per-axis input keeps its fractional bits; weights have one scale for each channel.
struct DepthwiseConv2DParams {
  static constexpr LayerTraits traits{LayerKind::depthwise_conv2d, true, true, true,
                                      Accepts::raw | Accepts::fixed};

  Size2D kernel_size{};
  Size2D strides{};
  Padding padding = Padding::valid;
  Size2D dilation_rate{};
  bool use_bias = true;

  [[nodiscard]] constexpr Window2D window(const Shape& input) const noexcept {
    return Window2D::of(input, kernel_size, strides, dilation_rate, padding);
  }
  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept {
    return window(input).output(input.channels());
  }
  [[nodiscard]] constexpr std::int64_t kernel_count(const Shape& input) const noexcept {
    return std::int64_t{kernel_size.height} * kernel_size.width * input.channels();
  }
  [[nodiscard]] constexpr std::int64_t macs(const Shape& input) const noexcept {
    return window(input).output(1).size() * kernel_count(input);
  }
};

template <class F, class Storage>
constexpr Fault prepare(const DepthwiseConv2DParams&, const Shape& input, Format<F>& x,
                        const FloatVariables& variables, const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  const int input_bits = x.value_bits;
  const int buffer_bits = quantizers.buffer_bitwidth - 1;
  constants.buffer_bits = buffer_bits;
  Fault fault = prepare_input(x, buffer_bits, false, constants.input_shift);
  if (fault != Fault::none) return fault;
  const auto channels = static_cast<std::size_t>(input.channels());
  typename Format<F>::Floats scales{};
  fault = quantize_weights(variables.kernel, quantizers.weights, channels, scales, constants.weights);
  if (fault != Fault::none) return fault;
  constants.largest_sum =
      largest_sum(constants.weights, channels,
                  [&](std::size_t, std::size_t) { return std::int64_t{1} << input_bits; });
  x.scales = scales;
  return prepare_output(x, variables, quantizers, constants);
}

template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch arch, const DepthwiseConv2DParams& params, const Shape& input,
                   const Constants& constants, const X* x, Y* y, std::int32_t*) noexcept {
  with_sum_type(constants, [&]<class Sum>() {
    kernel::depthwise_conv2d<Sum>(arch, params.window(input), input.channels(), x,
                                  constants.weights.data(), y, FinishSum{constants});
  });
}

template <class Arch>
constexpr void run_float(Arch arch, const DepthwiseConv2DParams& params, const Shape& input,
                         const FloatVariables& variables, const float* x, float* y) noexcept {
  kernel::depthwise_conv2d<float>(arch, params.window(input), input.channels(), x,
                                  variables.kernel.data(), y, AddBias{variables.bias});
}

}  // namespace tenon
