// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>

// How a convolution (a dense layer is one of 1x1) becomes products of a matrix that is never
// written down: each output pixel has a base address, each step of the sum an offset from it. A
// step takes the 32 bits at base + offset, four bytes or two words of consecutive inputs, to all
// filters of a tile. Offsets are the same for all pixels because borders are written out in a band:
// the input rows of some output rows, copied with their padding.
namespace tenon::kernel::x86 {

/// Filters of a tile where vectors have 256 bits, and of the widest: of 512 bits, or for one
/// output.
inline constexpr std::int32_t tile_filters = 16;
inline constexpr std::int32_t most_tile_filters = 32;

/// Vectors whose lanes sum up products of four unsigned bytes and four weights with one
/// instruction.
enum class Dot : std::uint8_t { none, ymm, zmm };

/// What the steps multiply.
enum class Products : std::uint8_t {
  bytes,   ///< four of 0..127 by four weights
  words,   ///< two int16 by two weights that are shifted as the inputs should be
  narrow,  ///< two int16 by two weights of a byte each, where an image of words would be read once
  dot,     ///< four of 0..255 by four weights, summed up in 32 bits: inputs of either sign are 128
           ///< larger there
  winograd,  ///< words of transformed inputs by transformed weights, see winograd_plan.hpp
  slow,      ///< no vectors: the reference kernel
};

/// One shuffle of bytes brings so many channels into another order.
inline constexpr std::int32_t sorted_channels = 16;

struct MatmulPlan {
  Products products = Products::bytes;
  bool staged = false;  ///< the steps read a band in scratch memory, not the input itself
  bool sorted = false;  ///< in the band, 16 channels at a time stand in the order of their shifts
  std::int32_t element = 1;  ///< bytes of an input in the band
  std::int32_t run = 1;      ///< inputs that follow each other in memory and in a filter
  std::int32_t runs = 1;     ///< of them in a filter
  std::int32_t steps = 1;    ///< at most, in a filter
  std::int32_t tile = tile_filters;
  std::int32_t tiles = 1;          ///< in each group
  std::int32_t band_rows = 1;      ///< output rows from one band
  std::int32_t band_width = 1;     ///< pixels of a row of the band
  std::ptrdiff_t row_bytes = 0;    ///< from a row of the band to the next
  std::ptrdiff_t pixel_bytes = 0;  ///< from a pixel of the input to the next
};

[[nodiscard]] constexpr std::int32_t ceiling(std::int32_t a, std::int32_t b) noexcept {
  return (a + b - 1) / b;
}
[[nodiscard]] constexpr std::size_t to_cache_line(std::size_t bytes) noexcept {
  return (bytes + 63) / 64 * 64;
}

/// Inputs under the windows of `outputs` outputs in a row.
[[nodiscard]] constexpr std::int32_t covered(const WindowAxis& axis,
                                             std::int32_t outputs) noexcept {
  return (outputs - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
}
[[nodiscard]] constexpr bool inside(const WindowAxis& axis) noexcept {
  return axis.before == 0 && covered(axis, axis.output) <= axis.input;
}

/// Whether 2x2 outputs take less time from 16 products of words than from 36. With the transforms,
/// products of words take about 5/4 of their time; those of bytes take 2/3.
[[nodiscard]] constexpr bool winograd_pays(const ConvBlock& block, bool bytes) noexcept {
  const WindowAxis& wy = block.window.y;
  const WindowAxis& wx = block.window.x;
  const auto plain = [](const WindowAxis& axis) {
    return axis.kernel == 3 && axis.stride == 1 && axis.dilation == 1;
  };
  if (!plain(wy) || !plain(wx) || block.groups > 1 || block.has_padding_value) return false;
  if (!block.small_sums || block.channels % 16 != 0 || block.filters < 16) return false;
  const std::int64_t squares = std::int64_t{ceiling(wy.output, 2)} * ceiling(wx.output, 2);
  const std::int64_t direct = std::int64_t{9} * wy.output * wx.output;
  return 16 * squares * 5 / 4 < (bytes ? direct * 2 / 3 : direct);
}

[[nodiscard]] constexpr MatmulPlan plan_of(const ConvBlock& block, Dot dot = Dot::none) noexcept {
  MatmulPlan plan;
  const WindowAxis& wy = block.window.y;
  const WindowAxis& wx = block.window.x;
  const std::int32_t depth = block.channels / block.groups;
  // Padding values may be negative, and are not shifted: shifted weights cannot make up for that.
  const bool sortable = block.shifted && !block.grouped_by_shift && block.groups == 1 &&
                        block.channels % sorted_channels == 0;
  const bool few_shifts = !block.shifted || block.grouped_by_shift || sortable;
  const bool bytes = block.non_negative && !block.has_padding_value && few_shifts;
  if (block.shifted && block.has_padding_value) {
    plan.products = Products::slow;
  } else if (dot == Dot::none && winograd_pays(block, bytes)) {
    plan.products = Products::winograd;
  } else if (dot != Dot::none && few_shifts) {
    plan.products = Products::dot;
  } else {
    const bool once = wy.output == 1 && wx.output == 1 && !block.shifted;
    plan.products = bytes ? Products::bytes : once ? Products::narrow : Products::words;
  }
  const bool words = plan.products != Products::bytes && plan.products != Products::dot;
  const bool wide =
      plan.products == Products::narrow || (plan.products == Products::dot && dot == Dot::zmm);
  if (wide) plan.tile = most_tile_filters;
  plan.sorted = sortable && !words;
  plan.element = words ? 2 : 1;
  const bool whole_rows = block.groups == 1 && (wx.dilation == 1 || wx.kernel == 1);
  plan.run = whole_rows ? wx.kernel * depth : depth;
  plan.runs = whole_rows ? wy.kernel : wy.kernel * wx.kernel;
  const std::int32_t lane = words ? 2 : 4;
  plan.steps = ceiling(plan.run, lane);
  if (block.shifted && !words) {
    // Inputs of different shifts in a pair, or in the four of a dot product, take more steps;
    // shifts change nine times at most from one tap, or sorted channels, to the next.
    const std::int32_t at_borders =
        plan.steps + 9 * (plan.run / (plan.sorted ? sorted_channels : depth));
    const std::int32_t most = plan.steps * (plan.products == Products::dot ? 4 : 2);
    plan.steps = at_borders < most ? at_borders : most;
  }
  plan.steps *= plan.runs;
  plan.tiles = ceiling(block.filters / block.groups, plan.tile);
  plan.staged = words || !inside(wy) || !inside(wx) || plan.run % 4 != 0 || !block.non_negative ||
                plan.sorted;
  plan.band_width = plan.staged ? covered(wx, wx.output) : wx.input;
  plan.pixel_bytes = std::ptrdiff_t{block.channels} * plan.element;
  plan.row_bytes = plan.band_width * plan.pixel_bytes;
  // A band should stay in the first cache, but the weights go through it once for each band.
  constexpr std::ptrdiff_t band_bytes = 12 * 1024;
  constexpr std::int32_t band_pixels = 64;
  const auto rows_in_cache =
      static_cast<std::int32_t>(band_bytes / (plan.row_bytes < 1 ? 1 : plan.row_bytes));
  const std::int32_t by_cache = (rows_in_cache - (wy.kernel - 1) * wy.dilation - 1) / wy.stride + 1;
  const std::int32_t by_pixels = ceiling(band_pixels, wx.output < 1 ? 1 : wx.output);
  plan.band_rows = by_cache > by_pixels ? by_cache : by_pixels;
  if (plan.band_rows > wy.output) plan.band_rows = wy.output;
  return plan;
}

/// Steps that follow each other in the packed weights and are done alike: `width` of them are
/// summed up in 16 bits before the product with the multipliers of even and odd pairs of inputs,
/// two to the power of their shifts. Dot products have no multipliers: sums are shifted left by
/// `width` before such steps.
struct Run {
  std::int32_t width = 1;
  std::int32_t count = 0;  ///< of sums of `width` steps
};

/// In front of the packed tiles: a plan takes a dozen divisions, more than a small layer.
inline constexpr std::size_t plan_bytes = to_cache_line(sizeof(MatmulPlan));

/// The constants of a tile: as many of each as the widest tile has filters.
struct TileFinish {
  std::int32_t offset[most_tile_filters];
  std::int32_t multiplier[most_tile_filters];
  std::int32_t shift[most_tile_filters];
  std::int32_t correction[most_tile_filters];  ///< what inputs that are 128 larger add to the sums
  std::int8_t high[32];                        ///< repeated to fill a vector
};

/// Where the parts of a packed tile stand.
struct TileLayout {
  std::size_t runs = 0;
  std::size_t offsets = 0;
  std::size_t multipliers = 0;  ///< of each sum of bytes; of dot products for the packing only
  std::size_t weights = 0;
  std::size_t bytes = 0;
};

/// Bytes of the weights of one filter in a step.
[[nodiscard]] constexpr std::size_t step_weight_bytes(Products products) noexcept {
  return products == Products::narrow ? 2 : 4;
}

struct TileHeader {
  std::int32_t runs = 0;
  std::int32_t filters = 0;
};

[[nodiscard]] constexpr TileLayout layout_of(const MatmulPlan& plan) noexcept {
  const auto steps = static_cast<std::size_t>(plan.steps);
  const bool bytes = plan.products == Products::bytes || plan.products == Products::dot;
  TileLayout layout;
  layout.runs = to_cache_line(sizeof(TileHeader) + sizeof(TileFinish));
  layout.offsets = layout.runs + to_cache_line(sizeof(Run) * (bytes ? steps + 1 : 1));
  layout.multipliers = layout.offsets + to_cache_line(sizeof(std::int32_t) * steps);
  layout.weights = layout.multipliers + (bytes ? to_cache_line(sizeof(std::int32_t) * steps) : 0);
  layout.bytes = layout.weights + to_cache_line(step_weight_bytes(plan.products) *
                                                static_cast<std::size_t>(plan.tile) * steps);
  return layout;
}

/// The places that the channels of a sorted band come from, in front of the tiles.
[[nodiscard]] constexpr std::size_t order_bytes(const ConvBlock& block,
                                                const MatmulPlan& plan) noexcept {
  return plan.sorted ? to_cache_line(static_cast<std::size_t>(block.channels)) : 0;
}

[[nodiscard]] constexpr std::size_t raw_weight_bytes(const ConvBlock& block) noexcept {
  return to_cache_line(row_bytes(block.row_weights(), block.weight_bits) *
                       static_cast<std::size_t>(block.filters));
}

}  // namespace tenon::kernel::x86
