// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/multiply_add.hpp>
#include <tenon/tensor/window.hpp>

namespace tenon::kernel {

// Transposed convolution, gathered: output o takes x[i] * w[k] for every i, k with
// o = i * stride + k * dilation - before. Layout: x (height, width, channels), w (kernel height, kernel width,
// channels, filters), y (height, width, filters). y = finish(sum, filter); the caller proved that the sum
// fits `Sum`.
template <class Sum, class X, class W, class Y, class Finish>
constexpr void conv2d_transpose(arch::reference arch, const Window2D& window, std::int32_t channels,
                                std::int32_t filters, const X* x, const W* w, Y* y,
                                const Finish& finish) {
  for (std::int32_t oy = 0; oy < window.y.output; ++oy) {
    for (std::int32_t ox = 0; ox < window.x.output; ++ox) {
      for (std::int32_t f = 0; f < filters; ++f) {
        Sum sum = 0;
        for (std::int32_t ky = 0; ky < window.y.kernel; ++ky) {
          const std::int32_t iy = window.y.source(oy, ky);
          if (iy < 0) continue;
          for (std::int32_t kx = 0; kx < window.x.kernel; ++kx) {
            const std::int32_t ix = window.x.source(ox, kx);
            if (ix < 0) continue;
            const X* pixel = x + (std::ptrdiff_t{iy} * window.x.input + ix) * channels;
            const W* row = w + (std::ptrdiff_t{ky} * window.x.kernel + kx) * channels * filters + f;
            for (std::int32_t c = 0; c < channels; ++c) {
              sum = multiply_add(arch, sum, static_cast<Sum>(pixel[c]),
                                 static_cast<Sum>(row[std::ptrdiff_t{c} * filters]));
            }
          }
        }
        *y++ = static_cast<Y>(finish(sum, f));
      }
    }
  }
}

// The same, every channel with its own kernel: w (kernel height, kernel width, channels).
template <class Sum, class X, class W, class Y, class Finish>
constexpr void depthwise_conv2d_transpose(arch::reference arch, const Window2D& window,
                                          std::int32_t channels, const X* x, const W* w, Y* y,
                                          const Finish& finish) {
  for (std::int32_t oy = 0; oy < window.y.output; ++oy) {
    for (std::int32_t ox = 0; ox < window.x.output; ++ox) {
      for (std::int32_t c = 0; c < channels; ++c) {
        Sum sum = 0;
        for (std::int32_t ky = 0; ky < window.y.kernel; ++ky) {
          const std::int32_t iy = window.y.source(oy, ky);
          if (iy < 0) continue;
          for (std::int32_t kx = 0; kx < window.x.kernel; ++kx) {
            const std::int32_t ix = window.x.source(ox, kx);
            if (ix < 0) continue;
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
