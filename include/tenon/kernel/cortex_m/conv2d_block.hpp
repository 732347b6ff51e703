// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/conv_tiles.hpp>
#include <tenon/kernel/cortex_m/patch_mla.hpp>
#include <tenon/kernel/cortex_m/patch_smlad.hpp>
#include <tenon/kernel/reference/conv2d_block.hpp>

// Convolutions of ConvBlock for Cortex-M: five pixels at a time. The caller lends `scratch`, aligned to 4 bytes, of
// `scratch_bytes`; what it holds before and after means nothing.
namespace tenon::kernel {

[[nodiscard]] constexpr std::size_t scratch_bytes(arch::cortex_m, const ConvBlock& block) noexcept {
  return cortex_m::ConvScratch::of<cortex_m::MlaPatch<5>>(block).words * 4;
}
[[nodiscard]] constexpr std::size_t scratch_bytes(arch::cortex_m_dsp, const ConvBlock& block) noexcept {
  return cortex_m::ConvScratch::of<cortex_m::SmladPatch<5>>(block).words * 4;
}

template <class X, class Y>
[[gnu::always_inline]] inline void conv2d_block(arch::cortex_m, const ConvBlock& block, const X* x, const X* padding,
                                                const std::uint8_t* shifts, const signed char* w,
                                                const ChannelFinish* channel_finish, Y* y,
                                                std::int32_t* scratch) noexcept {
  cortex_m::conv_tiles<cortex_m::MlaPatch<5>>(block, x, padding, shifts, w, channel_finish, y, scratch);
}

/// Shifted bytes without a sign do not fit the halves of a word: such a block, which no network begins with, goes another way.
template <class X, class Y>
[[gnu::always_inline]] inline void conv2d_block(arch::cortex_m_dsp, const ConvBlock& block, const X* x,
                                                const X* padding, const std::uint8_t* shifts, const signed char* w,
                                                const ChannelFinish* channel_finish, Y* y,
                                                std::int32_t* scratch) noexcept {
  if (!std::numeric_limits<X>::is_signed && block.shifted) {
    return conv2d_block(arch::reference{}, block, x, padding, shifts, w, channel_finish, y);
  }
  cortex_m::conv_tiles<cortex_m::SmladPatch<5>>(block, x, padding, shifts, w, channel_finish, y, scratch);
}

}  // namespace tenon::kernel
