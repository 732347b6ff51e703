// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// a + b of two fixed-point tensors, both shifted left to the larger fractional bits of each channel. `average` halves
// the result by one more fractional bit; `activation` is a folded ReLU behind the output quantizer.
struct AddParams {
  static constexpr LayerTraits traits{LayerKind::add, false, true, true, Accepts::fixed};

  bool average = false;
  bool activation = false;

  [[nodiscard]] constexpr Shape output_shape(const Shape& input, const Shape&) const noexcept {
    return input;
  }
};

/// `a` becomes the format of the output.
template <class F, class Storage>
constexpr Fault prepare(const AddParams& params, const Shape&, const Shape&, Format<F>& a,
                        const Format<F>& b, const FloatVariables& variables,
                        const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  const int buffer_bits = quantizers.buffer_bitwidth - 1;
  constants.buffer_bits = buffer_bits;
  if (a.value_bits > buffer_bits || b.value_bits > buffer_bits) return Fault::buffer_too_small;
  const std::size_t channels =
      a.frac_bits.size() > b.frac_bits.size() ? a.frac_bits.size() : b.frac_bits.size();
  typename Format<F>::Ints frac_bits{};
  constants.input_shift.clear();
  constants.second_shift.clear();
  for (std::size_t c = 0; c < channels; ++c) {
    const std::int32_t fa = a.frac_bits_of(c);
    const std::int32_t fb = b.frac_bits_of(c);
    const std::int32_t common = fa > fb ? fa : fb;
    if (common - fa >= buffer_bits || common - fb >= buffer_bits) {
      return Fault::alignment_exceeds_buffer;
    }
    constants.input_shift.push_back(common - fa);
    constants.second_shift.push_back(common - fb);
    frac_bits.push_back(params.average ? common + 1 : common);
  }
  a.frac_bits = frac_bits;
  a.value_bits = buffer_bits;
  return prepare_output(a, variables, quantizers, constants);
}

template <class Arch, class Constants, class A, class B, class Y>
constexpr void run(Arch, const AddParams& params, const Shape& input, const Shape&,
                   const Constants& constants, const A* a, const B* b, Y* y) noexcept {
  const std::int32_t channels = input.channels();
  const bool one_shift = constants.input_shift.size() == 1;
  const FinishSum finish{constants};
  for (std::int64_t i = 0; i < input.size(); i += channels) {
    for (std::int32_t c = 0; c < channels; ++c) {
      const std::size_t s = one_shift ? 0 : static_cast<std::size_t>(c);
      const int bits = constants.buffer_bits;
      std::int64_t v = finish(
          shift_left_saturated(static_cast<std::int64_t>(a[i + c]), constants.input_shift[s], bits) +
              shift_left_saturated(static_cast<std::int64_t>(b[i + c]), constants.second_shift[s], bits),
          c);
      if (params.activation && v < 0) v = 0;
      y[i + c] = static_cast<Y>(v);
    }
  }
}

template <class Arch>
constexpr void run_float(Arch, const AddParams& params, const Shape& input, const Shape&,
                         const FloatVariables&, const float* a, const float* b, float* y) noexcept {
  for (std::int64_t i = 0; i < input.size(); ++i) {
    const float v = params.average ? (a[i] + b[i]) / 2 : a[i] + b[i];
    y[i] = params.activation && v < 0 ? 0 : v;
  }
}

}  // namespace tenon
