// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/portable/buffer_temp_conv.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/state.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// As BufferTempConv, every channel on its own: limit(sum over the last frames of limit(x * w)), then bias and output
// quantizer (FinishSum). Although no channels are added, a per-axis input is aligned to one number of fractional bits.
struct DepthwiseBufferTempConvParams {
  static constexpr LayerTraits traits{LayerKind::depthwise_buffer_temp_conv, true, true, true, Accepts::fixed};

  std::int32_t kernel_size = 1;  ///< frames
  bool use_bias = false;

  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept { return input; }
  [[nodiscard]] constexpr std::int64_t state_size(const Shape& input) const noexcept {
    return kernel_size * input.size();
  }
  [[nodiscard]] constexpr std::int64_t kernel_count(const Shape& input) const noexcept {
    return std::int64_t{kernel_size} * input.channels();
  }
  [[nodiscard]] constexpr std::int64_t macs(const Shape& input) const noexcept {
    return kernel_size * input.size();
  }
};

template <class F, class Storage>
constexpr Fault prepare(const DepthwiseBufferTempConvParams&, const Shape& input, Format<F>& x,
                        const FloatVariables& variables, const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  const int input_bits = x.value_bits;
  const int buffer_bits = quantizers.buffer_bitwidth - 1;
  constants.buffer_bits = buffer_bits;
  Fault fault = prepare_input(x, buffer_bits, true, constants.input_shift);
  if (fault != Fault::none) return fault;
  if (!x.per_tensor()) return Fault::input_not_per_tensor;
  const auto channels = static_cast<std::size_t>(input.channels());
  typename Format<F>::Floats scales{};
  fault = quantize_weights(variables.kernel, quantizers.weights, channels, scales, constants.weights);
  if (fault != Fault::none) return fault;
  constants.largest_sum = largest_sum(constants.weights, channels, [&](std::size_t, std::size_t c) {
    return largest_input(input_bits, constants.input_shift, c, buffer_bits);
  });
  // 32 bits will do if no product reaches the limit of a narrower buffer either.
  const bool limited = constants.largest_sum > largest(buffer_bits < 31 ? buffer_bits : 31);
  if (limited && constants.fits_int32()) constants.largest_sum = largest(31) + 1;
  multiply_scales(x, scales);
  return prepare_output(x, variables, quantizers, constants);
}

template <class Arch, class Constants, class X, class Y, class Values>
constexpr void run(Arch arch, const DepthwiseBufferTempConvParams& params, const Shape& input,
                   const Constants& constants, const X* x, Y* y, std::int32_t*,
                   LayerState<Values>& state) noexcept {
  const FrameRing ring = push_frame(state, params.kernel_size, input, x);
  const auto* frames = state.values.data();
  const auto* weights = constants.weights.data();
  if (constants.fits_int32()) {
    kernel::depthwise_buffer_temp_conv<std::int32_t>(  // no product reaches a limit
        arch, ring, frames, weights, y, AlignElement{constants}, [](std::int32_t a, std::int32_t b) { return a * b; },
        FinishSum{constants});
  } else {
    const auto limited = [&](std::int64_t a, std::int64_t b) { return saturate(a * b, constants.buffer_bits); };
    kernel::depthwise_buffer_temp_conv<std::int64_t>(arch, ring, frames, weights, y, AlignElement{constants},
                                                     limited, FinishSum{constants});
  }
}

template <class Arch, class Values>
constexpr void run_float(Arch arch, const DepthwiseBufferTempConvParams& params, const Shape& input,
                         const FloatVariables& variables, const float* x, float* y,
                         LayerState<Values>& state) noexcept {
  const FrameRing ring = push_frame(state, params.kernel_size, input, x);
  kernel::depthwise_buffer_temp_conv<float>(
      arch, ring, state.values.data(), variables.kernel.data(), y, [](float v, std::int32_t) { return v; },
      [](float a, float b) { return float32::multiply(a, b); }, AddBias{variables.bias});
}

}  // namespace tenon
