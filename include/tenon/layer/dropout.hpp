// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// Passes through: dropping is for training.
struct DropoutParams {
  static constexpr LayerTraits traits{LayerKind::dropout, false, false, false,
                                      Accepts::fixed | Accepts::scaled};

  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept { return input; }
};

template <class F, class Storage>
constexpr Fault prepare(const DropoutParams&, const Shape&, Format<F>&, const FloatVariables&,
                        const LayerQuantizers&, LayerConstants<Storage>&) noexcept {
  return Fault::none;
}

}  // namespace tenon
