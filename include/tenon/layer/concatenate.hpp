// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// Two fixed-point tensors side by side. On the last axis the fractional bits stand side by side too, so the result is
// per-axis; on another axis they must be equal.
struct ConcatenateParams {
  static constexpr LayerTraits traits{LayerKind::concatenate, false, true, false, Accepts::fixed};

  std::int32_t axis = -1;  ///< batch excluded; -1 is the last one

  [[nodiscard]] constexpr std::size_t position(const Shape& input) const noexcept {
    return static_cast<std::size_t>(axis < 0 ? axis + input.rank : axis);
  }
  [[nodiscard]] constexpr Shape output_shape(Shape input, const Shape& second) const noexcept {
    input[position(input)] += second[position(input)];
    return input;
  }
};

/// `a` becomes the format of the output.
template <class F, class Storage>
constexpr Fault prepare(const ConcatenateParams& params, const Shape& input, const Shape& second,
                        Format<F>& a, const Format<F>& b, const FloatVariables&,
                        const LayerQuantizers&, LayerConstants<Storage>&) noexcept {
  const auto last = static_cast<std::size_t>(input.rank - 1);
  if (params.position(input) == last) {
    typename Format<F>::Ints frac_bits{};
    for (std::int32_t c = 0; c < input[last]; ++c) {
      frac_bits.push_back(a.frac_bits_of(static_cast<std::size_t>(c)));
    }
    for (std::int32_t c = 0; c < second[last]; ++c) {
      frac_bits.push_back(b.frac_bits_of(static_cast<std::size_t>(c)));
    }
    a.frac_bits = frac_bits;
  } else {
    const std::size_t count =
        a.frac_bits.size() > b.frac_bits.size() ? a.frac_bits.size() : b.frac_bits.size();
    for (std::size_t c = 0; c < count; ++c) {
      if (a.frac_bits_of(c) != b.frac_bits_of(c)) return Fault::operands_not_aligned;
    }
    if (b.frac_bits.size() > a.frac_bits.size()) a.frac_bits = b.frac_bits;
  }
  a.value_bits = a.value_bits > b.value_bits ? a.value_bits : b.value_bits;
  return Fault::none;
}

/// Copies of the rows of both inputs, in turn; for integers and floats alike.
template <class A, class B, class Y>
constexpr void concatenate(const ConcatenateParams& params, const Shape& input, const Shape& second,
                           const A* a, const B* b, Y* y) noexcept {
  std::int64_t outer = 1;
  for (std::size_t i = 0; i < params.position(input); ++i) outer *= input[i];
  const std::int64_t row_a = input.size() / outer;
  const std::int64_t row_b = second.size() / outer;
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::int64_t i = 0; i < row_a; ++i) *y++ = static_cast<Y>(*a++);
    for (std::int64_t i = 0; i < row_b; ++i) *y++ = static_cast<Y>(*b++);
  }
}

template <class Arch, class Constants, class A, class B, class Y>
constexpr void run(Arch, const ConcatenateParams& params, const Shape& input, const Shape& second,
                   const Constants&, const A* a, const B* b, Y* y) noexcept {
  concatenate(params, input, second, a, b, y);
}

template <class Arch>
constexpr void run_float(Arch, const ConcatenateParams& params, const Shape& input, const Shape& second,
                         const FloatVariables&, const float* a, const float* b, float* y) noexcept {
  concatenate(params, input, second, a, b, y);
}

}  // namespace tenon
