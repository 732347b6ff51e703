// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/depthwise_plan.hpp>
#include <tenon/kernel/x86/depthwise_six_taps.hpp>
#include <tenon/kernel/x86/depthwise_stage.hpp>
#include <tenon/kernel/x86/depthwise_sums.hpp>
#include <tenon/kernel/x86/depthwise_zmm.hpp>
#include <tenon/kernel/x86/stage.hpp>
#include <type_traits>
#include <utility>

// Depthwise convolution, bias, ReLU and output quantizer of DepthwiseBlock, equal to the reference
// kernel. Weights are packed once, by `pack`; `packed` and `scratch` are aligned to 64 bytes.
// Nothing is read or written outside of the arrays.
namespace tenon::kernel {

[[nodiscard]] constexpr std::size_t packed_bytes(arch::avx2, const DepthwiseBlock& block) noexcept {
  const x86::DepthwisePlan plan = x86::plan_of(block);
  return x86::depthwise_plan_bytes +
         x86::layout_of(plan).bytes * static_cast<std::size_t>(plan.blocks * plan.parities);
}

[[nodiscard]] constexpr std::size_t scratch_bytes(arch::avx2,
                                                  const DepthwiseBlock& block) noexcept {
  const x86::DepthwisePlan plan = x86::plan_of(block);
  const std::int32_t rows = plan.band_height(block.window.y, plan.band_rows);
  return x86::to_cache_line(static_cast<std::size_t>(x86::ceiling(rows, 2) + 1) *
                            static_cast<std::size_t>(plan.pair_bytes)) +
         x86::band_slack;
}

inline void pack(arch::avx2, const DepthwiseBlock& block, const signed char* w,
                 const ChannelFinish* channel_finish, std::byte* packed) noexcept {
  x86::pack_depthwise(block, w, channel_finish, packed);
}

namespace x86 {

template <bool Bytes, class X, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void depthwise_rows(
    const DepthwiseBlock& block, const DepthwisePlan& plan, const X* x, const std::byte* packed,
    Y* y, std::byte* scratch) noexcept {
  const DepthwiseLayout layout = layout_of(plan);
  const WindowAxis& wy = block.window.y;
  const std::int32_t width = block.window.x.output;
  const bool several = plan.channels < depthwise_lanes;  // pixels in a block of lanes
  const std::int32_t pixels = several ? depthwise_lanes / plan.channels : 1;
  const bool whole =
      plan.channels == block.channels && width * plan.channels % depthwise_lanes == 0;
  const bool six = whole && tile_at(packed, layout).header.taps == 6 && !block.finish.raw;
  const std::ptrdiff_t y_row = std::ptrdiff_t{width} * block.channels;
  for (std::int32_t row = 0; row < wy.output; row += plan.band_rows) {
    const std::int32_t band = std::min(plan.band_rows, wy.output - row);
    stage_pairs<Bytes>(block, plan, x, row, band, scratch);
    // Rows that begin in the same place of a pair have the same weights.
    const std::byte* at = packed;
    for (std::int32_t first = 0; first < std::min(band, plan.parities); ++first) {
      DepthwiseRows rows{ceiling(band - first, plan.parities),
                         plan.parities * wy.stride / 2 * plan.pair_bytes,
                         plan.parities * y_row,
                         plan.positions,
                         plan.position_bytes,
                         std::ptrdiff_t{block.channels} * pixels,
                         0,
                         {}};
      if (width == 1 && !several) {  // one wide: down the column
        std::swap(rows.count, rows.positions);
        rows.x_position_step = rows.x_step;
        rows.y_position_step = rows.y_step;
      }
      const std::byte* const from = scratch + first * wy.stride / 2 * plan.pair_bytes;
      Y* const to = y + (row + first) * y_row;
      for (std::int32_t b = 0; b < plan.blocks; ++b, at += layout.bytes) {
        const std::int32_t used = std::min(depthwise_lanes, block.channels - b * depthwise_lanes);
        rows.target = {several ? depthwise_lanes : used, several ? plan.channels : used,
                       several ? block.channels : used};
        rows.last_lanes = several ? (width - (plan.positions - 1) * pixels) * plan.channels : used;
        const DepthwiseTile tile = tile_at(at, layout);
        const std::byte* const x_lanes = from + std::ptrdiff_t{b} * depthwise_lanes * plan.lane;
        Y* const y_lanes = to + b * depthwise_lanes;
        if constexpr (Bytes && std::is_same_v<Y, std::int8_t>) {
          if (six) {
            any_six_taps_rows(block.finish, tile, rows, x_lanes, y_lanes);
            continue;
          }
        }
        any_taps_rows<Bytes>(block.finish, tile, rows, x_lanes, y_lanes);
      }
    }
  }
}

template <class X, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void depthwise_any(
    const DepthwiseBlock& block, const DepthwisePlan& plan, const X* x, const std::byte* packed,
    Y* y, std::byte* scratch) noexcept {
  packed += depthwise_plan_bytes;
  if (plan.bytes) {
    depthwise_rows<true>(block, plan, x, packed, y, scratch);
  } else {
    depthwise_rows<false>(block, plan, x, packed, y, scratch);
  }
}

}  // namespace x86

template <class X, class Y>
[[gnu::target("avx2,fma")]] void depthwise_conv2d_block(arch::avx2, const DepthwiseBlock& block,
                                                        const X* x, const std::byte* packed, Y* y,
                                                        std::byte* scratch) noexcept {
  x86::DepthwisePlan plan;
  std::memcpy(&plan, packed, sizeof plan);
  x86::depthwise_any(block, plan, x, packed, y, scratch);
}

/// The same for a block that is a constant.
template <DepthwiseBlock Block, class X, class Y>
[[gnu::target("avx2,fma")]] void depthwise_conv2d_block(arch::avx2, const X* x,
                                                        const std::byte* packed, Y* y,
                                                        std::byte* scratch) noexcept {
  static constexpr x86::DepthwisePlan plan = x86::plan_of(Block);
  x86::depthwise_any(Block, plan, x, packed, y, scratch);
}

/// AVX512-VNNI and what is better has bands, constants and kernels of its own.
template <class A>
concept X86Zmm = std::derived_from<A, arch::avx512_vnni>;

template <X86Zmm Arch>
[[nodiscard]] constexpr std::size_t packed_bytes(Arch, const DepthwiseBlock& block) noexcept {
  const x86::QuadPlan plan = x86::quad_plan_of(block);
  return x86::quad_plan_bytes +
         x86::quad_layout_of(plan).bytes * static_cast<std::size_t>(plan.blocks * plan.parities);
}

template <X86Zmm Arch>
[[nodiscard]] constexpr std::size_t scratch_bytes(Arch, const DepthwiseBlock& block) noexcept {
  const x86::QuadPlan plan = x86::quad_plan_of(block);
  const std::int32_t quads = x86::ceiling(plan.band_height(block.window.y, plan.band_rows), 2);
  // The last lanes of a row may lie behind it.
  return x86::to_cache_line(static_cast<std::size_t>(quads * plan.quad_bytes)) + 64;
}

template <X86Zmm Arch>
void pack(Arch, const DepthwiseBlock& block, const signed char* w,
          const ChannelFinish* channel_finish, std::byte* packed) noexcept {
  x86::pack_quads(block, w, channel_finish, packed);
}

template <X86Zmm Arch, class X, class Y>
void depthwise_conv2d_block(Arch, const DepthwiseBlock& block, const X* x, const std::byte* packed,
                            Y* y, std::byte* scratch) noexcept {
  x86::QuadPlan plan;
  std::memcpy(&plan, packed, sizeof plan);
  x86::depthwise_zmm<x86::DotsOf<Arch>>(block, plan, x, packed, y, scratch);
}

template <DepthwiseBlock Block, X86Zmm Arch, class X, class Y>
void depthwise_conv2d_block(Arch, const X* x, const std::byte* packed, Y* y,
                            std::byte* scratch) noexcept {
  static constexpr x86::QuadPlan plan = x86::quad_plan_of(Block);
  x86::depthwise_zmm<x86::DotsOf<Arch>>(Block, plan, x, packed, y, scratch);
}

}  // namespace tenon::kernel
#endif
