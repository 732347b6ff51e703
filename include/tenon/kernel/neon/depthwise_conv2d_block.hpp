// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__aarch64__)
#include <arm_neon.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/neon/band.hpp>
#include <tenon/kernel/neon/conv2d_block.hpp>
#include <tenon/kernel/neon/depthwise_tile.hpp>
#include <type_traits>

// Depthwise convolution, bias, ReLU and output quantizer of DepthwiseBlock, equal to the reference kernel. `packed` and `scratch`
// as for convolutions.
namespace tenon::kernel {
namespace neon {

/// Where no window leaves the input, and vectors of channels are whole, the input is read where it stands.
[[nodiscard]] constexpr bool is_staged(const DepthwiseBlock& block) noexcept {
  return !inside(block.window.y) || !inside(block.window.x) || block.channels % 16 != 0;
}
[[nodiscard]] constexpr std::int32_t band_width(const DepthwiseBlock& block) noexcept {
  return covered(block.window.x, block.window.x.output);
}
[[nodiscard]] constexpr std::int32_t band_rows(const DepthwiseBlock& block) noexcept {
  return rows_of_band(block.window, std::ptrdiff_t{band_width(block)} * block.channels);
}
[[nodiscard]] constexpr std::size_t depthwise_tile_bytes(const DepthwiseBlock& block) noexcept {
  return sizeof(DepthwiseTile) + static_cast<std::size_t>(block.window.taps()) * tile_filters;
}

/// `Lowered`: bytes without a sign are taken 128 lower, and staged in any case.
template <bool Lowered, class X, class Y>
void depthwise_bands(const DepthwiseBlock& block, const X* x, const std::byte* packed, Y* y, std::byte* scratch) noexcept {
  const WindowAxis& wy = block.window.y;
  const WindowAxis& wx = block.window.x;
  const bool staged = is_staged(block) || Lowered;
  const std::int32_t at_once = band_rows(block);
  DepthwiseJob job;
  job.traits = block.finish;
  const std::ptrdiff_t row_bytes = std::ptrdiff_t{staged ? band_width(block) : wx.input} * block.channels;
  job.tap_step = std::ptrdiff_t{wx.dilation} * block.channels;
  job.tap_row_step = wy.dilation * row_bytes;
  job.kernel_height = wy.kernel;
  job.kernel_width = wx.kernel;
  job.row_step = wy.stride * row_bytes;
  job.pixel_step = std::ptrdiff_t{wx.stride} * block.channels;
  job.width = wx.output;
  job.y_step = block.channels;
  for (std::int32_t row = 0; row < wy.output; row += at_once) {
    job.rows = wy.output - row < at_once ? wy.output - row : at_once;
    const auto* band = reinterpret_cast<const std::byte*>(x) + std::ptrdiff_t{row} * wy.stride * row_bytes;
    if (staged) {
      const X* const none = nullptr;
      stage_band(ByteBand<Lowered>{}, block.window, block.channels, band_width(block), x, none, row, job.rows, scratch);
      band = scratch;
    }
    const std::byte* at = packed;
    for (std::int32_t c = 0; c < block.channels; c += tile_filters, at += depthwise_tile_bytes(block)) {
      const auto* tile = reinterpret_cast<const DepthwiseTile*>(at);
      job.constants = &tile->constants;
      job.channels = tile->channels;
      job.form = tile->form;
      job.pairs_fit = tile->pairs_fit;
      job.weights = reinterpret_cast<const std::int8_t*>(at + sizeof(DepthwiseTile));
      job.band = reinterpret_cast<const std::int8_t*>(band) + c;
      run_depthwise<Lowered>(job, y + std::ptrdiff_t{row} * wx.output * block.channels + c);
    }
  }
}

/// Bytes above 127 do not fit those with a sign.
template <class X, class Y>
[[gnu::always_inline]] inline void depthwise_any_input(const DepthwiseBlock& block, const X* x, const std::byte* packed, Y* y,
                                                       std::byte* scratch) noexcept {
  if (std::is_unsigned_v<X> && !block.non_negative) return depthwise_bands<true>(block, x, packed, y, scratch);
  depthwise_bands<false>(block, x, packed, y, scratch);
}

}  // namespace neon

[[nodiscard]] constexpr std::size_t packed_bytes(arch::neon, const DepthwiseBlock& block) noexcept {
  return neon::depthwise_tile_bytes(block) * static_cast<std::size_t>(neon::ceiling(block.channels, neon::tile_filters));
}

/// Also for blocks that are not staged: their inputs may have no sign.
[[nodiscard]] constexpr std::size_t scratch_bytes(arch::neon, const DepthwiseBlock& block) noexcept {
  return neon::band_bytes(block.window, neon::band_rows(block), std::ptrdiff_t{neon::band_width(block)} * block.channels);
}

inline void pack(arch::neon, const DepthwiseBlock& block, const signed char* w, const ChannelFinish* channel_finish,
                 std::byte* packed) noexcept {
  for (std::int32_t c = 0; c < block.channels; c += neon::tile_filters, packed += neon::depthwise_tile_bytes(block)) {
    neon::pack_depthwise(block, w, channel_finish, c, packed);
  }
}

template <class X, class Y>
void depthwise_conv2d_block(arch::neon, const DepthwiseBlock& block, const X* x, const std::byte* packed, Y* y,
                            std::byte* scratch) noexcept {
  neon::depthwise_any_input(block, x, packed, y, scratch);
}

/// The same for a block that is a constant.
template <DepthwiseBlock Block, class X, class Y>
void depthwise_conv2d_block(arch::neon, const X* x, const std::byte* packed, Y* y, std::byte* scratch) noexcept {
  neon::depthwise_any_input(Block, x, packed, y, scratch);
}

}  // namespace tenon::kernel
#endif
