// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>

namespace tenon::kernel {

/// How far the elements of the two inputs of an addition are shifted left in one channel.
struct AddShifts {
  std::uint8_t first = 0;
  std::uint8_t second = 0;
};

// Sum of two tensors, ReLU and output quantizer of AddBlock. y may be a or b.
template <class A, class B, class Y>
constexpr void add_block(arch::reference, const AddBlock& block, const A* a, const B* b, const AddShifts* shifts,
                         const ChannelFinish* channel_finish, Y* y) noexcept {
  for (std::int64_t p = 0; p < block.pixels; ++p) {
    for (std::int32_t c = 0; c < block.channels; ++c) {
      const std::int32_t sum = *a++ * (std::int32_t{1} << shifts[c].first) + *b++ * (std::int32_t{1} << shifts[c].second);
      *y++ = static_cast<Y>(finish(block.finish, channel_finish[c], sum));
    }
  }
}

}  // namespace tenon::kernel
