// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/tensor/window.hpp>

namespace tenon::kernel {

// The largest element of each window and channel; what lies outside of x is never selected. Layout: x and y
// (height, width, channels).
template <class T, class Y>
constexpr void max_pool2d(arch::reference, const Window2D& window, std::int32_t channels, const T* x,
                          Y* y) {
  for (std::int32_t oy = 0; oy < window.y.output; ++oy) {
    for (std::int32_t ox = 0; ox < window.x.output; ++ox) {
      for (std::int32_t c = 0; c < channels; ++c) {
        T best{};
        bool found = false;
        for (std::int32_t ky = 0; ky < window.y.kernel; ++ky) {
          const std::int32_t iy = oy * window.y.stride + ky - window.y.before;
          if (iy < 0 || iy >= window.y.input) continue;
          for (std::int32_t kx = 0; kx < window.x.kernel; ++kx) {
            const std::int32_t ix = ox * window.x.stride + kx - window.x.before;
            if (ix < 0 || ix >= window.x.input) continue;
            const T v = x[(std::ptrdiff_t{iy} * window.x.input + ix) * channels + c];
            best = found && best >= v ? best : v;
            found = true;
          }
        }
        *y++ = static_cast<Y>(best);
      }
    }
  }
}

}  // namespace tenon::kernel
