// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/portable/dense.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// sum[u] = limit(sum over the last axis of x * w[., u]), then bias and output quantizer (FinishSum). A per-axis
// input is aligned first; weights have one scale for each unit.
struct DenseParams {
  static constexpr LayerTraits traits{LayerKind::dense, true, true, true,
                                      Accepts::raw | Accepts::fixed | Accepts::scaled};

  std::int32_t units = 1;
  bool use_bias = true;

  [[nodiscard]] constexpr Shape output_shape(Shape input) const noexcept {
    input[static_cast<std::size_t>(input.rank - 1)] = units;
    return input;
  }
  [[nodiscard]] constexpr std::int64_t kernel_count(const Shape& input) const noexcept {
    return std::int64_t{input.channels()} * units;
  }
  [[nodiscard]] constexpr std::int64_t macs(const Shape& input) const noexcept {
    return input.size() * units;
  }
};

template <class F, class Storage>
constexpr Fault prepare(const DenseParams& params, const Shape&, Format<F>& x,
                        const FloatVariables& variables, const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  const int input_bits = x.value_bits;
  const int buffer_bits = quantizers.buffer_bitwidth - 1;
  constants.buffer_bits = buffer_bits;
  Fault fault = prepare_input(x, buffer_bits, true, constants.input_shift);
  if (fault != Fault::none) return fault;
  if (!x.per_tensor()) return Fault::input_not_per_tensor;
  const auto units = static_cast<std::size_t>(params.units);
  typename Format<F>::Floats scales{};
  fault = quantize_weights(variables.kernel, quantizers.weights, units, scales, constants.weights);
  if (fault != Fault::none) return fault;
  constants.largest_sum = largest_sum(constants.weights, units, [&](std::size_t row, std::size_t) {
    return largest_input(input_bits, constants.input_shift, row, buffer_bits);
  });
  multiply_scales(x, scales);
  return prepare_output(x, variables, quantizers, constants);
}

/// `scratch` holds one row, input.channels() elements, if the input is aligned.
template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch arch, const DenseParams& params, const Shape& input, const Constants& constants,
                   const X* x, Y* y, std::int32_t* scratch) noexcept {
  const std::int32_t channels = input.channels();
  with_sum_type(constants, [&]<class Sum>() {
    const auto dense = [&](std::int64_t rows, const auto* from, Y* to) {
      kernel::dense<Sum>(arch, rows, channels, params.units, from, constants.weights.data(), to,
                         FinishSum{constants});
    };
    if (constants.input_shift.empty()) {
      dense(input.pixels(), x, y);
      return;
    }
    for (std::int64_t row = 0; row < input.pixels(); ++row) {
      align_input(x + row * channels, channels, constants.input_shift, constants.buffer_bits, scratch);
      dense(1, static_cast<const std::int32_t*>(scratch), y + row * params.units);
    }
  });
}

template <class Arch>
constexpr void run_float(Arch arch, const DenseParams& params, const Shape& input,
                         const FloatVariables& variables, const float* x, float* y) noexcept {
  kernel::dense<float>(arch, input.pixels(), input.channels(), params.units, x, variables.kernel.data(), y,
                       AddBias{variables.bias});
}

}  // namespace tenon
