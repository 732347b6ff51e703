// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/columns_mla.hpp>
#include <tenon/kernel/cortex_m/columns_smlad.hpp>
#include <tenon/kernel/reference/depthwise_conv2d_block.hpp>

// Depthwise convolutions for Cortex-M. `scratch` as for convolutions.
namespace tenon::kernel {

[[nodiscard]] constexpr std::size_t scratch_bytes(arch::cortex_m, const DepthwiseBlock& block) noexcept {
  return 4 * cortex_m::MlaColumns::words(block);
}
[[nodiscard]] constexpr std::size_t scratch_bytes(arch::cortex_m_dsp, const DepthwiseBlock& block) noexcept {
  return 4 * (block.channels < 4 ? cortex_m::MlaColumns::words(block) : cortex_m::SmladColumns::words(block));
}

template <class X, class Y>
[[gnu::always_inline]] inline void depthwise_conv2d_block(arch::cortex_m, const DepthwiseBlock& block, const X* x,
                                                          const signed char* w, const ChannelFinish* channel_finish,
                                                          Y* y, std::int32_t* scratch) noexcept {
  cortex_m::MlaColumns::run(block, x, w, channel_finish, y, scratch);
}

template <class X, class Y>
[[gnu::always_inline]] inline void depthwise_conv2d_block(arch::cortex_m_dsp, const DepthwiseBlock& block, const X* x,
                                                          const signed char* w, const ChannelFinish* channel_finish,
                                                          Y* y, std::int32_t* scratch) noexcept {
  if (block.channels < 4) return cortex_m::MlaColumns::run(block, x, w, channel_finish, y, scratch);
  cortex_m::SmladColumns::run(block, x, w, channel_finish, y, scratch);
}

}  // namespace tenon::kernel
