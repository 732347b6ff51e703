// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/layer/format.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/data_type.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// The integers that a model is given.
struct InputParams {
  static constexpr LayerTraits traits{LayerKind::input};

  Shape shape{};
  DataType type = DataType::uint8;

  [[nodiscard]] constexpr Shape output_shape() const noexcept { return shape; }
};

template <class F>
constexpr void input_format(const InputParams& params, Format<F>& x) noexcept {
  x.value_bits = value_bits_of(params.type);
  x.frac_bits.assign(1, 0);
  x.scales.clear();
  x.raw = true;
}

}  // namespace tenon
