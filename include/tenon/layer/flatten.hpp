// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// All elements in C order. A per-axis input is aligned with its own value bits, so large values of channels with
// fewer fractional bits saturate.
struct FlattenParams {
  static constexpr LayerTraits traits{LayerKind::flatten, false, true, false, Accepts::fixed};

  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept {
    return Shape{static_cast<std::int32_t>(input.size())};
  }
};

template <class F, class Storage>
constexpr Fault prepare(const FlattenParams&, const Shape&, Format<F>& x, const FloatVariables&,
                        const LayerQuantizers&, LayerConstants<Storage>& constants) noexcept {
  constants.buffer_bits = x.value_bits;
  const Fault fault = prepare_input(x, x.value_bits, true, constants.input_shift);
  return fault == Fault::alignment_exceeds_buffer ? Fault::flatten_loses_channels : fault;
}

template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch, const FlattenParams&, const Shape& input, const Constants& constants,
                   const X* x, Y* y, std::int32_t*) noexcept {
  const auto& shifts = constants.input_shift;
  for (std::int64_t i = 0; i < input.size(); ++i) {
    const auto v = static_cast<std::int64_t>(x[i]);
    y[i] = static_cast<Y>(
        shifts.empty() ? v
                       : shift_left_saturated(v, shifts[static_cast<std::size_t>(i) % shifts.size()],
                                              constants.buffer_bits));
  }
}

}  // namespace tenon
