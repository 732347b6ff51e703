// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>

#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/depthwise_conv2d_block.hpp>
#include <tenon/kernel/cortex_m/mve/requantize.hpp>

// Depthwise convolutions with Helium: eight channels at a time, their weights as halves of words in lent memory, products and
// sums of the even and of the odd channels in two vectors of words. Fewer than eight channels take the way of the DSP extension.
namespace tenon::kernel {

namespace cortex_m {

/// The constants of the even and the odd ones of eight channels.
struct EightRequantizers {
  std::int32_t offset[2][4];
  std::int32_t multiplier[2][4];
  std::int32_t left[2][4];  ///< minus the shift
  std::int32_t high[2][4];

  [[gnu::always_inline]] void fill(const FinishTraits& traits, const ChannelFinish* channel) noexcept {
    for (int i = 0; i < 8; ++i, ++channel) {
      offset[i & 1][i / 2] = channel->offset;
      multiplier[i & 1][i / 2] = channel->multiplier;
      left[i & 1][i / 2] = -channel->shift;
      if (traits.channel_high) high[i & 1][i / 2] = channel->high;
    }
  }
  [[gnu::always_inline]] int32x4_t shifted(const FinishTraits& traits, int odd, int32x4_t sum) const noexcept {
    if (traits.raw) return vaddq_s32(sum, vld1q_s32(offset[odd]));
    sum = FourRequantizers::limited(traits, sum);
    const int32x4_t v = vaddq_s32(vmulq_s32(sum, vld1q_s32(multiplier[odd])), vld1q_s32(offset[odd]));
    return vshlq_s32(v, vld1q_s32(left[odd]));
  }
  [[gnu::always_inline]] void operator()(const FinishTraits& traits, int32x4_t even, int32x4_t odd,
                                         std::int32_t* y) const noexcept {
    const uint32x4_t places = vidupq_n_u32(0, 2);
    vstrwq_scatter_shifted_offset_s32(y, places, shifted(traits, 0, even));
    vstrwq_scatter_shifted_offset_s32(y + 1, places, shifted(traits, 1, odd));
  }
  [[gnu::always_inline]] void operator()(const FinishTraits& traits, int32x4_t even, int32x4_t odd,
                                         std::int8_t* y) const noexcept {
    even = shifted(traits, 0, even);
    odd = shifted(traits, 1, odd);
    if (traits.channel_high) {
      even = vminq_s32(even, vld1q_s32(high[0]));
      odd = vminq_s32(odd, vld1q_s32(high[1]));
    }
    int16x8_t v = vqmovntq_s32(vqmovnbq_s32(vdupq_n_s16(0), even), odd);
    if (!traits.channel_high && traits.high == 127 && traits.low == 0) {
      v = vreinterpretq_s16_u16(vshrq_n_u16(vqshluq_n_s16(v, 9), 9));
    } else if (!traits.channel_high && traits.high == 127 && traits.low == -128) {
      v = vshrq_n_s16(vqshlq_n_s16(v, 8), 8);
    } else {
      if (!traits.channel_high) v = vminq_s16(v, vdupq_n_s16(traits.high));
      v = vmaxq_s16(v, vdupq_n_s16(traits.low));
    }
    vstrbq_s16(y, v);
  }
};

struct VectorColumns {
  [[nodiscard]] static constexpr std::size_t words(const DepthwiseBlock& block) noexcept {
    return static_cast<std::size_t>(block.window.taps()) * 4 + sizeof(EightRequantizers) / 4;
  }

  /// The taps of one axis that stand in the input.
  struct Taps {
    std::int32_t first;
    std::int32_t end;
    [[gnu::always_inline]] static Taps of(const WindowAxis& axis, std::int32_t output) noexcept {
      const std::int32_t at = output * axis.stride - axis.before;
      Taps taps{0, axis.kernel};
      while (taps.first < taps.end && at + taps.first * axis.dilation < 0) ++taps.first;
      while (taps.end > taps.first && at + (taps.end - 1) * axis.dilation >= axis.input) --taps.end;
      return taps;
    }
  };

  template <class X, class Y>
  [[gnu::always_inline]] static void run(const DepthwiseBlock& block, const X* x, const signed char* w,
                                         const ChannelFinish* channel_finish, Y* y, std::int32_t* scratch) noexcept {
    const Window2D& window = block.window;
    const std::int32_t row_size = row_step(block.channels, block.weight_bits);
    const std::int32_t taps = window.y.kernel * window.x.kernel;
    auto* const requantizers = reinterpret_cast<EightRequantizers*>(scratch);
    auto* const weights = reinterpret_cast<std::int16_t*>(requantizers + 1);
    for (std::int32_t next = 0; next < block.channels; next += 8) {
      // The last eight may repeat channels of those before.
      const std::int32_t c = next + 8 <= block.channels ? next : block.channels - 8;
      for (std::int32_t t = 0; t < taps; ++t) {
        if (block.weight_bits > 4) {
          vst1q_s16(weights + 8 * t, vldrbq_s16(w + t * row_size + c));
        } else {
          for (std::int32_t i = 0; i < 8; ++i) {
            weights[8 * t + i] = static_cast<std::int16_t>(weight_at(w + t * row_size, c + i, block.weight_bits));
          }
        }
      }
      requantizers->fill(block.finish, channel_finish + c);
      Y* to = y + c;
      for (std::int32_t oy = 0; oy < window.y.output; ++oy) {
        const Taps rows = Taps::of(window.y, oy);
        const std::int32_t top = oy * window.y.stride - window.y.before;
        for (std::int32_t ox = 0; ox < window.x.output; ++ox, to += block.channels) {
          const Taps inside = Taps::of(window.x, ox);
          const std::int32_t left = ox * window.x.stride - window.x.before;
          int32x4_t even = vdupq_n_s32(0);
          int32x4_t odd = vdupq_n_s32(0);
          for (std::int32_t ky = rows.first; ky < rows.end; ++ky) {
            const X* px = x + ((top + ky * window.y.dilation) * window.x.input + left + inside.first * window.x.dilation) *
                                  block.channels + c;
            const std::int16_t* pw = weights + 8 * (ky * window.x.kernel + inside.first);
            for (std::int32_t kx = inside.end - inside.first; kx > 0; --kx) {
              const int16x8_t v = load_eight(px);
              const int16x8_t m = vld1q_s16(pw);
              even = vaddq_s32(even, vmullbq_int_s16(v, m));
              odd = vaddq_s32(odd, vmulltq_int_s16(v, m));
              px += window.x.dilation * block.channels;
              pw += 8;
            }
          }
          (*requantizers)(block.finish, even, odd, to);
        }
      }
    }
  }
};

}  // namespace cortex_m

[[nodiscard]] constexpr std::size_t scratch_bytes(arch::cortex_m_mve, const DepthwiseBlock& block) noexcept {
  if (block.channels < 8) return scratch_bytes(arch::cortex_m_dsp{}, block);
  return 4 * cortex_m::VectorColumns::words(block);
}

template <class X, class Y>
[[gnu::always_inline]] inline void depthwise_conv2d_block(arch::cortex_m_mve, const DepthwiseBlock& block, const X* x,
                                                          const signed char* w, const ChannelFinish* channel_finish,
                                                          Y* y, std::int32_t* scratch) noexcept {
  if (block.channels < 8) {
    return depthwise_conv2d_block(arch::cortex_m_dsp{}, block, x, w, channel_finish, y, scratch);
  }
  cortex_m::VectorColumns::run(block, x, w, channel_finish, y, scratch);
}

}  // namespace tenon::kernel
#endif
