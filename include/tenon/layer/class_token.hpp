// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <type_traits>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// One more token in front of the others, the same for every input, on their scales and fractional bits (tokens, channels).
struct ClassTokenParams {
  static constexpr LayerTraits traits{LayerKind::class_token, false, false, false, Accepts::scaled};

  [[nodiscard]] constexpr Shape output_shape(Shape input) const noexcept {
    ++input[0];
    return input;
  }
};

template <class F, class Storage>
constexpr Fault prepare(const ClassTokenParams&, const Shape&, Format<F>& x, const FloatVariables& variables,
                        const LayerQuantizers& quantizers, LayerConstants<Storage>& constants) noexcept {
  constants.buffer_bits = quantizers.buffer_bitwidth - 1;
  const Fault fault = prepare_input(x, constants.buffer_bits, false, constants.input_shift);
  if (fault != Fault::none) return fault;
  return align_values(variables.cls, 1, quantizers.bias, x, constants.bias, constants.bias_shift);
}

/// `x` may stand where it goes, at y + channels.
template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch, const ClassTokenParams&, const Shape& input, const Constants& constants, const X* x, Y* y,
                   std::int32_t*) noexcept {
  for (std::int32_t c = 0; c < input.channels(); ++c) {
    *y++ = static_cast<Y>(constants.bias[static_cast<std::size_t>(c)]);
  }
  if constexpr (std::is_same_v<X, Y>) {
    if (x == y) return;
  }
  for (std::int64_t i = 0; i < input.size(); ++i) *y++ = static_cast<Y>(x[i]);
}

template <class Arch>
constexpr void run_float(Arch, const ClassTokenParams&, const Shape& input, const FloatVariables& variables,
                         const float* x, float* y) noexcept {
  for (const float v : variables.cls) *y++ = v;
  for (std::int64_t i = 0; i < input.size(); ++i) *y++ = x[i];
}

}  // namespace tenon
