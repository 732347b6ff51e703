// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/multiply_add.hpp>
#include <tenon/tensor/window.hpp>

namespace tenon::kernel {

/// Channels of a convolution: filters [k F/g, (k + 1) F/g) see the channels [k C/g, (k + 1) C/g).
struct ConvChannels {
  std::int32_t input = 1;
  std::int32_t filters = 1;
  std::int32_t groups = 1;
};

// Cross-correlation, no kernel flip. Layout: x (height, width, channels), w (kernel height, kernel width,
// channels / groups, filters), y (height, width, filters). Outside of x stands 0 if `padding` is empty, its one
// value, or one value a channel. y = finish(sum, filter); the caller proved that the sum fits `Sum`.
template <class Sum, class X, class P, class W, class Y, class Finish>
constexpr void conv2d(arch::reference arch, const Window2D& window, ConvChannels channels, const X* x,
                      std::span<const P> padding, const W* w, Y* y, const Finish& finish) {
  const std::int32_t depth = channels.input / channels.groups;
  const std::int32_t width = channels.filters / channels.groups;
  for (std::int32_t oy = 0; oy < window.y.output; ++oy) {
    for (std::int32_t ox = 0; ox < window.x.output; ++ox) {
      for (std::int32_t f = 0; f < channels.filters; ++f) {
        const std::int32_t first = f / width * depth;
        Sum sum = 0;
        for (std::int32_t ky = 0; ky < window.y.kernel; ++ky) {
          for (std::int32_t kx = 0; kx < window.x.kernel; ++kx) {
            const std::int32_t iy = oy * window.y.stride + ky * window.y.dilation - window.y.before;
            const std::int32_t ix = ox * window.x.stride + kx * window.x.dilation - window.x.before;
            const bool inside = iy >= 0 && iy < window.y.input && ix >= 0 && ix < window.x.input;
            if (!inside && padding.empty()) continue;
            const X* pixel = x + (inside ? std::ptrdiff_t{iy} * window.x.input + ix : 0) * channels.input;
            const W* row = w + (std::ptrdiff_t{ky} * window.x.kernel + kx) * depth * channels.filters;
            for (std::int32_t c = 0; c < depth; ++c) {
              const Sum v = inside ? static_cast<Sum>(pixel[first + c])
                                   : static_cast<Sum>(padding[static_cast<std::size_t>(
                                         padding.size() == 1 ? 0 : first + c)]);
              sum = multiply_add(arch, sum, v,
                                 static_cast<Sum>(row[std::ptrdiff_t{c} * channels.filters + f]));
            }
          }
        }
        *y++ = static_cast<Y>(finish(sum, f));
      }
    }
  }
}

}  // namespace tenon::kernel
