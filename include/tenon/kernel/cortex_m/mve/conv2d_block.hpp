// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__ARM_FEATURE_MVE)
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/conv2d_block.hpp>
#include <tenon/kernel/cortex_m/mve/products.hpp>
#include <tenon/kernel/cortex_m/mve/requantize.hpp>
#include <tenon/kernel/cortex_m/mve/vector_tile.hpp>
#include <type_traits>

// Convolutions of ConvBlock with Helium: the window of a pixel in one piece, four filters at a time. Signed inputs without
// shifts stay bytes; others become halves of words once for all filters. Weights of 4 bits and fewer than four filters take
// the way of the DSP extension.
namespace tenon::kernel {

namespace cortex_m {

[[nodiscard, gnu::always_inline]] inline constexpr bool has_four_rows(const ConvBlock& block) noexcept {
  return block.weight_bits > 4 && block.filters / block.groups >= 4;
}

/// Of one window, as halves of words.
[[nodiscard, gnu::always_inline]] inline constexpr std::int32_t vector_window_bytes(const ConvBlock& block) noexcept {
  return (row_inputs(block) * 2 + 3) / 4 * 4;
}

/// A window of bytes or of halves, written piece by piece.
template <class T>
struct VectorPatch {
  T* next;
  [[gnu::always_inline]] void zeros(std::int32_t n) noexcept {
    for (; n > 0; --n) *next++ = 0;
  }
  // Loops whose last turn is predicated.
  template <class X>
  [[gnu::always_inline]] void copy(const X* x, std::int32_t n) noexcept {
    if constexpr (sizeof(T) == 1) {
      asm volatile(
          "wlstp.8 lr, %[n], 2f\n"
          "1: vldrb.8 q0, [%[x]], #16\n"
          "vstrb.8 q0, [%[to]], #16\n"
          "letp lr, 1b\n"
          "2:\n"
          : [x] "+l"(x), [to] "+r"(next)
          : [n] "r"(n)
          : "lr", "q0", "memory");
      next = next - (n + 15) / 16 * 16 + n;
    } else if constexpr (std::is_signed_v<X>) {
      asm volatile(
          "wlstp.16 lr, %[n], 2f\n"
          "1: vldrb.s16 q0, [%[x]], #8\n"
          "vstrh.16 q0, [%[to]], #16\n"
          "letp lr, 1b\n"
          "2:\n"
          : [x] "+l"(x), [to] "+r"(next)
          : [n] "r"(n)
          : "lr", "q0", "memory");
      next = next - (n + 7) / 8 * 8 + n;
    } else {
      asm volatile(
          "wlstp.16 lr, %[n], 2f\n"
          "1: vldrb.u16 q0, [%[x]], #8\n"
          "vstrh.16 q0, [%[to]], #16\n"
          "letp lr, 1b\n"
          "2:\n"
          : [x] "+l"(x), [to] "+r"(next)
          : [n] "r"(n)
          : "lr", "q0", "memory");
      next = next - (n + 7) / 8 * 8 + n;
    }
  }
  [[gnu::always_inline]] void copy_shifted(const std::int8_t* x, const std::uint8_t* shifts, const std::int32_t*,
                                           std::int32_t, std::int32_t n) noexcept {
    asm volatile(
        "wlstp.16 lr, %[n], 2f\n"
        "1: vldrb.s16 q0, [%[x]], #8\n"
        "vldrb.u16 q1, [%[shifts]], #8\n"
        "vshl.s16 q0, q0, q1\n"
        "vstrh.16 q0, [%[to]], #16\n"
        "letp lr, 1b\n"
        "2:\n"
        : [x] "+l"(x), [shifts] "+l"(shifts), [to] "+r"(next)
        : [n] "r"(n)
        : "lr", "q0", "q1", "memory");
    next = next - (n + 7) / 8 * 8 + n;
  }
  [[gnu::always_inline]] void copy_shifted(const std::uint8_t*, const std::uint8_t*, const std::int32_t*, std::int32_t,
                                           std::int32_t) noexcept {}
  [[gnu::always_inline]] void close(std::int32_t, bool) noexcept {}
};

template <class T, class Y>
[[gnu::always_inline]] inline void four_by_four(const FinishTraits& traits, const T* patch, std::int32_t inputs,
                                                const signed char* w, std::int32_t filters,
                                                const ChannelFinish* channel, Y* y) noexcept {
  for (std::int32_t next = 0; next < filters; next += 4) {
    // The last four may repeat filters of those before.
    const std::int32_t f = next + 4 <= filters ? next : filters - 4;
    const int32x4_t sums = four_products(patch, inputs, w + f * inputs, inputs);
    store_four(y + f, FourRequantizers::of(channel + f)(traits, sums));
  }
}

template <class T, class X, class Y>
[[gnu::always_inline]] inline void conv_vectors(const ConvBlock& block, const X* x, const X* padding,
                                                const std::uint8_t* shifts, const signed char* w,
                                                const ChannelFinish* channel_finish, Y* y,
                                                std::int32_t* scratch) noexcept {
  const Window2D& window = block.window;
  const std::int32_t inputs = row_inputs(block);
  const std::int32_t depth = block.channels / block.groups;
  const std::int32_t width = block.filters / block.groups;
  const std::int32_t pixels = window.y.output * window.x.output;
  const TileOutput output = tile_output(block.finish);
  const std::int32_t tile = output != TileOutput::sums && pixels >= 3 ? 3 : 1;
  const std::int32_t size = vector_window_bytes(block) / static_cast<std::int32_t>(sizeof(T));
  T* const patch = reinterpret_cast<T*>(scratch);
  for (std::int32_t t = 0; t < pixels; t += tile) {
    // The last tile repeats pixels of the one before.
    const std::int32_t first = t + tile <= pixels ? t : pixels - tile;
    for (std::int32_t g = 0; g < block.groups; ++g) {
      for (std::int32_t i = 0; i < tile; ++i) {
        fill_patch(VectorPatch<T>{patch + i * size}, block, x + g * depth, padding + (padding ? g * depth : 0),
                   shifts + (shifts ? g * depth : 0), nullptr, (first + i) / window.x.output,
                   (first + i) % window.x.output, 0, inputs);
      }
      Y* const to = y + first * block.filters + g * width;
      const signed char* const weights = w + g * width * inputs;
      if constexpr (sizeof(Y) == 1) {
        if (tile == 3) {
          const T* const windows[3] = {patch, patch + size, patch + 2 * size};
          three_windows(output, windows, inputs, weights, width, channel_finish + g * width, to, block.filters);
          continue;
        }
      }
      four_by_four(block.finish, patch, inputs, weights, width, channel_finish + g * width, to);
    }
  }
}

}  // namespace cortex_m

[[nodiscard]] constexpr std::size_t scratch_bytes(arch::cortex_m_mve, const ConvBlock& block) noexcept {
  if (!cortex_m::has_four_rows(block)) return scratch_bytes(arch::cortex_m_dsp{}, block);
  return 3 * static_cast<std::size_t>(cortex_m::vector_window_bytes(block));
}

template <class X, class Y>
[[gnu::always_inline]] inline void conv2d_block(arch::cortex_m_mve, const ConvBlock& block, const X* x,
                                                const X* padding, const std::uint8_t* shifts, const signed char* w,
                                                const ChannelFinish* channel_finish, Y* y,
                                                std::int32_t* scratch) noexcept {
  constexpr bool has_sign = std::numeric_limits<X>::is_signed;
  if (!cortex_m::has_four_rows(block) || (!has_sign && block.shifted)) {
    return conv2d_block(arch::cortex_m_dsp{}, block, x, padding, shifts, w, channel_finish, y, scratch);
  }
  if constexpr (has_sign) {
    if (!block.shifted) {
      return cortex_m::conv_vectors<std::int8_t>(block, x, padding, shifts, w, channel_finish, y, scratch);
    }
  }
  cortex_m::conv_vectors<std::int16_t>(block, x, padding, shifts, w, channel_finish, y, scratch);
}

}  // namespace tenon::kernel
#endif
