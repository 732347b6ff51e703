// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/portable/buffer_temp_conv.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/state.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// One frame in, one frame out: for each pixel, limit(sum over the last `kernel_size` frames and the channels of x * w),
// then bias and output quantizer (FinishSum). The frames before the first are zeros. The state keeps frames as they
// came; a per-axis input is aligned on its way into the sum.
struct BufferTempConvParams {
  static constexpr LayerTraits traits{LayerKind::buffer_temp_conv, true, true, true,
                                      Accepts::raw | Accepts::fixed | Accepts::scaled};

  std::int32_t filters = 1;
  std::int32_t kernel_size = 1;  ///< frames
  bool use_bias = false;

  [[nodiscard]] constexpr Shape output_shape(Shape input) const noexcept {
    input[static_cast<std::size_t>(input.rank - 1)] = filters;
    return input;
  }
  [[nodiscard]] constexpr std::int64_t state_size(const Shape& input) const noexcept {
    return kernel_size * input.size();
  }
  [[nodiscard]] constexpr std::int64_t kernel_count(const Shape& input) const noexcept {
    return std::int64_t{kernel_size} * input.channels() * filters;
  }
  [[nodiscard]] constexpr std::int64_t macs(const Shape& input) const noexcept {
    return input.pixels() * kernel_count(input);
  }
};

template <class F, class Storage>
constexpr Fault prepare(const BufferTempConvParams& params, const Shape& input, Format<F>& x,
                        const FloatVariables& variables, const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  const int input_bits = x.value_bits;
  const int buffer_bits = quantizers.buffer_bitwidth - 1;
  constants.buffer_bits = buffer_bits;
  Fault fault = prepare_input(x, buffer_bits, true, constants.input_shift);
  if (fault != Fault::none) return fault;
  if (!x.per_tensor()) return Fault::input_not_per_tensor;
  const auto filters = static_cast<std::size_t>(params.filters);
  const auto channels = static_cast<std::size_t>(input.channels());
  typename Format<F>::Floats scales{};
  fault = quantize_weights(variables.kernel, quantizers.weights, filters, scales, constants.weights);
  if (fault != Fault::none) return fault;
  constants.largest_sum = largest_sum(constants.weights, filters, [&](std::size_t row, std::size_t) {
    return largest_input(input_bits, constants.input_shift, row % channels, buffer_bits);
  });
  multiply_scales(x, scales);
  return prepare_output(x, variables, quantizers, constants);
}

template <class Arch, class Constants, class X, class Y, class Values>
constexpr void run(Arch arch, const BufferTempConvParams& params, const Shape& input,
                   const Constants& constants, const X* x, Y* y, std::int32_t*,
                   LayerState<Values>& state) noexcept {
  const FrameRing ring = push_frame(state, params.kernel_size, input, x);
  with_sum_type(constants, [&]<class Sum>() {
    kernel::buffer_temp_conv<Sum>(arch, ring, params.filters, state.values.data(), constants.weights.data(), y,
                                  AlignElement{constants}, FinishSum{constants});
  });
}

template <class Arch, class Values>
constexpr void run_float(Arch arch, const BufferTempConvParams& params, const Shape& input,
                         const FloatVariables& variables, const float* x, float* y,
                         LayerState<Values>& state) noexcept {
  const FrameRing ring = push_frame(state, params.kernel_size, input, x);
  kernel::buffer_temp_conv<float>(
      arch, ring, params.filters, state.values.data(), variables.kernel.data(), y,
      [](float v, std::int32_t) { return v; }, AddBias{variables.bias});
}

}  // namespace tenon
