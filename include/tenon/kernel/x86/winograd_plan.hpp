// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/matmul_pack.hpp>
#include <tenon/kernel/x86/matmul_plan.hpp>

// Convolutions of 3x3 by Winograd's minimal filtering: 2x2 outputs from 4x4 inputs take 16 products
// for each channel and filter, not 36. In integers it is exact: weights are transformed by
//   [2 0 0; 1 1 1; 1 -1 1; 0 0 2]
// along both axes, so sums are four times as large as they should be, and are divided at the end.
// Transformed weights have 11 bits, transformed inputs 10, so both are words.
namespace tenon::kernel::x86 {

inline constexpr std::int32_t winograd_side = 4;  ///< of the inputs of a square of outputs
inline constexpr std::int32_t winograd_places = winograd_side * winograd_side;
inline constexpr std::int32_t winograd_lanes = 16;    ///< channels that are transformed at a time
inline constexpr std::int32_t winograd_together = 6;  ///< squares whose sums registers hold

/// Weights take shifts of 4 bits, the inputs the others.
inline constexpr std::int32_t winograd_weight_shift = 4;

struct WinogradPlan {
  std::int32_t rows = 1;     ///< of squares
  std::int32_t columns = 1;  ///< of squares in a row
  std::int32_t band_rows = 1;
  MatmulPlan band;                  ///< where stage_band() finds the width of a band
  std::ptrdiff_t square_bytes = 0;  ///< of one place of a transformed square
  std::size_t band_bytes = 0;
  std::size_t transformed_bytes = 0;
  std::size_t sum_bytes = 0;

