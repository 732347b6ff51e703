// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/reference/max_pool2d.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/tensor/window.hpp>

namespace tenon {

// The largest integer of each window and channel; what the integers stand for does not change.
struct MaxPooling2DParams {
  static constexpr LayerTraits traits{LayerKind::max_pooling2d, false, false, false,
                                      Accepts::fixed | Accepts::scaled};

  Size2D pool_size{2, 2};
  Size2D strides{2, 2};
  Padding padding = Padding::valid;

  [[nodiscard]] constexpr Window2D window(const Shape& input) const noexcept {
    return Window2D::of(input, pool_size, strides, {}, padding);
  }
  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept {
    return window(input).output(input.channels());
  }
};

template <class F, class Storage>
constexpr Fault prepare(const MaxPooling2DParams&, const Shape&, Format<F>&, const FloatVariables&,
                        const LayerQuantizers&, LayerConstants<Storage>&) noexcept {
  return Fault::none;
}

template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch arch, const MaxPooling2DParams& params, const Shape& input, const Constants&,
                   const X* x, Y* y, std::int32_t*) noexcept {
  kernel::max_pool2d(arch, params.window(input), input.channels(), x, y);
}

template <class Arch>
constexpr void run_float(Arch arch, const MaxPooling2DParams& params, const Shape& input,
                         const FloatVariables&, const float* x, float* y) noexcept {
  kernel::max_pool2d(arch, params.window(input), input.channels(), x, y);
}

}  // namespace tenon
