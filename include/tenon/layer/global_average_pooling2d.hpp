// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/reference/global_average_pool.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// Sums over all pixels; the division by their number goes into the scales, so no integer is divided. A per-axis
// fixed-point input is aligned.
struct GlobalAveragePooling2DParams {
  static constexpr LayerTraits traits{LayerKind::global_average_pooling2d, false, false, true,
                                      Accepts::fixed | Accepts::scaled};

  bool keepdims = false;

  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept {
    return keepdims ? Shape{1, 1, input.channels()} : Shape{input.channels()};
  }
};

template <class F, class Storage>
constexpr Fault prepare(const GlobalAveragePooling2DParams&, const Shape& input, Format<F>& x,
                        const FloatVariables& variables, const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  const int input_bits = x.value_bits;
  constants.buffer_bits = quantizers.buffer_bitwidth;
  const Fault fault = prepare_input(x, quantizers.buffer_bitwidth, true, constants.input_shift);
  if (fault != Fault::none) return fault;
  const float share = 1.0F / static_cast<float>(input.pixels());
  if (x.has_scales()) {
    for (auto& s : x.scales) s = float32::multiply(s, share);
  } else {
    x.scales.assign(1, share);
  }
  std::int64_t top = 0;
  for (std::int32_t c = 0; c < input.channels(); ++c) {
    const std::int64_t v = largest_input(input_bits, constants.input_shift,
                                         static_cast<std::size_t>(c), quantizers.buffer_bitwidth);
    top = v > top ? v : top;
  }
  constants.largest_sum = top * input.pixels();
  return prepare_output(x, variables, quantizers, constants);
}

template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch arch, const GlobalAveragePooling2DParams&, const Shape& input,
                   const Constants& constants, const X* x, Y* y, std::int32_t*) noexcept {
  with_sum_type(constants, [&]<class Sum>() {
    const auto load = [&](X v, std::int32_t c) {
      return constants.input_shift.empty()
                 ? static_cast<std::int64_t>(v)
                 : shift_left_saturated(static_cast<std::int64_t>(v),
                                        constants.input_shift[static_cast<std::size_t>(c)],
                                        constants.buffer_bits);
    };
    kernel::global_average_pool<Sum>(arch, input.pixels(), input.channels(), x, y, load,
                                     FinishSum{constants});
  });
}

template <class Arch>
constexpr void run_float(Arch arch, const GlobalAveragePooling2DParams&, const Shape& input,
                         const FloatVariables&, const float* x, float* y) noexcept {
  kernel::global_average_pool<float>(
      arch, input.pixels(), input.channels(), x, y, [](float v, std::int32_t) { return v; },
      [&](float sum, std::int32_t) { return sum / static_cast<float>(input.pixels()); });
}

}  // namespace tenon
