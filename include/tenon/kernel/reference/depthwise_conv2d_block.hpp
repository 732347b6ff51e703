// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>

namespace tenon::kernel {

// Depthwise convolution, bias, ReLU and output quantizer of DepthwiseBlock; 0 stands outside of x.
template <class X, class Y>
constexpr void depthwise_conv2d_block(arch::reference, const DepthwiseBlock& block, const X* x, const signed char* w,
                                      const ChannelFinish* channel_finish, Y* y) noexcept {
  const Window2D& window = block.window;
  const std::size_t row_size = row_bytes(block.channels, block.weight_bits);
  for (std::int32_t oy = 0; oy < window.y.output; ++oy) {
    for (std::int32_t ox = 0; ox < window.x.output; ++ox) {
      for (std::int32_t c = 0; c < block.channels; ++c) {
        std::int32_t sum = 0;
        for (std::int32_t ky = 0; ky < window.y.kernel; ++ky) {
          const std::int32_t iy = oy * window.y.stride + ky * window.y.dilation - window.y.before;
          if (iy < 0 || iy >= window.y.input) continue;
          for (std::int32_t kx = 0; kx < window.x.kernel; ++kx) {
            const std::int32_t ix = ox * window.x.stride + kx * window.x.dilation - window.x.before;
            if (ix < 0 || ix >= window.x.input) continue;
            const signed char* row = w + static_cast<std::size_t>(ky * window.x.kernel + kx) * row_size;
            sum += std::int32_t{x[(std::ptrdiff_t{iy} * window.x.input + ix) * block.channels + c]} *
                   weight_at(row, c, block.weight_bits);
          }
        }
        *y++ = static_cast<Y>(finish(block.finish, channel_finish[c], sum));
      }
    }
  }
}

}  // namespace tenon::kernel
