// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <tenon/kernel/reference/permute.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// Axes in another order. A per-axis tensor must keep its last axis.
struct PermuteParams {
  static constexpr LayerTraits traits{LayerKind::permute, false, true, false, Accepts::fixed};

  std::array<std::int32_t, Shape::max_rank> axes{};  ///< 0-based, batch excluded (Keras: dims - 1)

  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept {
    Shape output = input;
    for (std::size_t i = 0; i < static_cast<std::size_t>(input.rank); ++i) {
      output[i] = input[static_cast<std::size_t>(axes[i])];
    }
    return output;
  }
};

template <class F, class Storage>
constexpr Fault prepare(const PermuteParams& params, const Shape& input, Format<F>& x,
                        const FloatVariables&, const LayerQuantizers&,
                        LayerConstants<Storage>&) noexcept {
  const auto last = static_cast<std::size_t>(input.rank - 1);
  return x.per_tensor() || params.axes[last] == input.rank - 1 ? Fault::none : Fault::last_axis_not_kept;
}

template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch arch, const PermuteParams& params, const Shape& input, const Constants&,
                   const X* x, Y* y, std::int32_t*) noexcept {
  kernel::permute(arch, input, params.axes, x, y);
}

template <class Arch>
constexpr void run_float(Arch arch, const PermuteParams& params, const Shape& input,
                         const FloatVariables&, const float* x, float* y) noexcept {
  kernel::permute(arch, input, params.axes, x, y);
}

}  // namespace tenon
