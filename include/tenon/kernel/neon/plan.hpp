// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>

// How a convolution (a dense layer is one of 1x1) becomes sums of products without a copy for each window: under the window of an
// output lie `runs` pieces of inputs that follow each other in memory, at the same offsets for all outputs, because borders are
// written out in a band: the input rows under some output rows, copied with their padding. Where no window leaves the input and
// nothing has to be widened, the input itself is the band.
namespace tenon::kernel::neon {

/// Filters of a tile: four vectors of sums for a pixel. The last tile has half of them where that is enough.
inline constexpr std::int32_t tile_filters = 16;

/// What the sums of a tile are made from.
struct ProductTraits {
  std::int32_t granule = 4;   ///< inputs that are multiplied at a time
  std::int32_t together = 4;  ///< granules that are read at once where there are as many
  std::int32_t element = 1;   ///< bytes of an input in the band
  /// Shifted inputs are shifted in the band; otherwise sums are, between products of inputs of different shifts.
  bool shifts_inputs = false;
};

struct MatmulPlan {
  ProductTraits traits{};
  bool staged = false;
  std::int32_t run = 1;            ///< inputs of a run
  std::int32_t runs = 1;           ///< under a window
  std::int32_t granules = 1;       ///< of a run, the last filled up with weights of 0
  std::int32_t most_granules = 1;  ///< the products of a run, with those that different shifts add
  std::int32_t tiles = 1;          ///< in each group
  std::int32_t band_rows = 1;      ///< output rows from one band
  std::int32_t band_width = 1;     ///< pixels of a row of the band
  std::ptrdiff_t row_bytes = 0;    ///< from a row of the band to the next
  std::ptrdiff_t pixel_bytes = 0;
};

[[nodiscard]] constexpr std::int32_t ceiling(std::int32_t a, std::int32_t b) noexcept { return (a + b - 1) / b; }
[[nodiscard]] constexpr std::size_t to_vector(std::size_t bytes) noexcept { return (bytes + 15) / 16 * 16; }

/// Inputs under the windows of `outputs` outputs in a row.
[[nodiscard]] constexpr std::int32_t covered(const WindowAxis& axis, std::int32_t outputs) noexcept {
  return (outputs - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
}
[[nodiscard]] constexpr bool inside(const WindowAxis& axis) noexcept {
  return axis.before == 0 && covered(axis, axis.output) <= axis.input;
}

/// Output rows from one band: it should stay in the first cache, but the weights go through that once for each band.
[[nodiscard]] constexpr std::int32_t rows_of_band(const Window2D& window, std::ptrdiff_t row_bytes) noexcept {
  constexpr std::ptrdiff_t band_bytes = 12 * 1024;
  constexpr std::int32_t band_pixels = 64;
  const auto rows_in_cache = static_cast<std::int32_t>(band_bytes / (row_bytes < 1 ? 1 : row_bytes));
  const WindowAxis& y = window.y;
  const std::int32_t by_cache = (rows_in_cache - (y.kernel - 1) * y.dilation - 1) / y.stride + 1;
  const std::int32_t by_pixels = ceiling(band_pixels, window.x.output < 1 ? 1 : window.x.output);
  const std::int32_t rows = by_cache > by_pixels ? by_cache : by_pixels;
  return rows > y.output ? y.output : rows;
}

/// Padding values are not shifted: shifted sums cannot make up for that, shifted inputs can.
[[nodiscard]] constexpr bool needs_shifted_inputs(const ConvBlock& block) noexcept {
  return block.shifted && block.has_padding_value;
}

/// Bytes of 0 to 127 have room for a shift by one bit in the band, which leaves half as many shifts to the sums. Such bytes have
/// no sign.
[[nodiscard]] constexpr bool lifts_inputs(const ConvBlock& block, ProductTraits traits) noexcept {
  return block.shifted && block.non_negative && !traits.shifts_inputs;
}

[[nodiscard]] constexpr MatmulPlan plan_of(const ConvBlock& block, ProductTraits traits) noexcept {
  MatmulPlan plan;
  plan.traits = traits;
  const WindowAxis& wy = block.window.y;
  const WindowAxis& wx = block.window.x;
  const std::int32_t depth = block.channels / block.groups;
  const bool by_taps = block.shifted && !traits.shifts_inputs;
  const bool whole_rows = block.groups == 1 && (wx.dilation == 1 || wx.kernel == 1) && !by_taps;
  plan.run = whole_rows ? wx.kernel * depth : depth;
  plan.runs = whole_rows ? wy.kernel : wy.kernel * wx.kernel;
  plan.granules = ceiling(plan.run, traits.granule);
  plan.most_granules = plan.granules;
  if (by_taps) {
    // Two digits of each weight, or once more wherever shifts change, which they do eight times at most if they are sorted.
    constexpr std::int32_t most_changes = 8;
    const std::int32_t sorted = plan.granules + most_changes;
    const std::int32_t digits = 2 * plan.granules;
    plan.most_granules = block.grouped_by_shift && sorted < digits ? sorted : digits;
  }
  plan.tiles = ceiling(block.filters / block.groups, tile_filters);
  plan.staged = traits.element > 1 || lifts_inputs(block, traits) || !inside(wy) || !inside(wx) || plan.run % traits.granule != 0;
  plan.band_width = plan.staged ? covered(wx, wx.output) : wx.input;
  plan.pixel_bytes = std::ptrdiff_t{block.channels} * traits.element;
  plan.row_bytes = plan.band_width * plan.pixel_bytes;
  plan.band_rows = plan.staged ? rows_of_band(block.window, plan.row_bytes) : wy.output;
  return plan;
}

/// What a tile multiplies next: granules that follow each other, `together` of them at most. Its sums are shifted left before.
/// One flat list: in nested loops compilers move sums from register to register.
struct Item {
  std::int32_t offset = 0;  ///< of the inputs, in bytes
  std::uint8_t shift = 0;
  std::uint8_t granules = 0;
  std::uint16_t more = 0;  ///< items behind this one continue it, for those who have few sums
};

/// Shifts of inputs are 0 to 8.
inline constexpr std::int32_t most_levels = 9;

/// How the sums of a tile become outputs.
enum class FinishForm : std::int32_t {
  raw,      ///< the sums contain the offsets
  rounded,  ///< the sums contain the biases: their product with a fraction, rounded, is the output
  general,
};

/// In front of the weights of a tile.
struct TileHeader {
  std::int32_t filters = 0;
  std::int32_t vectors = 4;  ///< of four filters each
  FinishForm form = FinishForm::general;
  std::int32_t unused = 0;
};

/// In front of the tiles of a group.
struct GroupHeader {
  std::int32_t items = 0;
  std::int32_t shifts = 0;  ///< sums: they begin at zero then, and the start is added at the end
  std::int32_t unused[2] = {};
};

/// The constants of the filters of a tile. Inputs without a sign that are taken 128 lower need `correction` besides `start`.
struct TileConstants {
  std::int32_t start[tile_filters] = {};
  std::int32_t correction[tile_filters] = {};
  std::int32_t scale[tile_filters] = {};  ///< of rounded sums, as a fraction of 2^31; otherwise the multiplier
  std::int32_t offset[tile_filters] = {};
  std::int32_t shift[tile_filters] = {};  ///< to the left
  std::int8_t high[tile_filters] = {};
};

/// Where the parts of the packed constants stand: shifts of the channels in the band, then the groups; in each its items and its
/// tiles.
struct PackedLayout {
  std::size_t groups = 0;
  std::size_t tiles = 0;  ///< in a group
  std::size_t group_bytes = 0;
  std::size_t constants = 0;  ///< in a tile
  std::size_t weights = 0;
  std::size_t tile_bytes = 0;

  [[nodiscard]] static constexpr PackedLayout of(const ConvBlock& block, const MatmulPlan& plan) noexcept {
    const bool changes = block.shifted && !plan.traits.shifts_inputs;
    // The granules of a segment are those of a run or fewer.
    const std::int32_t items = plan.runs * ceiling(plan.granules, plan.traits.together) * (changes ? most_levels : 1) + 1;
    PackedLayout layout;
    layout.groups = to_vector(block.shifted ? static_cast<std::size_t>(block.channels) : 0);
    layout.tiles = to_vector(sizeof(GroupHeader) + sizeof(Item) * static_cast<std::size_t>(items));
    layout.constants = sizeof(TileHeader);
    layout.weights = layout.constants + to_vector(sizeof(TileConstants));
    layout.tile_bytes = layout.weights + static_cast<std::size_t>(plan.runs * plan.most_granules) *
                                             static_cast<std::size_t>(plan.traits.granule * tile_filters * plan.traits.element);
    layout.group_bytes = layout.tiles + layout.tile_bytes * static_cast<std::size_t>(plan.tiles);
    return layout;
  }
};

}  // namespace tenon::kernel::neon
