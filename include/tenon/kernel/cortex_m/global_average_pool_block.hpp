// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <limits>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/requantize.hpp>
#include <tenon/kernel/reference/global_average_pool_block.hpp>

namespace tenon::kernel {

namespace cortex_m {

template <class X, class Y>
[[gnu::always_inline]] inline void pool_channels(const PoolBlock& block, const X* x, std::int32_t from,
                                                 const ChannelFinish* channel_finish, Y* y) noexcept {
  for (std::int32_t c = from; c < block.channels; ++c) {
    const X* p = x + c;
    std::int32_t sum = 0;
    for (auto left = static_cast<std::int32_t>(block.pixels); left > 0; --left, p += block.channels) sum += *p;
    y[c] = static_cast<Y>(Requantizer::of(channel_finish[c])(block.finish, sum));
  }
}

}  // namespace cortex_m

template <class X, class Y>
[[gnu::always_inline]] inline void global_average_pool_block(arch::cortex_m, const PoolBlock& block, const X* x,
                                                             const ChannelFinish* channel_finish, Y* y) noexcept {
  cortex_m::pool_channels(block, x, 0, channel_finish, y);
}

/// Four channels at a time, in halves of two words as long as they cannot overflow: 256 pixels, or 257 without a sign.
template <class X, class Y>
[[gnu::always_inline]] inline void global_average_pool_block(arch::cortex_m_dsp, const PoolBlock& block, const X* x,
                                                             const ChannelFinish* channel_finish, Y* y) noexcept {
  using namespace cortex_m;
  constexpr bool has_sign = std::numeric_limits<X>::is_signed;
  std::int32_t c = 0;
  for (; c + 4 <= block.channels; c += 4) {
    const X* p = x + c;
    std::int32_t sums[4] = {};
    for (auto left = static_cast<std::int32_t>(block.pixels); left > 0;) {
      std::int32_t n = left < 256 ? left : 256;
      left -= n;
      std::uint32_t even = 0;
      std::uint32_t odd = 0;
      for (; n > 0; --n, p += block.channels) {
        const std::uint32_t v = load_word(p);
        even = has_sign ? sxtab16(even, v) : uxtab16(even, v);
        odd = has_sign ? sxtab16(odd, ror8(v)) : uxtab16(odd, ror8(v));
      }
      constexpr auto low = [](std::uint32_t v) { return has_sign ? low_half(v) : wrapped(v & 0xFFFF); };
      constexpr auto high = [](std::uint32_t v) { return has_sign ? high_half(v) : wrapped(v >> 16); };
      sums[0] += low(even);
      sums[1] += low(odd);
      sums[2] += high(even);
      sums[3] += high(odd);
    }
    for (std::int32_t i = 0; i < 4; ++i) {
      y[c + i] = static_cast<Y>(Requantizer::of(channel_finish[c + i])(block.finish, sums[i]));
    }
  }
  pool_channels(block, x, c, channel_finish, y);
}

}  // namespace tenon::kernel