  [[nodiscard]] constexpr std::size_t scratch_bytes() const noexcept {
    return band_bytes + transformed_bytes + sum_bytes;
  }
};

[[nodiscard]] constexpr WinogradPlan winograd_plan_of(const ConvBlock& block) noexcept {
  WinogradPlan plan;
  plan.rows = ceiling(block.window.y.output, 2);
  plan.columns = ceiling(block.window.x.output, 2);
  plan.square_bytes = std::ptrdiff_t{block.channels} * 2;
  constexpr std::ptrdiff_t most = 32 * 1024;
  const std::ptrdiff_t row_bytes = winograd_places * plan.columns * plan.square_bytes;
  plan.band_rows =
      std::clamp(static_cast<std::int32_t>(most / row_bytes),
                 std::min(ceiling(winograd_together, plan.columns), plan.rows), plan.rows);
  plan.band.band_width = 2 * plan.columns + 2;
  plan.band_bytes = to_cache_line(static_cast<std::size_t>(2 * plan.band_rows + 2) *
                                  static_cast<std::size_t>(plan.band.band_width) *
                                  static_cast<std::size_t>(plan.square_bytes));
  plan.transformed_bytes = to_cache_line(static_cast<std::size_t>(plan.band_rows * row_bytes));
  plan.sum_bytes =
      std::size_t{winograd_places} * winograd_together * tile_filters * sizeof(std::int32_t);
  return plan;
}

/// In front of the packed tiles of filters.
struct WinogradHeader {
  bool scaled = false;  ///< inputs have multipliers
};

struct WinogradLayout {
  std::size_t multipliers = 0;  ///< of the channels, int16
  std::size_t tiles = 0;
  std::size_t tile_weights =
      0;  ///< in a tile: place by place, pair of channels by pair, two vectors of filters
  std::size_t tile_bytes = 0;
  std::size_t bytes = 0;
};

[[nodiscard]] constexpr WinogradLayout winograd_layout_of(const ConvBlock& block) noexcept {
  const auto channels = static_cast<std::size_t>(block.channels);
  WinogradLayout layout;
  layout.multipliers = to_cache_line(sizeof(WinogradHeader));
  layout.tiles = layout.multipliers + to_cache_line(channels * sizeof(std::int16_t));
  layout.tile_weights = to_cache_line(sizeof(TileFinish));
  layout.tile_bytes = layout.tile_weights +
                      std::size_t{winograd_places} * channels * tile_filters * sizeof(std::int16_t);
  layout.bytes = layout.tiles +
                 layout.tile_bytes * static_cast<std::size_t>(ceiling(block.filters, tile_filters));
  return layout;
}

/// Three weights become four.
constexpr void transform_weights(const std::int32_t (&g)[3], std::int32_t (&to)[4]) noexcept {
  to[0] = 2 * g[0];
  to[1] = g[0] + g[1] + g[2];
  to[2] = g[0] - g[1] + g[2];
  to[3] = 2 * g[2];
}

/// The weights of a filter and a channel, place by place.
[[nodiscard]] inline auto winograd_weights(const ConvBlock& block, const signed char* row,
                                           std::int32_t channel) noexcept {
  struct Square {
    std::int32_t at[winograd_side][winograd_side];
  } square;
  std::int32_t columns[3][winograd_side];  // by kernel column: transformed downwards
  for (std::int32_t x = 0; x < 3; ++x) {
    std::int32_t g[3];
    for (std::int32_t y = 0; y < 3; ++y)
      g[y] = weight_at(row, std::int64_t{y * 3 + x} * block.channels + channel, block.weight_bits);
    transform_weights(g, columns[x]);
  }
  for (std::int32_t y = 0; y < winograd_side; ++y)
    transform_weights({columns[0][y], columns[1][y], columns[2][y]}, square.at[y]);
  return square;
}

inline void pack_winograd(const ConvBlock& block, const signed char* w, const std::uint8_t* shifts,
                          const ChannelFinish* channels, std::byte* packed) noexcept {
  const WinogradLayout layout = winograd_layout_of(block);
  const auto shift_of_channel = [&](std::int32_t c) {
    return block.shifted ? std::int32_t{shifts[c]} : 0;
  };
  WinogradHeader header;
  for (std::int32_t c = 0; c < block.channels; ++c) {
    const std::int32_t rest = std::max(shift_of_channel(c) - winograd_weight_shift, 0);
    header.scaled = header.scaled || rest > 0;
    const auto multiplier = static_cast<std::int16_t>(1 << rest);
    std::memcpy(packed + layout.multipliers + 2 * static_cast<std::size_t>(c), &multiplier,
                sizeof multiplier);
  }
  std::memcpy(packed, &header, sizeof header);
  packed += layout.tiles;
  const std::size_t row_size = row_bytes(block.row_weights(), block.weight_bits);
  for (std::int32_t first = 0; first < block.filters;
       first += tile_filters, packed += layout.tile_bytes) {
    const std::int32_t filters = std::min(tile_filters, block.filters - first);
    const TileFinish finish = tile_finish(block.finish, channels + first, filters, tile_filters);
    std::memcpy(packed, &finish, sizeof finish);
    std::memset(packed + layout.tile_weights, 0, layout.tile_bytes - layout.tile_weights);
    for (std::int32_t f = 0; f < filters; ++f) {
      const signed char* row = w + static_cast<std::size_t>(first + f) * row_size;
      for (std::int32_t c = 0; c < block.channels; ++c) {
        const auto square = winograd_weights(block, row, c);
        const std::int32_t scale = 1 << std::min(shift_of_channel(c), winograd_weight_shift);
        for (std::int32_t place = 0; place < winograd_places; ++place) {
          const auto weight = static_cast<std::int16_t>(
              square.at[place / winograd_side][place % winograd_side] * scale);
          const std::int32_t at =
              ((place * block.channels + c - c % 2) * tile_filters + 2 * f) + c % 2;
          std::memcpy(packed + layout.tile_weights + sizeof weight * static_cast<std::size_t>(at),
                      &weight, sizeof weight);
        }
      }
    }
  }
}

}  // namespace tenon::kernel::x86
