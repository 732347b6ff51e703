// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>

namespace tenon::kernel {

// Products with a matrix, bias, ReLU and output quantizer of DenseBlock.
template <class X, class Y>
constexpr void dense_block(arch::reference, const DenseBlock& block, const X* x, const std::uint8_t* shifts,
                           const signed char* w, const ChannelFinish* channel_finish, Y* y) noexcept {
  const std::size_t row_size = row_bytes(block.inputs, block.weight_bits);
  for (std::int32_t r = 0; r < block.rows; ++r, x += block.inputs) {
    for (std::int32_t u = 0; u < block.units; ++u) {
      const signed char* row = w + static_cast<std::size_t>(u) * row_size;
      std::int32_t sum = 0;
      for (std::int32_t i = 0; i < block.inputs; ++i) {
        const std::int32_t v = block.shifted ? x[i] * (std::int32_t{1} << shifts[i]) : std::int32_t{x[i]};
        sum += v * weight_at(row, i, block.weight_bits);
      }
      *y++ = static_cast<Y>(finish(block.finish, channel_finish[u], sum));
    }
  }
}

}  // namespace tenon::kernel
