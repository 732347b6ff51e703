// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>

namespace tenon::kernel {

// Sums over all pixels, finished as PoolBlock says. Alignment of the channels and the share of a pixel are in the multipliers.
template <class X, class Y>
constexpr void global_average_pool_block(arch::reference, const PoolBlock& block, const X* x,
                                         const ChannelFinish* channel_finish, Y* y) noexcept {
  for (std::int32_t c = 0; c < block.channels; ++c) {
    std::int32_t sum = 0;
    for (std::int64_t p = 0; p < block.pixels; ++p) sum += x[p * block.channels + c];
    y[c] = static_cast<Y>(finish(block.finish, channel_finish[c], sum));
  }
}

}  // namespace tenon::kernel
