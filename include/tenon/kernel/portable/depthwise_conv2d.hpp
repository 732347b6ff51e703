// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/multiply_add.hpp>
#include <tenon/kernel/reference/depthwise_conv2d.hpp>
#include <tenon/tensor/window.hpp>

namespace tenon::kernel {

// As the reference kernel, in blocks of channels, so that the compiler can vectorize over channels.
template <class Sum, arch::Portable Arch, class X, class W, class Y, class Finish>
constexpr void depthwise_conv2d(Arch arch, const Window2D& window, std::int32_t channels,
                                const X* x, const W* w, Y* y, const Finish& finish) {
  constexpr std::int32_t block = 32;
  for (std::int32_t oy = 0; oy < window.y.output; ++oy) {
    for (std::int32_t ox = 0; ox < window.x.output; ++ox, y += channels) {
      for (std::int32_t begin = 0; begin < channels; begin += block) {
        const std::int32_t count = channels - begin < block ? channels - begin : block;
        Sum sums[block] = {};
        for (std::int32_t ky = 0; ky < window.y.kernel; ++ky) {
          const std::int32_t iy = oy * window.y.stride + ky * window.y.dilation - window.y.before;
          if (iy < 0 || iy >= window.y.input) continue;
          for (std::int32_t kx = 0; kx < window.x.kernel; ++kx) {
            const std::int32_t ix = ox * window.x.stride + kx * window.x.dilation - window.x.before;
            if (ix < 0 || ix >= window.x.input) continue;
            const X* pixel = x + (std::ptrdiff_t{iy} * window.x.input + ix) * channels + begin;
            const W* row = w + (std::ptrdiff_t{ky} * window.x.kernel + kx) * channels + begin;
            for (std::int32_t c = 0; c < count; ++c) {
              sums[c] = multiply_add(arch, sums[c], static_cast<Sum>(pixel[c]),
                                     static_cast<Sum>(row[c]));
            }
          }
        }
        for (std::int32_t c = 0; c < count; ++c) {
          y[begin + c] = static_cast<Y>(finish(sums[c], begin + c));
        }
      }
    }
  }
}

}  // namespace tenon::kernel
