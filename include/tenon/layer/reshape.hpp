// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// The same elements in another shape. A per-axis tensor must keep its last dimension.
struct ReshapeParams {
  static constexpr LayerTraits traits{LayerKind::reshape, false, false, false,
                                      Accepts::fixed | Accepts::scaled};

  Shape target_shape{};  ///< batch excluded; one dimension may be -1

  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept {
    Shape output = target_shape;
    std::int64_t known = 1;
    for (std::size_t i = 0; i < static_cast<std::size_t>(output.rank); ++i) {
      if (output[i] >= 0) known *= output[i];
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(output.rank); ++i) {
      if (output[i] < 0) output[i] = known == 0 ? 0 : static_cast<std::int32_t>(input.size() / known);
    }
    return output;
  }
};

template <class F, class Storage>
constexpr Fault prepare(const ReshapeParams& params, const Shape& input, Format<F>& x,
                        const FloatVariables&, const LayerQuantizers&,
                        LayerConstants<Storage>&) noexcept {
  return x.per_tensor() || params.output_shape(input).channels() == input.channels()
             ? Fault::none
             : Fault::last_axis_not_kept;
}

}  // namespace tenon
