// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// The integers of the model input with a scale; nothing is computed. Offsets and scales of single channels are folded into
// the next layer beforehand (sanitize).
struct RescalingParams {
  static constexpr LayerTraits traits{LayerKind::rescaling, false, false, false, Accepts::raw};

  float scale = 1;
  float offset = 0;  ///< of the float layer; must be 0 in a quantized one

  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept { return input; }
};

template <class F, class Storage>
constexpr Fault prepare(const RescalingParams& params, const Shape&, Format<F>& x,
                        const FloatVariables&, const LayerQuantizers&,
                        LayerConstants<Storage>&) noexcept {
  if (params.offset != 0) return Fault::rescaling_offset;
  x.scales.assign(1, params.scale);
  return Fault::none;
}

template <class Arch>
constexpr void run_float(Arch, const RescalingParams& params, const Shape& input,
                         const FloatVariables&, const float* x, float* y) noexcept {
  for (std::int64_t i = 0; i < input.size(); ++i) y[i] = x[i] * params.scale + params.offset;
}

}  // namespace tenon
