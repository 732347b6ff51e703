// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>

#include <cstdint>
#include <tenon/kernel/block.hpp>

// `finish` for four channels in the lanes of a vector.
namespace tenon::kernel::cortex_m {

struct FourRequantizers {
  int32x4_t offset;
  int32x4_t word;  ///< of each: shift, largest output, multiplier

  [[gnu::always_inline]] static FourRequantizers of(const ChannelFinish* channel) noexcept {
    register int32x4_t offset_of asm("q0");
    register int32x4_t word_of asm("q1");
    asm("vld20.32 {q0, q1}, [%2]\n vld21.32 {q0, q1}, [%2]\n"
        : "=w"(offset_of), "=w"(word_of)
        : "r"(channel), "m"(*reinterpret_cast<const ChannelFinish(*)[4]>(channel)));
    return {offset_of, word_of};
  }
  /// How far VSHL shifts to the left: it reads the lowest byte only.
  [[gnu::always_inline]] int32x4_t left() const noexcept { return vnegq_s32(word); }
  [[gnu::always_inline]] int32x4_t multiplier() const noexcept {
    return vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(word), 16));
  }

  [[gnu::always_inline]] static int32x4_t limited(const FinishTraits& traits, int32x4_t sum) noexcept {
    if (traits.limit_bits >= 31) return sum;
    const std::int32_t top = (std::int32_t{1} << traits.limit_bits) - 1;
    return vmaxq_s32(vminq_s32(sum, vdupq_n_s32(top)), vdupq_n_s32(-top - 1));
  }
  /// Two shifts that saturate need no constants.
  [[gnu::always_inline]] int32x4_t clamped(const FinishTraits& traits, int32x4_t v) const noexcept {
    if (!traits.channel_high && traits.high == 127 && traits.low == 0) {
      return vreinterpretq_s32_u32(vshrq_n_u32(vqshluq_n_s32(v, 25), 25));
    }
    if (!traits.channel_high && traits.high == 127 && traits.low == -128) return vshrq_n_s32(vqshlq_n_s32(v, 24), 24);
    const int32x4_t high = traits.channel_high ? vshrq_n_s32(vshlq_n_s32(word, 16), 24) : vdupq_n_s32(traits.high);
    return vmaxq_s32(vminq_s32(v, high), vdupq_n_s32(traits.low));
  }
  [[gnu::always_inline]] int32x4_t operator()(const FinishTraits& traits, int32x4_t sum) const noexcept {
    if (traits.raw) return vaddq_s32(sum, offset);
    const int32x4_t scaled = vaddq_s32(vmulq_s32(limited(traits, sum), multiplier()), offset);
    return clamped(traits, vshlq_s32(scaled, left()));
  }
};

[[gnu::always_inline]] inline void store_four(std::int8_t* y, int32x4_t v) noexcept { vstrbq_s32(y, v); }
[[gnu::always_inline]] inline void store_four(std::int32_t* y, int32x4_t v) noexcept { vst1q_s32(y, v); }

[[gnu::always_inline]] inline int32x4_t load_four(const std::int8_t* x) noexcept { return vldrbq_s32(x); }
[[gnu::always_inline]] inline int32x4_t load_four(const std::uint8_t* x) noexcept {
  return vreinterpretq_s32_u32(vldrbq_u32(x));
}
[[gnu::always_inline]] inline int16x8_t load_eight(const std::int8_t* x) noexcept { return vldrbq_s16(x); }
[[gnu::always_inline]] inline int16x8_t load_eight(const std::uint8_t* x) noexcept {
  return vreinterpretq_s16_u16(vldrbq_u16(x));
}

}  // namespace tenon::kernel::cortex_m
#endif
