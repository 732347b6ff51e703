// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// max(v, 0), or min(v, maximum) first if bounded, where the maximum is an integer of each channel's own scale.
// The result always has scales (1 for a fixed-point input), so an output quantizer behind has mantissas.
struct ReLUParams {
  static constexpr LayerTraits traits{LayerKind::relu, false, false, true,
                                      Accepts::fixed | Accepts::scaled};

  bool bounded = false;
  float max_value = 0;

  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept { return input; }
};

template <class F, class Storage>
constexpr Fault prepare(const ReLUParams& params, const Shape&, Format<F>& x,
                        const FloatVariables& variables, const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  constants.buffer_bits = quantizers.buffer_bitwidth;
  Fault fault = prepare_input(x, quantizers.buffer_bitwidth, false, constants.input_shift);
  if (fault != Fault::none) return fault;
  if (!x.has_scales()) x.scales.assign(1, 1.0F);
  constants.maximum.clear();
  if (params.bounded) {
    typename LayerConstants<Storage>::Ints shifts{};
    fault = align_values(std::span<const float>(&params.max_value, 1), 1, quantizers.maximum, x,
                         constants.maximum, shifts);
    if (fault != Fault::none) return fault;
  }
  return prepare_output(x, variables, quantizers, constants);
}

template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch, const ReLUParams&, const Shape& input, const Constants& constants, const X* x,
                   Y* y, std::int32_t*) noexcept {
  const std::int32_t channels = input.channels();
  for (std::int64_t i = 0; i < input.size(); i += channels) {
    for (std::int32_t c = 0; c < channels; ++c) {
      auto v = static_cast<std::int64_t>(x[i + c]);
      if (!constants.maximum.empty()) {
        const std::int64_t top =
            constants.maximum[constants.maximum.size() == 1 ? 0 : static_cast<std::size_t>(c)];
        v = v > top ? top : v;
      }
      v = v > 0 ? v : 0;
      y[i + c] = static_cast<Y>(
          constants.has_output ? constants.output(v, static_cast<std::size_t>(c)) : v);
    }
  }
}

template <class Arch>
constexpr void run_float(Arch, const ReLUParams& params, const Shape& input, const FloatVariables&,
                         const float* x, float* y) noexcept {
  for (std::int64_t i = 0; i < input.size(); ++i) {
    const float v = params.bounded && x[i] > params.max_value ? params.max_value : x[i];
    y[i] = v > 0 ? v : 0;
  }
}

}  // namespace tenon
