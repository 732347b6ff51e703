// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__ARM_FEATURE_MVE)
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/dense_block.hpp>
#include <tenon/kernel/cortex_m/mve/conv2d_block.hpp>

// Products with a matrix with Helium: as a convolution, but bytes are read where they are.
namespace tenon::kernel {

[[nodiscard]] constexpr std::size_t scratch_bytes(arch::cortex_m_mve, const DenseBlock& block) noexcept {
  if (!cortex_m::has_four_rows(cortex_m::as_convolution(block))) return scratch_bytes(arch::cortex_m_dsp{}, block);
  return (block.rows >= 3 ? 3 : 1) *
         static_cast<std::size_t>(cortex_m::vector_window_bytes(cortex_m::as_convolution(block)));
}

template <class X, class Y>
[[gnu::always_inline]] inline void dense_block(arch::cortex_m_mve, const DenseBlock& block, const X* x,
                                               const std::uint8_t* shifts, const signed char* w,
                                               const ChannelFinish* channel_finish, Y* y,
                                               std::int32_t* scratch) noexcept {
  constexpr bool has_sign = std::numeric_limits<X>::is_signed;
  if (!cortex_m::has_four_rows(cortex_m::as_convolution(block)) || (!has_sign && block.shifted)) {
    return dense_block(arch::cortex_m_dsp{}, block, x, shifts, w, channel_finish, y, scratch);
  }
  const ConvBlock convolution = cortex_m::as_convolution(block);
  if constexpr (has_sign && sizeof(Y) == 1) {
    const cortex_m::TileOutput output = cortex_m::tile_output(block.finish);
    if (!block.shifted && block.rows >= 3 && output != cortex_m::TileOutput::sums) {
      for (std::int32_t r = 0; r < block.rows; r += 3) {
        // The last three rows may be some of those before.
        const std::int32_t first = r + 3 <= block.rows ? r : block.rows - 3;
        const X* const from = x + first * block.inputs;
        const X* const windows[3] = {from, from + block.inputs, from + 2 * block.inputs};
        cortex_m::three_windows(output, windows, block.inputs, w, block.units, channel_finish, y + first * block.units,
                                block.units);
      }
      return;
    }
  }
  if (block.rows >= 3) {
    return conv2d_block(arch::cortex_m_mve{}, convolution, x, static_cast<const X*>(nullptr), shifts, w,
                        channel_finish, y, scratch);
  }
  auto* const patch = reinterpret_cast<std::int16_t*>(scratch);
  for (std::int32_t r = 0; r < block.rows; ++r, x += block.inputs, y += block.units) {
    if constexpr (has_sign) {
      if (!block.shifted) {
        cortex_m::four_by_four(block.finish, x, block.inputs, w, block.units, channel_finish, y);
        continue;
      }
    }
    cortex_m::VectorPatch<std::int16_t> piece{patch};
    if (block.shifted) {
      piece.copy_shifted(x, shifts, nullptr, block.inputs, block.inputs);
    } else {
      piece.copy(x, block.inputs);
    }
    cortex_m::four_by_four(block.finish, patch, block.inputs, w, block.units, channel_finish, y);
  }
}

}  // namespace tenon::kernel
#endif
