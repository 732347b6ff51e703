// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/multiply_add.hpp>
#include <tenon/tensor/frame_ring.hpp>

namespace tenon::kernel {

// Convolution over the frames of a ring. Layout: `frames` as the ring says, w (time, channels, filters) with the oldest
// time first, y (pixels, filters). load(x, channel) gives the aligned input, y = finish(sum, filter); the caller
// proved that the sum fits `Sum`.
template <class Sum, class X, class W, class Y, class Load, class Finish>
constexpr void buffer_temp_conv(arch::reference arch, const FrameRing& ring, std::int32_t filters, const X* frames,
                                const W* w, Y* y, const Load& load, const Finish& finish) {
  for (std::int64_t p = 0; p < ring.pixels; ++p) {
    for (std::int32_t f = 0; f < filters; ++f) {
      Sum sum = 0;
      for (std::int32_t t = 0; t < ring.size; ++t) {
        const X* pixel = frames + ring.frame(t) + p * ring.channels;
        for (std::int32_t c = 0; c < ring.channels; ++c) {
          const std::ptrdiff_t row = std::ptrdiff_t{t} * ring.channels + c;
          sum = multiply_add(arch, sum, static_cast<Sum>(load(pixel[c], c)), static_cast<Sum>(w[row * filters + f]));
        }
      }
      *y++ = static_cast<Y>(finish(sum, f));
    }
  }
}

// The same, every channel on its own: w (time, channels), y (pixels, channels). multiply(x, w) makes the
// terms of the sum.
template <class Sum, class X, class W, class Y, class Load, class Multiply, class Finish>
constexpr void depthwise_buffer_temp_conv(arch::reference, const FrameRing& ring, const X* frames, const W* w, Y* y,
                                          const Load& load, const Multiply& multiply, const Finish& finish) {
  for (std::int64_t p = 0; p < ring.pixels; ++p) {
    for (std::int32_t c = 0; c < ring.channels; ++c) {
      Sum sum = 0;
      for (std::int32_t t = 0; t < ring.size; ++t) {
        const X v = frames[ring.frame(t) + p * ring.channels + c];
        const W weight = w[std::ptrdiff_t{t} * ring.channels + c];
        sum += multiply(static_cast<Sum>(load(v, c)), static_cast<Sum>(weight));
      }
      *y++ = static_cast<Y>(finish(sum, c));
    }
  }
}

}  // namespace tenon::kernel
