// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/portable/dense.hpp>
#include <tenon/kernel/portable/depthwise_conv2d.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/tensor/window.hpp>

namespace tenon {

// A depthwise convolution whose integer sums go, limited but not rescaled, into a 1x1 convolution; then bias and
// output quantizer (FinishSum). A per-axis input is aligned; the depthwise weights share one scale, the
// pointwise ones have one for each filter.
struct SeparableConv2DParams {
  static constexpr LayerTraits traits{LayerKind::separable_conv2d, true, true, true,
                                      Accepts::raw | Accepts::fixed};

  std::int32_t filters = 1;
  Size2D kernel_size{};
  Size2D strides{};
  Padding padding = Padding::valid;
  Size2D dilation_rate{};
  bool use_bias = true;

  [[nodiscard]] constexpr Window2D window(const Shape& input) const noexcept {
    return Window2D::of(input, kernel_size, strides, dilation_rate, padding);
  }
  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept {
    return window(input).output(filters);
  }
  [[nodiscard]] constexpr std::int64_t kernel_count(const Shape& input) const noexcept {
    return std::int64_t{kernel_size.height} * kernel_size.width * input.channels();
  }
  [[nodiscard]] constexpr std::int64_t pointwise_count(const Shape& input) const noexcept {
    return std::int64_t{input.channels()} * filters;
  }
  [[nodiscard]] constexpr std::int64_t macs(const Shape& input) const noexcept {
    return window(input).output(1).size() * (kernel_count(input) + pointwise_count(input));
  }
};

template <class F, class Storage>
constexpr Fault prepare(const SeparableConv2DParams& params, const Shape& input, Format<F>& x,
                        const FloatVariables& variables, const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  const int input_bits = x.value_bits;
  const int buffer_bits = quantizers.buffer_bitwidth - 1;
  constants.buffer_bits = buffer_bits;
  Fault fault = prepare_input(x, buffer_bits, true, constants.input_shift);
  if (fault != Fault::none) return fault;
  typename Format<F>::Floats scale{};
  typename Format<F>::Floats scales{};
  fault = quantize_weights(variables.kernel, quantizers.weights, 1, scale, constants.weights);
  if (fault != Fault::none) return fault;
  const auto filters = static_cast<std::size_t>(params.filters);
  fault = quantize_weights(variables.pointwise_kernel, quantizers.pointwise, filters, scales,
                           constants.pointwise);
  if (fault != Fault::none) return fault;
  const auto channels = static_cast<std::size_t>(input.channels());
  const std::int64_t depthwise =
      largest_sum(constants.weights, channels, [&](std::size_t, std::size_t c) {
        return largest_input(input_bits, constants.input_shift, c, buffer_bits);
      });
  const std::int64_t limit = std::int64_t{1} << buffer_bits;
  const std::int64_t middle = depthwise < limit ? depthwise : limit;
  const std::int64_t pointwise = largest_sum(constants.pointwise, filters,
                                             [&](std::size_t, std::size_t) { return middle; });
  constants.largest_sum = depthwise > pointwise ? depthwise : pointwise;
  for (auto& s : scales) s = float32::multiply(scale[0], s);
  x.scales = scales;
  return prepare_output(x, variables, quantizers, constants);
}

/// `scratch` holds input.size() elements, and behind them one for each element of the depthwise output.
template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch arch, const SeparableConv2DParams& params, const Shape& input,
                   const Constants& constants, const X* x, Y* y, std::int32_t* scratch) noexcept {
  const Window2D window = params.window(input);
  std::int32_t* middle = scratch + input.size();
  with_aligned_input(constants, x, input.size(), scratch, [&](const auto* aligned) {
    with_sum_type(constants, [&]<class Sum>() {
      kernel::depthwise_conv2d<Sum>(
          arch, window, input.channels(), aligned, constants.weights.data(), middle,
          [&](std::int64_t sum, std::int32_t) { return saturate(sum, constants.buffer_bits); });
      kernel::dense<Sum>(arch, window.output(1).size(), input.channels(), params.filters,
                         static_cast<const std::int32_t*>(middle), constants.pointwise.data(), y,
                         FinishSum{constants});
    });
  });
}

/// `middle` holds one element for each element of the depthwise output.
template <class Arch>
constexpr void run_float(Arch arch, const SeparableConv2DParams& params, const Shape& input,
                         const FloatVariables& variables, const float* x, float* y,
                         float* middle) noexcept {
  const Window2D window = params.window(input);
  kernel::depthwise_conv2d<float>(arch, window, input.channels(), x, variables.kernel.data(), middle,
                                  AddBias{{}});
  kernel::dense<float>(arch, window.output(1).size(), input.channels(), params.filters,
                       static_cast<const float*>(middle), variables.pointwise_kernel.data(), y,
                       AddBias{variables.bias});
}

}  // namespace tenon
