// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/matmul_pack.hpp>
#include <tenon/kernel/x86/matmul_plan.hpp>

// A convolution (a dense layer is one of 1x1) as products of matrix tiles: 16 places by 64 bytes of
// inputs, times 64 by 16 filters. Places are a constant step apart, over the end of an output row
// where the step allows it: what is computed there is dropped. Steps of the sum take equal parts of
// the inputs that follow each other, so that no tile reads beyond them.
namespace tenon::kernel::x86 {

inline constexpr std::int32_t amx_places = 16;
inline constexpr std::int32_t amx_filters = 16;

struct AmxPlan {
  bool used = false;        ///< tiles are faster than vectors here
  MatmulPlan band{};        ///< how the inputs stand
  std::int32_t chunk = 64;  ///< inputs of a step
  std::int32_t steps = 1;
  std::int32_t pairs = 1;  ///< of 16 filters
  std::int32_t pitch =
      1;  ///< places from an output row to the next, or its width: rows are done one by one
  bool by_row = false;
};

/// Inputs of a step: the largest part of `run` that has whole lanes of four and fits a row of a
/// tile.
[[nodiscard]] constexpr std::int32_t amx_chunk(std::int32_t run) noexcept {
  for (std::int32_t chunk = 64; chunk >= 4; chunk -= 4) {
    if (run % chunk == 0) return chunk;
  }
  return 0;
}

[[nodiscard]] constexpr AmxPlan amx_plan_of(const ConvBlock& block) noexcept {
  AmxPlan plan;
  if (block.shifted || block.groups != 1) return plan;
  const WindowAxis& wy = block.window.y;
  const WindowAxis& wx = block.window.x;
  ConvBlock bytes = block;  // tiles multiply bytes of either sign as they are
  bytes.non_negative = true;
  plan.band = plan_of(bytes, Dot::zmm);
  plan.chunk = amx_chunk(plan.band.run);
  if (plan.chunk == 0 || plan.band.products != Products::dot || wx.output < 1 || wy.output < 1)
    return plan;
  plan.steps = plan.band.runs * (plan.band.run / plan.chunk);
  plan.pairs = ceiling(block.filters, 2 * amx_filters);
  const std::ptrdiff_t step = wx.stride * plan.band.pixel_bytes;
  const std::ptrdiff_t row_step = wy.stride * plan.band.row_bytes;
  const std::int32_t tiled = ceiling(wx.output, amx_places) * amx_places;
  plan.by_row = row_step % step != 0 || (wx.output >= amx_places && row_step / step >= tiled);
  plan.pitch = plan.by_row ? wx.output : static_cast<std::int32_t>(row_step / step);
  const std::int32_t rows = plan.by_row ? 1 : plan.band.band_rows;
  if ((rows - 1) * plan.pitch + wx.output < amx_places) return plan;
  // Cycles: a product of tiles takes 16 (3,780 GMAC/s); some 40 for its way through memory and 200
  // for a block are estimates. Vectors make 128 products in each.
  const std::int64_t filter_tiles = ceiling(block.filters, amx_filters);
  const std::int64_t places = std::int64_t{wy.output} * (plan.by_row ? tiled : plan.pitch);
  const std::int64_t with_tiles = places * filter_tiles * (16 * plan.steps + 40) / amx_places + 200;
  const std::int64_t with_vectors =
      std::int64_t{wy.output} * wx.output * filter_tiles * block.row_weights() / 8;
  plan.used = with_tiles < with_vectors;
  return plan;
}

inline constexpr std::size_t amx_plan_bytes = to_cache_line(sizeof(AmxPlan));

/// Where the parts of two tiles of filters stand.
struct AmxLayout {
  std::size_t offsets = 0;  ///< of the steps, before all pairs
  std::size_t weights = 0;  ///< in a pair, behind its TileFinish
  std::size_t tile = 0;     ///< bytes of the weights of a step of one tile
  std::size_t pair = 0;     ///< bytes of a pair
};

[[nodiscard]] constexpr AmxLayout amx_layout_of(const AmxPlan& plan) noexcept {
  AmxLayout layout;
  layout.offsets = to_cache_line(sizeof(std::int32_t) * static_cast<std::size_t>(plan.steps));
  layout.weights = to_cache_line(sizeof(TileFinish));
  layout.tile = static_cast<std::size_t>(plan.chunk) * amx_filters;
  layout.pair = layout.weights + 2 * layout.tile * static_cast<std::size_t>(plan.steps);
  return layout;
}

[[nodiscard]] constexpr std::size_t amx_packed_bytes(const AmxPlan& plan) noexcept {
  const AmxLayout layout = amx_layout_of(plan);
  return amx_plan_bytes + layout.offsets + layout.pair * static_cast<std::size_t>(plan.pairs);
}

/// The weights of one step for 16 filters from `first` on: four inputs of each, filter by filter.
inline void pack_amx_step(const ConvBlock& block, const AmxPlan& plan, std::int32_t step,
                          std::int32_t first, const signed char* w, signed char* to) noexcept {
  const std::size_t row_size = row_bytes(block.row_weights(), block.weight_bits);
  for (std::int32_t k = 0; k < plan.chunk; ++k) {
    for (std::int32_t f = 0; f < amx_filters; ++f) {
      const std::int32_t filter = first + f;
      const std::int32_t weight =
          filter < block.filters ? weight_at(w + static_cast<std::size_t>(filter) * row_size,
                                             std::int64_t{step} * plan.chunk + k, block.weight_bits)
                                 : 0;
      to[(k / 4 * amx_filters + f) * 4 + k % 4] = static_cast<signed char>(weight);
    }
  }
}

inline void pack_amx(const ConvBlock& block, const AmxPlan& plan, const signed char* w,
                     const ChannelFinish* channels, std::byte* packed) noexcept {
  const AmxLayout layout = amx_layout_of(plan);
  std::memcpy(packed, &plan, sizeof plan);
  packed += amx_plan_bytes;
  const std::int32_t taps =
      plan.band.runs / block.window.y.kernel;  // of a kernel row that are runs of their own
  const std::int32_t chunks = plan.band.run / plan.chunk;
  for (std::int32_t s = 0; s < plan.steps; ++s) {
    const std::int32_t run = s / chunks;
    const auto offset = static_cast<std::int32_t>(
        std::ptrdiff_t{run / taps} * block.window.y.dilation * plan.band.row_bytes +
        std::ptrdiff_t{run % taps} * block.window.x.dilation * plan.band.pixel_bytes +
        s % chunks * plan.chunk);
    std::memcpy(packed + static_cast<std::size_t>(s) * sizeof offset, &offset, sizeof offset);
  }
  packed += layout.offsets;
  for (std::int32_t pair = 0; pair < plan.pairs; ++pair, packed += layout.pair) {
    const std::int32_t first = pair * 2 * amx_filters;
    const std::int32_t filters = std::min(2 * amx_filters, block.filters - first);
    const TileFinish finish = tile_finish(block.finish, channels + first, filters,
                                          filters <= amx_filters ? amx_filters : 2 * amx_filters);
    std::memcpy(packed, &finish, sizeof finish);
    auto* to = reinterpret_cast<signed char*>(packed + layout.weights);
    for (std::int32_t s = 0; s < plan.steps; ++s) {
      for (std::int32_t t = 0; t < 2; ++t, to += layout.tile)
        pack_amx_step(block, plan, s, first + t * amx_filters, w, to);
    }
  }
}

}  // namespace tenon::kernel::x86
