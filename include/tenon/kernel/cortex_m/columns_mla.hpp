// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/instructions.hpp>
#include <tenon/kernel/cortex_m/requantize.hpp>

namespace tenon::kernel::cortex_m {

/// Columns of the input that the windows of a row of outputs meet, padding included.
[[nodiscard, gnu::always_inline]] inline constexpr std::int32_t columns(const WindowAxis& x) noexcept {
  return (x.output - 1) * x.stride + (x.kernel - 1) * x.dilation + 1;
}
/// Of these, the ones that stand in the input.
[[nodiscard, gnu::always_inline]] inline constexpr std::int32_t inner_columns(const WindowAxis& x) noexcept {
  const std::int32_t right = columns(x) - x.before;
  return right < x.input ? right : x.input;
}

#if defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB >= 2 && defined(__OPTIMIZE__)
[[gnu::always_inline]] inline std::int32_t add_three(const std::int32_t*& x, const std::int32_t*& w,
                                                     std::int32_t sum) noexcept {
  asm("ldmia %[x]!, {r4, r5, r6}\n"
      "ldmia %[w]!, {r8, r9, r10}\n"
      "mla %[sum], r4, r8, %[sum]\n"
      "mla %[sum], r5, r9, %[sum]\n"
      "mla %[sum], r6, r10, %[sum]\n"
      : [x] "+r"(x), [w] "+r"(w), [sum] "+r"(sum)
      :
      : "r4", "r5", "r6", "r8", "r9", "r10", "memory");
  return sum;
}
#else
[[gnu::always_inline]] inline std::int32_t add_three(const std::int32_t*& x, const std::int32_t*& w,
                                                     std::int32_t sum) noexcept {
  for (int i = 0; i < 3; ++i) sum = mla(*x++, *w++, sum);
  return sum;
}
#endif

// A depthwise convolution channel by channel. Rows of the input stand as words in a ring, a column's rows side by side; a row is
// written once however many windows it is in, and the weights stand there in each of the orders that the ring can have.
struct MlaColumns {
  [[nodiscard, gnu::always_inline]] static constexpr bool keeps_rows(const Window2D& window) noexcept { return window.y.dilation == 1; }
  [[nodiscard, gnu::always_inline]] static constexpr std::size_t words(const DepthwiseBlock& block) noexcept {
    const Window2D& window = block.window;
    const std::int32_t orders = keeps_rows(window) ? window.y.kernel : 1;
    return static_cast<std::size_t>(window.y.kernel * (columns(window.x) + orders * window.x.kernel));
  }

  template <class X>
  [[gnu::always_inline]] static void fill_row(const DepthwiseBlock& block, const X* x, std::int32_t iy,
                                              std::int32_t* to) noexcept {
    const WindowAxis& axis = block.window.x;
    const std::int32_t height = block.window.y.kernel;
    const bool inside = static_cast<std::uint32_t>(iy) < static_cast<std::uint32_t>(block.window.y.input);
    const std::int32_t inner = inside ? inner_columns(axis) : 0;
    const X* from = x + (inside ? iy * axis.input * block.channels : 0);
    std::int32_t i = 0;
    for (; i < axis.before; ++i, to += height) *to = 0;
    for (i = inner; i > 0; --i, to += height, from += block.channels) *to = *from;
    for (i = columns(axis) - axis.before - inner; i > 0; --i, to += height) *to = 0;
  }

  template <class X, class Y>
  [[gnu::always_inline]] static void run(const DepthwiseBlock& block, const X* x, const signed char* w,
                                         const ChannelFinish* channel_finish, Y* y, std::int32_t* scratch) noexcept {
    const Window2D& window = block.window;
    const std::int32_t height = window.y.kernel;
    const std::int32_t taps = height * window.x.kernel;
    const bool keeps = keeps_rows(window);
    const std::int32_t row_size = row_step(block.channels, block.weight_bits);
    std::int32_t* const orders = scratch + height * columns(window.x);
    for (std::int32_t c = 0; c < block.channels; ++c, ++x, ++y) {
      for (std::int32_t ky = 0; ky < height; ++ky) {
        for (std::int32_t kx = 0; kx < window.x.kernel; ++kx) {
          const std::int32_t v = weight_at(w + (ky * window.x.kernel + kx) * row_size, c, block.weight_bits);
          std::int32_t slot = ky;
          for (std::int32_t o = 0; o < (keeps ? height : 1); ++o) {
            orders[o * taps + kx * height + slot] = v;
            if (++slot == height) slot = 0;
          }
        }
      }
      const Requantizer requantizer = Requantizer::of(channel_finish[c]);
      std::int32_t filled = 0;  // rows of the next window that stand there already
      std::int32_t slot = 0;    // of the first row of the window
      Y* to = y;
      for (std::int32_t oy = 0; oy < window.y.output; ++oy) {
        const std::int32_t top = oy * window.y.stride - window.y.before;
        for (std::int32_t ky = filled; ky < height; ++ky) {
          const std::int32_t place = slot + ky;
          fill_row(block, x, top + ky * window.y.dilation, scratch + (place < height ? place : place - height));
        }
        const std::int32_t* column = scratch;
        const std::int32_t* const order = orders + slot * taps;
        for (std::int32_t left = window.x.output; left > 0; --left, column += window.x.stride * height) {
          std::int32_t sum = 0;
          const std::int32_t* px = column;
          const std::int32_t* pw = order;
          if (height == 3 && window.x.dilation == 1) {
#pragma GCC unroll 4
            for (std::int32_t kx = 0; kx < window.x.kernel; ++kx) sum = add_three(px, pw, sum);
          } else {
            for (std::int32_t kx = window.x.kernel; kx > 0; --kx, px += (window.x.dilation - 1) * height) {
              for (std::int32_t ky = height; ky > 0; --ky) sum = mla(*px++, *pw++, sum);
            }
          }
          *to = static_cast<Y>(requantizer(block.finish, sum));
          to += block.channels;
        }
        filled = keeps && window.y.stride < height ? height - window.y.stride : 0;
        if (filled > 0) {
          slot += window.y.stride;
          if (slot >= height) slot -= height;
        }
      }
    }
  }
};

}  // namespace tenon::kernel::cortex_m
