// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/layer/format.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// From integers to the floats they stand for: value * 2^-frac_bits * scale. The only floating point of a model.
struct DequantizerParams {
  static constexpr LayerTraits traits{LayerKind::dequantizer, false, false, false,
                                      Accepts::raw | Accepts::fixed | Accepts::scaled};

  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept { return input; }
};

template <class F, class X>
constexpr void dequantize(const Format<F>& format, const Shape& shape, const X* x, float* y) noexcept {
  const auto channels = static_cast<std::size_t>(shape.channels());
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.size()); ++i) {
    y[i] = format.to_float(static_cast<std::int64_t>(x[i]), i % channels);
  }
}

}  // namespace tenon
