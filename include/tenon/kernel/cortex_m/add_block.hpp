// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/requantize.hpp>
#include <tenon/kernel/reference/add_block.hpp>

// Channel by channel, so that a channel's constants stay in registers: the shift and the multiplier are one factor if the sum is
// not limited in between.
namespace tenon::kernel {

template <class A, class B, class Y>
[[gnu::always_inline]] inline void add_block(arch::cortex_m, const AddBlock& block, const A* a, const B* b,
                                             const AddShifts* shifts, const ChannelFinish* channel_finish,
                                             Y* y) noexcept {
  using namespace cortex_m;
  const bool joined = !block.finish.raw && block.finish.limit_bits >= 31;
  for (std::int32_t c = 0; c < block.channels; ++c, ++a, ++b, ++y, ++shifts, ++channel_finish) {
    const Requantizer requantizer = Requantizer::of(*channel_finish);
    std::int32_t first = std::int32_t{1} << shifts->first;
    std::int32_t second = std::int32_t{1} << shifts->second;
    if (joined) {
      first *= requantizer.multiplier;
      second *= requantizer.multiplier;
    }
    const A* pa = a;
    const B* pb = b;
    Y* py = y;
    for (auto left = static_cast<std::int32_t>(block.pixels); left > 0; --left) {
      const std::int32_t va = *pa;
      const std::int32_t vb = *pb;
      std::int32_t v;
      if (joined) {
        v = requantizer.clamped(block.finish,
                                asr(mla(vb, second, mla(va, first, requantizer.offset)), requantizer.word));
      } else {
        v = requantizer(block.finish, va * first + vb * second);
      }
      *py = static_cast<Y>(v);
      pa += block.channels;
      pb += block.channels;
      py += block.channels;
    }
  }
}

}  // namespace tenon::kernel
