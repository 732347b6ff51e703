// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>

#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/add_block.hpp>
#include <tenon/kernel/cortex_m/mve/requantize.hpp>

// Sums of four channels at a time, with their constants in registers. Other numbers of channels take the way without vectors.
namespace tenon::kernel {

template <class A, class B, class Y>
[[gnu::always_inline]] inline void add_block(arch::cortex_m_mve, const AddBlock& block, const A* a, const B* b,
                                             const AddShifts* shifts, const ChannelFinish* channel_finish,
                                             Y* y) noexcept {
  using namespace cortex_m;
  if (block.channels % 4 != 0) return add_block(arch::cortex_m_dsp{}, block, a, b, shifts, channel_finish, y);
  const bool joined = !block.finish.raw && block.finish.limit_bits >= 31;
  for (std::int32_t c = 0; c < block.channels; c += 4, a += 4, b += 4, y += 4, shifts += 4, channel_finish += 4) {
    const FourRequantizers requantizer = FourRequantizers::of(channel_finish);
    std::int32_t powers[2][4];
    for (int i = 0; i < 4; ++i) {
      powers[0][i] = std::int32_t{1} << shifts[i].first;
      powers[1][i] = std::int32_t{1} << shifts[i].second;
    }
    int32x4_t first = vld1q_s32(powers[0]);
    int32x4_t second = vld1q_s32(powers[1]);
    if (joined) {
      first = vmulq_s32(first, requantizer.multiplier());
      second = vmulq_s32(second, requantizer.multiplier());
    }
    const int32x4_t left = requantizer.left();
    const A* pa = a;
    const B* pb = b;
    Y* py = y;
    for (auto n = static_cast<std::int32_t>(block.pixels); n > 0; --n) {
      int32x4_t v = vaddq_s32(vmulq_s32(load_four(pa), first), vmulq_s32(load_four(pb), second));
      if (joined) {
        v = requantizer.clamped(block.finish, vshlq_s32(vaddq_s32(v, requantizer.offset), left));
      } else {
        v = requantizer(block.finish, v);
      }
      store_four(py, v);
      pa += block.channels;
      pb += block.channels;
      py += block.channels;
    }
  }
}

}  // namespace tenon::kernel
#endif
