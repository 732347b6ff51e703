// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__aarch64__)
#include <arm_neon.h>

#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/neon/band.hpp>
#include <tenon/kernel/neon/finish.hpp>
#include <type_traits>

// Sums over all pixels, finished as PoolBlock says, equal to the reference kernel. 16 channels at a time, in 16 bits for as many
// pixels as fit: 128 * 255 is below 32768. y must not be x.
namespace tenon::kernel {
namespace neon {

/// Constants of four channels as they stand in the array.
[[nodiscard, gnu::always_inline]] inline FinishVectors finish_vectors(const ChannelFinish* channels) noexcept {
  static_assert(sizeof(ChannelFinish) == 8);
  const int32x4x2_t v = vld2q_s32(reinterpret_cast<const std::int32_t*>(channels));
  return {v.val[0], vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(v.val[1]), 16)),
          vnegq_s32(vandq_s32(v.val[1], vdupq_n_s32(31)))};
}

/// Sums of 16 channels.
template <class X>
[[gnu::always_inline]] inline void sum_pixels(const X* x, std::int64_t pixels, std::int32_t channels, int32x4_t* sums) noexcept {
  for (std::int32_t v = 0; v < 4; ++v) sums[v] = vdupq_n_s32(0);
  while (pixels > 0) {
    int16x8_t low = vdupq_n_s16(0);
    int16x8_t high = low;
    const std::int64_t now = pixels < 128 ? pixels : 128;
    for (std::int64_t p = 0; p < now; ++p, x += channels) {
      if constexpr (std::is_signed_v<X>) {
        const int8x16_t v = vld1q_s8(x);
        low = vaddw_s8(low, vget_low_s8(v));
        high = vaddw_high_s8(high, v);
      } else {
        const uint8x16_t v = vld1q_u8(x);
        low = vreinterpretq_s16_u16(vaddw_u8(vreinterpretq_u16_s16(low), vget_low_u8(v)));
        high = vreinterpretq_s16_u16(vaddw_high_u8(vreinterpretq_u16_s16(high), v));
      }
    }
    sums[0] = vaddw_s16(sums[0], vget_low_s16(low));
    sums[1] = vaddw_high_s16(sums[1], low);
    sums[2] = vaddw_s16(sums[2], vget_low_s16(high));
    sums[3] = vaddw_high_s16(sums[3], high);
    pixels -= now;
  }
}

template <class Y>
[[gnu::always_inline]] inline void finish_channels(const FinishTraits& traits, const ChannelFinish* channels,
                                                   const int32x4_t* sums, Y* y) noexcept {
  int32x4_t out[4];
  for (std::int32_t v = 0; v < 4; ++v) {
    const FinishVectors constants = finish_vectors(channels + 4 * v);
    out[v] = traits.raw ? vaddq_s32(sums[v], constants.offset) : scaled(traits, constants, sums[v]);
  }
  if constexpr (std::is_same_v<Y, std::int32_t>) {
    if (traits.raw) return store_sums<4>(y, out, 16);
  }
  std::int8_t high[16];
  for (std::int32_t i = 0; i < 16; ++i) high[i] = traits.channel_high ? channels[i].high : traits.high;
  store(y, Limits{vdupq_n_s8(traits.low), vld1q_s8(high)}(to_bytes(out)), 16);
}

}  // namespace neon

template <class X, class Y>
void global_average_pool_block(arch::neon, const PoolBlock& block, const X* x, const ChannelFinish* channel_finish,
                               Y* y) noexcept {
  std::int32_t c = 0;
  for (; block.channels - c >= 16 || (c > 0 && c < block.channels); c += 16) {
    const std::int32_t first = block.channels - c < 16 ? block.channels - 16 : c;  // the last channels once more
    int32x4_t sums[4];
    neon::sum_pixels(x + first, block.pixels, block.channels, sums);
    neon::finish_channels(block.finish, channel_finish + first, sums, y + first);
  }
  for (; c < block.channels; ++c) {  // fewer channels than a vector
    std::int32_t sum = 0;
    for (std::int64_t p = 0; p < block.pixels; ++p) sum += x[p * block.channels + c];
    y[c] = static_cast<Y>(finish(block.finish, channel_finish[c], sum));
  }
}

}  // namespace tenon::kernel
#endif
