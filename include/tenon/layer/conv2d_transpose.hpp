// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/reference/conv2d_transpose.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/tensor/window.hpp>

namespace tenon {

// sum[f] = limit(sum of x * w over the inputs and taps that reach an output), then bias and output quantizer
// (FinishSum). A per-axis input is aligned first; weights have one scale for each filter. The kernel is given
// here as (height, width, channels, filters); Keras stores (height, width, filters, channels).
struct Conv2DTransposeParams {
  static constexpr LayerTraits traits{LayerKind::conv2d_transpose, true, true, true,
                                      Accepts::fixed};

  std::int32_t filters = 1;
  Size2D kernel_size{};
  Size2D strides{};
  Padding padding = Padding::valid;
  Size2D output_padding{-1, -1};  ///< negative: none given
  Size2D dilation_rate{};
  bool use_bias = true;

  [[nodiscard]] constexpr Window2D window(const Shape& input) const noexcept {
    return Window2D::transposed(input, kernel_size, strides, dilation_rate, padding, output_padding);
  }
  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept {
    return window(input).output(filters);
  }
  [[nodiscard]] constexpr std::int64_t kernel_count(const Shape& input) const noexcept {
    return std::int64_t{kernel_size.height} * kernel_size.width * input.channels() * filters;
  }
  [[nodiscard]] constexpr std::int64_t macs(const Shape& input) const noexcept {
    return input.pixels() * kernel_count(input);
  }
};

template <class F, class Storage>
constexpr Fault prepare(const Conv2DTransposeParams& params, const Shape& input, Format<F>& x,
                        const FloatVariables& variables, const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  const int input_bits = x.value_bits;
  const int buffer_bits = quantizers.buffer_bitwidth - 1;
  constants.buffer_bits = buffer_bits;
  Fault fault = prepare_input(x, buffer_bits, true, constants.input_shift);
  if (fault != Fault::none) return fault;
  const auto filters = static_cast<std::size_t>(params.filters);
  const auto channels = static_cast<std::size_t>(input.channels());
  typename Format<F>::Floats scales{};
  fault = quantize_weights(variables.kernel, quantizers.weights, filters, scales, constants.weights);
  if (fault != Fault::none) return fault;
  constants.largest_sum = largest_sum(constants.weights, filters, [&](std::size_t row, std::size_t) {
    return largest_input(input_bits, constants.input_shift, row % channels, buffer_bits);
  });
  x.scales = scales;
  return prepare_output(x, variables, quantizers, constants);
}

/// `scratch` holds input.size() elements.
template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch arch, const Conv2DTransposeParams& params, const Shape& input,
                   const Constants& constants, const X* x, Y* y, std::int32_t* scratch) noexcept {
  with_aligned_input(constants, x, input.size(), scratch, [&](const auto* aligned) {
    with_sum_type(constants, [&]<class Sum>() {
      kernel::conv2d_transpose<Sum>(arch, params.window(input), input.channels(), params.filters, aligned,
                                    constants.weights.data(), y, FinishSum{constants});
    });
  });
}

template <class Arch>
constexpr void run_float(Arch arch, const Conv2DTransposeParams& params, const Shape& input,
                         const FloatVariables& variables, const float* x, float* y) noexcept {
  kernel::conv2d_transpose<float>(arch, params.window(input), input.channels(), params.filters, x,
                                  variables.kernel.data(), y, AddBias{variables.bias});
}

}  // namespace tenon
