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
#include <type_traits>

// Convolutions of ConvBlock with Helium: the window of a pixel in one piece, four filters at a time. Signed inputs without
// shifts stay bytes; others become halves of words once for all filters. Weights of 4 bits and fewer than four filters take
// the way of the DSP extension.
namespace tenon::kernel {

namespace cortex_m {

[[nodiscard, gnu::always_inline]] inline constexpr bool has_four_rows(const ConvBlock& block) noexcept {
  return block.weight_bits > 4 && block.filters / block.groups >= 4;
}

/// A window of bytes or of halves, written piece by piece.
template <class T>
struct VectorPatch {
  T* next;
  [[gnu::always_inline]] void zeros(std::int32_t n) noexcept {
    for (; n > 0; --n) *next++ = 0;
  }
  template <class X>
  [[gnu::always_inline]] void copy(const X* x, std::int32_t n) noexcept {
    std::int32_t left = n;
    T* to = next;
    if constexpr (sizeof(T) == 1) {
      for (; left > 0; left -= 16, x += 16, to += 16) {
        const mve_pred16_t p = vctp8q(static_cast<std::uint32_t>(left));
        vstrbq_p_s8(to, vldrbq_z_s8(x, p), p);
      }
    } else {
      for (; left > 0; left -= 8, x += 8, to += 8) {
        const mve_pred16_t p = vctp16q(static_cast<std::uint32_t>(left));
        if constexpr (std::is_signed_v<X>) {
          vstrhq_p_s16(to, vldrbq_z_s16(x, p), p);
        } else {
          vstrhq_p_s16(to, vreinterpretq_s16_u16(vldrbq_z_u16(x, p)), p);
        }
      }
    }
    next += n;
  }
  [[gnu::always_inline]] void copy_shifted(const std::int8_t* x, const std::uint8_t* shifts, const std::int32_t*,
                                           std::int32_t, std::int32_t n) noexcept {
    if constexpr (sizeof(T) == 2) {
      T* to = next;
      for (std::int32_t left = n; left > 0; left -= 8, x += 8, shifts += 8, to += 8) {
        const mve_pred16_t p = vctp16q(static_cast<std::uint32_t>(left));
        const int16x8_t by = vreinterpretq_s16_u16(vldrbq_z_u16(shifts, p));
        vstrhq_p_s16(to, vshlq_s16(vldrbq_z_s16(x, p), by), p);
      }
      next += n;
    }
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
  const auto inputs = static_cast<std::int32_t>(block.row_weights());
  const std::int32_t depth = block.channels / block.groups;
  const std::int32_t width = block.filters / block.groups;
  T* const patch = reinterpret_cast<T*>(scratch);
  for (std::int32_t oy = 0; oy < window.y.output; ++oy) {
    for (std::int32_t ox = 0; ox < window.x.output; ++ox, y += block.filters) {
      for (std::int32_t g = 0; g < block.groups; ++g) {
        fill_patch(VectorPatch<T>{patch}, block, x + g * depth, padding + (padding ? g * depth : 0),
                   shifts + (shifts ? g * depth : 0), nullptr, oy, ox, 0, inputs);
        four_by_four(block.finish, patch, inputs, w + g * width * inputs, width, channel_finish + g * width,
                     y + g * width);
      }
    }
  }
}

}  // namespace cortex_m

[[nodiscard]] constexpr std::size_t scratch_bytes(arch::cortex_m_mve, const ConvBlock& block) noexcept {
  if (!cortex_m::has_four_rows(block)) return scratch_bytes(arch::cortex_m_dsp{}, block);
  return (static_cast<std::size_t>(block.row_weights()) * 2 + 3) / 4 * 4;
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
