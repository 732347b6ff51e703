// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/portable/shiftmax.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// A softmax of powers of two on the last axis: numbers lose their fraction, and 2^(x - max) is divided by the power of
// two nearest to the sum. Results are at most 1, with `exp_bitwidth` fractional bits. Only shifts.
struct ShiftmaxParams {
  static constexpr LayerTraits traits{LayerKind::shiftmax, false, true, false, Accepts::fixed};

  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept { return input; }
};

/// Fractional bits and buffer of a shiftmax; a result then has one value bit more.
template <class Storage>
constexpr Fault prepare_shiftmax(int exp_bits, int buffer_bits, LayerConstants<Storage>& constants) noexcept {
  constants.exp_bits = exp_bits;
  constants.exp_buffer_bits = buffer_bits;
  if (buffer_bits > 31) return Fault::buffer_too_large;
  return exp_bits >= 1 && buffer_bits > 2 * exp_bits ? Fault::none : Fault::exponent_bits_out_of_range;
}

template <class F, class Storage>
constexpr Fault prepare(const ShiftmaxParams&, const Shape&, Format<F>& x, const FloatVariables&,
                        const LayerQuantizers& quantizers, LayerConstants<Storage>& constants) noexcept {
  constants.input_bits = x.value_bits;
  if (x.value_bits > 31) return Fault::buffer_too_large;
  constants.input_shift.clear();
  for (const std::int32_t f : x.frac_bits) constants.input_shift.push_back(-f);
  x.value_bits = quantizers.exp_bitwidth + 1;
  x.frac_bits.assign(1, quantizers.exp_bitwidth);
  return prepare_shiftmax(quantizers.exp_bitwidth, quantizers.buffer_bitwidth - 1, constants);
}

/// `scratch` holds one row: input.channels() elements.
template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch arch, const ShiftmaxParams&, const Shape& input, const Constants& constants, const X* x,
                   Y* y, std::int32_t* scratch) noexcept {
  const std::int32_t channels = input.channels();
  const bool one_shift = constants.input_shift.size() == 1;
  for (std::int64_t i = 0; i < input.size(); i += channels) {
    for (std::int32_t c = 0; c < channels; ++c) {
      const std::size_t s = one_shift ? 0 : static_cast<std::size_t>(c);
      scratch[c] = static_cast<std::int32_t>(
          shift(static_cast<std::int64_t>(x[i + c]), constants.input_shift[s], constants.input_bits));
    }
    kernel::shiftmax(arch, scratch, channels, constants.exp_bits, constants.exp_buffer_bits);
    for (std::int32_t c = 0; c < channels; ++c) y[i + c] = static_cast<Y>(scratch[c]);
  }
}

template <class Arch>
constexpr void run_float(Arch arch, const ShiftmaxParams&, const Shape& input, const FloatVariables&,
                         const float* x, float* y) noexcept {
  const std::int32_t channels = input.channels();
  for (std::int64_t i = 0; i < input.size(); i += channels) {
    for (std::int32_t c = 0; c < channels; ++c) y[i + c] = x[i + c];
    kernel::shiftmax(arch, y + i, channels);
  }
}

}  // namespace tenon
