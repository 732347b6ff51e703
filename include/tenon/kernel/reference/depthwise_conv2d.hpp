// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/multiply_add.hpp>
#include <tenon/tensor/window.hpp>

namespace tenon::kernel {

// Every channel with its own kernel. Layout: x (height, width, channels), w (kernel height, kernel width,
// channels), y (height, width, channels); zero outside of x. y = finish(sum, channel); the caller proved
// that the sum fits `Sum`.
template <class Sum, class X, class W, class Y, class Finish>
constexpr void depthwise_conv2d(arch::reference arch, const Window2D& window, std::int32_t channels,
                                const X* x, const W* w, Y* y, const Finish& finish) {
  for (std::int32_t oy = 0; oy < window.y.output; ++oy) {
    for (std::int32_t ox = 0; ox < window.x.output; ++ox) {
      for (std::int32_t c = 0; c < channels; ++c) {
        Sum sum = 0;
        for (std::int32_t ky = 0; ky < window.y.kernel; ++ky) {
          const std::int32_t iy = oy * window.y.stride + ky * window.y.dilation - window.y.before;
          if (iy < 0 || iy >= window.y.input) continue;
          for (std::int32_t kx = 0; kx < window.x.kernel; ++kx) {
            const std::int32_t ix = ox * window.x.stride + kx * window.x.dilation - window.x.before;
            if (ix < 0 || ix >= window.x.input) continue;
            sum = multiply_add(
                arch, sum, static_cast<Sum>(x[(std::ptrdiff_t{iy} * window.x.input + ix) * channels + c]),
                static_cast<Sum>(w[(std::ptrdiff_t{ky} * window.x.kernel + kx) * channels + c]));
          }
        }
        *y++ = static_cast<Y>(finish(sum, c));
      }
    }
  }
}

}  // namespace tenon::kernel
