// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/reference/conv2d_transpose.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/tensor/window.hpp>

namespace tenon {

// The transposed convolution of each channel with its own kernel, stride 2 and padding `same`, so twice the size.
// A per-axis input is aligned; the weights share one scale. Then bias and output quantizer (FinishSum).
struct DepthwiseConv2DTransposeParams {
  static constexpr LayerTraits traits{LayerKind::depthwise_conv2d_transpose, true, true, true,
                                      Accepts::fixed};

  Size2D kernel_size{};
  bool use_bias = true;

  [[nodiscard]] constexpr Window2D window(const Shape& input) const noexcept {
    return Window2D::transposed(input, kernel_size, {2, 2}, {}, Padding::same, {-1, -1});
  }
  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept {
    return window(input).output(input.channels());
  }
  [[nodiscard]] constexpr std::int64_t kernel_count(const Shape& input) const noexcept {
    return std::int64_t{kernel_size.height} * kernel_size.width * input.channels();
  }
  [[nodiscard]] constexpr std::int64_t macs(const Shape& input) const noexcept {
    return input.pixels() * kernel_count(input);
  }
};

template <class F, class Storage>
constexpr Fault prepare(const DepthwiseConv2DTransposeParams&, const Shape& input, Format<F>& x,
                        const FloatVariables& variables, const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  const int input_bits = x.value_bits;
  const int buffer_bits = quantizers.buffer_bitwidth - 1;
  constants.buffer_bits = buffer_bits;
  Fault fault = prepare_input(x, buffer_bits, true, constants.input_shift);
  if (fault != Fault::none) return fault;
  typename Format<F>::Floats scales{};
  fault = quantize_weights(variables.kernel, quantizers.weights, 1, scales, constants.weights);
  if (fault != Fault::none) return fault;
  constants.largest_sum = largest_sum(
      constants.weights, static_cast<std::size_t>(input.channels()), [&](std::size_t, std::size_t c) {
        return largest_input(input_bits, constants.input_shift, c, buffer_bits);
      });
  x.scales = scales;
  return prepare_output(x, variables, quantizers, constants);
}

/// `scratch` holds input.size() elements.
template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch arch, const DepthwiseConv2DTransposeParams& params, const Shape& input,
                   const Constants& constants, const X* x, Y* y, std::int32_t* scratch) noexcept {
  with_aligned_input(constants, x, input.size(), scratch, [&](const auto* aligned) {
    with_sum_type(constants, [&]<class Sum>() {
      kernel::depthwise_conv2d_transpose<Sum>(arch, params.window(input), input.channels(), aligned,
                                              constants.weights.data(), y, FinishSum{constants});
    });
  });
}

template <class Arch>
constexpr void run_float(Arch arch, const DepthwiseConv2DTransposeParams& params, const Shape& input,
                         const FloatVariables& variables, const float* x, float* y) noexcept {
  kernel::depthwise_conv2d_transpose<float>(arch, params.window(input), input.channels(), x,
                                            variables.kernel.data(), y, AddBias{variables.bias});
}

}  // namespace tenon
