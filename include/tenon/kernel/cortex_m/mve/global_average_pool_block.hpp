// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>

#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/global_average_pool_block.hpp>
#include <tenon/kernel/cortex_m/mve/requantize.hpp>

namespace tenon::kernel {

template <class X, class Y>
[[gnu::always_inline]] inline void global_average_pool_block(arch::cortex_m_mve, const PoolBlock& block, const X* x,
                                                             const ChannelFinish* channel_finish, Y* y) noexcept {
  using namespace cortex_m;
  std::int32_t c = 0;
  for (; c + 4 <= block.channels; c += 4) {
    const X* p = x + c;
    int32x4_t sums = vdupq_n_s32(0);
    for (auto n = static_cast<std::int32_t>(block.pixels); n > 0; --n, p += block.channels) {
      sums = vaddq_s32(sums, load_four(p));
    }
    store_four(y + c, FourRequantizers::of(channel_finish + c)(block.finish, sums));
  }
  pool_channels(block, x, c, channel_finish, y);
}

}  // namespace tenon::kernel
#endif
