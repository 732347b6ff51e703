// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>

namespace tenon::kernel {

// Convolution, bias, ReLU and output quantizer of ConvBlock. x (height, width, channels), y (height, width, filters) of int8, or
// of int32 if the block is raw. `padding` and `shifts` have an element a channel, or are null where the block has none.
template <class X, class Y>
constexpr void conv2d_block(arch::reference, const ConvBlock& block, const X* x, const X* padding,
                            const std::uint8_t* shifts, const signed char* w, const ChannelFinish* channel_finish,
                            Y* y) noexcept {
  const Window2D& window = block.window;
  const std::int32_t depth = block.channels / block.groups;
  const std::int32_t width = block.filters / block.groups;
  const std::size_t row_size = row_bytes(block.row_weights(), block.weight_bits);
  for (std::int32_t oy = 0; oy < window.y.output; ++oy) {
    for (std::int32_t ox = 0; ox < window.x.output; ++ox) {
      for (std::int32_t f = 0; f < block.filters; ++f) {
        const signed char* row = w + static_cast<std::size_t>(f) * row_size;
        std::int32_t sum = 0;
        std::int64_t i = 0;
        for (std::int32_t ky = 0; ky < window.y.kernel; ++ky) {
          const std::int32_t iy = oy * window.y.stride + ky * window.y.dilation - window.y.before;
          for (std::int32_t kx = 0; kx < window.x.kernel; ++kx) {
            const std::int32_t ix = ox * window.x.stride + kx * window.x.dilation - window.x.before;
            const bool inside = iy >= 0 && iy < window.y.input && ix >= 0 && ix < window.x.input;
            for (std::int32_t c = f / width * depth; c < (f / width + 1) * depth; ++c, ++i) {
              std::int32_t v = 0;
              if (inside) {
                v = x[(std::ptrdiff_t{iy} * window.x.input + ix) * block.channels + c];
                if (block.shifted) v *= std::int32_t{1} << shifts[c];
              } else if (block.has_padding_value) {
                v = padding[c];
              }
              sum += v * weight_at(row, i, block.weight_bits);
            }
          }
        }
        *y++ = static_cast<Y>(finish(block.finish, channel_finish[f], sum));
      }
    }
  }
}

}  // namespace tenon::kernel
