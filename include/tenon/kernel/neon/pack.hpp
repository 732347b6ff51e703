// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/neon/plan.hpp>

// Weights and constants in the order in which the tiles read them.
namespace tenon::kernel::neon {

/// Weights shifted left do not fit a byte: the digit of base 256 that is nearest to zero, and what is left above it.
[[nodiscard]] constexpr std::int32_t low_digit(std::int32_t v) noexcept {
  return static_cast<std::int8_t>(static_cast<std::uint8_t>(v & 0xFF));
}
[[nodiscard]] constexpr std::int32_t high_digit(std::int32_t v) noexcept { return (v - low_digit(v)) / 256; }

/// Granules that are multiplied in one go, in every run; the sums are shifted left before.
struct Segment {
  std::int32_t shift = 0;
  std::int32_t first = 0;
  std::int32_t count = 0;
  std::int32_t level = 0;  ///< the shift that it is for; with digits the smallest one
};

/// What a tile multiplies: from the largest shift of inputs down, a segment for each; or two digits of all weights.
struct Program {
  Segment segments[most_levels];
  std::int32_t count = 0;
  std::int32_t last_shift = 0;  ///< after the last segment
  bool digits = false;

  constexpr void add(Segment segment) noexcept { segments[count++] = segment; }
  [[nodiscard]] constexpr std::int32_t granules() const noexcept {
    std::int32_t sum = 0;
    for (std::int32_t i = 0; i < count; ++i) sum += segments[i].count;
    return sum;
  }
};

/// The shifts of the sums for each shift of an input; the band does the difference.
struct Levels {
  std::int32_t of[most_levels] = {};
  [[nodiscard]] static constexpr Levels same() noexcept { return {{0, 1, 2, 3, 4, 5, 6, 7, 8}}; }
  [[nodiscard]] constexpr std::int32_t operator[](std::uint8_t shift) const noexcept { return of[shift]; }
};

/// `shifts` of all channels.
[[nodiscard]] constexpr Levels levels_of(const ConvBlock& block, ProductTraits traits, const std::uint8_t* shifts) noexcept {
  bool used[most_levels] = {};
  for (std::int32_t c = 0; c < block.channels; ++c) used[shifts[c]] = true;
  Levels levels;
  bool lifted = false;
  for (std::int32_t s = 0; s < most_levels; ++s) {
    lifted = lifts_inputs(block, traits) && s > 0 && used[s - 1] && !lifted;
    levels.of[s] = lifted ? s - 1 : s;
  }
  return levels;
}

/// The cheaper of the two ways. Costs in instructions for a tile of 16 sums: products and loads of a granule, a change of shift.
/// `shifts` of the inputs of a run.
[[nodiscard]] constexpr Program program_of(const MatmulPlan& plan, const std::uint8_t* shifts, const Levels& levels) noexcept {
  Program by_shift;
  if (shifts == nullptr) {
    by_shift.add({0, 0, plan.granules, 0});
    return by_shift;
  }
  const std::int32_t granule = plan.traits.granule;
  std::int32_t last_level = -1;
  for (std::int32_t level = most_levels - 1; level >= 0; --level) {
    std::int32_t first = -1;
    std::int32_t last = -1;
    for (std::int32_t c = 0; c < plan.run; ++c) {
      if (levels[shifts[c]] != level) continue;
      if (first < 0) first = c / granule;
      last = c / granule;
    }
    if (first < 0) continue;
    by_shift.add({last_level < 0 ? 0 : last_level - level, first, last - first + 1, level});
    last_level = level;
  }
  by_shift.last_shift = last_level;
  std::int32_t first = plan.granules;
  std::int32_t last = -1;
  for (std::int32_t c = 0; c < plan.run; ++c) {
    if (levels[shifts[c]] == last_level) continue;
    if (first > c / granule) first = c / granule;
    last = c / granule;
  }
  if (last < 0) return by_shift;  // all shifts are the same
  Program digits;
  digits.digits = true;
  digits.add({0, first, last - first + 1, last_level});
  digits.add({8, 0, plan.granules, last_level});
  digits.last_shift = last_level;
  const std::int32_t of_granule = 5 * granule;
  const std::int32_t of_change = 28;
  const std::int32_t saved = (by_shift.granules() - digits.granules()) * of_granule * plan.runs;
  // There is room for one of them at least.
  if (digits.granules() > plan.most_granules) return by_shift;
  const bool fits = by_shift.granules() <= plan.most_granules;
  return fits && saved + (by_shift.count - digits.count) * of_change <= 0 ? by_shift : digits;
}

/// Constants of one filter whose sums begin at zero and reach `largest`.
struct FilterFinish {
  FinishForm form = FinishForm::general;
  std::int32_t start = 0;
  std::int32_t scale = 0;
};

/// (sum m + b m + 2^(shift - 1)) >> shift is the rounded product of sum + b and the fraction m / 2^shift. The bias plus a sum is
/// less than half of what 32 bits hold, since m times it is not more than they hold and m is 2 at least.
[[nodiscard]] constexpr FilterFinish filter_finish(const FinishTraits& traits, const ChannelFinish& channel) noexcept {
  if (traits.raw) return {FinishForm::raw, channel.offset, 0};
  const std::int64_t m = channel.multiplier;
  const std::int64_t half = channel.shift > 0 ? std::int64_t{1} << (channel.shift - 1) : 0;
  const bool is_fraction = m >= 2 && channel.shift > 0 && m < std::int64_t{1} << channel.shift;
  if (traits.limit_bits < 31 || !is_fraction || (channel.offset - half) % m != 0)
    return {FinishForm::general, 0, channel.multiplier};
  return {FinishForm::rounded, static_cast<std::int32_t>((channel.offset - half) / m),
          static_cast<std::int32_t>(m << (31 - channel.shift))};
}

/// Weights of `block` from the row of a filter.
struct WeightRows {
  const ConvBlock& block;
  const signed char* weights;
  std::size_t row_size;

  [[nodiscard]] std::int32_t at(std::int32_t filter, std::int64_t i) const noexcept {
    return weight_at(weights + static_cast<std::size_t>(filter) * row_size, i, block.weight_bits);
  }
};

/// The sums start with the biases if those of all filters of a tile can; the others take the general way together.
[[nodiscard]] inline FinishForm pack_finish(const FinishTraits& traits, const ChannelFinish* channels, std::int32_t count,
                                            TileConstants& to) noexcept {
  FinishForm form = traits.raw ? FinishForm::raw : FinishForm::rounded;
  for (std::int32_t f = 0; f < count; ++f) {
    if (filter_finish(traits, channels[f]).form == FinishForm::general) form = FinishForm::general;
  }
  for (std::int32_t f = 0; f < count; ++f) {
    const FilterFinish filter = filter_finish(traits, channels[f]);
    to.start[f] = form == FinishForm::general ? 0 : filter.start;
    to.scale[f] = form == FinishForm::general ? channels[f].multiplier : filter.scale;
    to.offset[f] = channels[f].offset;
    to.shift[f] = -std::int32_t{channels[f].shift};
    to.high[f] = traits.channel_high ? channels[f].high : traits.high;
  }
  return form;
}

/// What inputs of the band that are taken 128 lower miss in the sums. It may go beyond 32 bits, as those sums may.
inline void pack_corrections(const ConvBlock& block, const WeightRows& rows, const std::uint8_t* shifts, const Levels& levels,
                             std::int32_t first, std::int32_t count, TileConstants& to) noexcept {
  const std::int32_t depth = block.channels / block.groups;
  for (std::int32_t f = 0; f < count; ++f) {
    std::uint32_t sum = 0;
    for (std::int64_t i = 0; i < block.row_weights(); ++i) {
      const std::int32_t shift = shifts == nullptr ? 0 : levels[shifts[i % depth]];
      sum += static_cast<std::uint32_t>(rows.at(first + f, i) * (std::int32_t{128} << shift));
    }
    to.correction[f] = static_cast<std::int32_t>(sum);
  }
}

/// Products say where the weight of a filter and an input stands in the weights of a granule.
template <class Products>
void pack_weights(const WeightRows& rows, const MatmulPlan& plan, const Program& program, const TileHeader& header,
                  const std::uint8_t* shifts, const Levels& levels, std::int32_t first, std::byte* to) noexcept {
  constexpr std::int32_t granule = Products::traits.granule;
  const std::size_t bytes = static_cast<std::size_t>(granule * header.vectors * 4 * Products::traits.element);
  for (std::int32_t s = 0; s < program.count; ++s) {
    const Segment& segment = program.segments[s];
    for (std::int32_t run = 0; run < plan.runs; ++run) {
      for (std::int32_t g = segment.first; g < segment.first + segment.count; ++g, to += bytes) {
        std::memset(to, 0, bytes);
        for (std::int32_t i = 0; i < granule && g * granule + i < plan.run; ++i) {
          const std::int32_t input = g * granule + i;
          const std::int32_t above = shifts == nullptr ? 0 : levels[shifts[input]] - segment.level;
          if (above != 0 && !program.digits) continue;
          for (std::int32_t f = 0; f < header.filters; ++f) {
            std::int32_t v = rows.at(first + f, std::int64_t{run} * plan.run + input);
            if (program.digits) {
              v *= std::int32_t{1} << above;
              v = s == 0 ? high_digit(v) : low_digit(v);
            }
            const auto weight = static_cast<typename Products::Weight>(v);
            const auto place = static_cast<std::size_t>(Products::place(header.vectors, f, i));
            std::memcpy(to + place * sizeof weight, &weight, sizeof weight);
          }
        }
      }
    }
  }
}

/// The items of a program, in the order of the packed weights.
inline void pack_items(const ConvBlock& block, const MatmulPlan& plan, const Program& program, std::byte* to) noexcept {
  const WindowAxis& wx = block.window.x;
  const std::int32_t taps = plan.runs / block.window.y.kernel;  // of a kernel row that are runs of their own
  GroupHeader header;
  std::byte* next = to + sizeof header;
  const auto add = [&](std::ptrdiff_t offset, std::int32_t shift, std::int32_t granules, std::int32_t more) {
    const Item item{static_cast<std::int32_t>(offset), static_cast<std::uint8_t>(shift), static_cast<std::uint8_t>(granules),
                    static_cast<std::uint16_t>(more)};
    std::memcpy(next, &item, sizeof item);
    next += sizeof item;
    ++header.items;
    if (shift != 0) header.shifts = 1;
  };
  const std::int32_t together = plan.traits.together;
  for (std::int32_t s = 0; s < program.count; ++s) {
    const Segment& segment = program.segments[s];
    std::int32_t shift = segment.shift;
    for (std::int32_t run = 0; run < plan.runs; ++run) {
      const std::ptrdiff_t start =
          run / taps * block.window.y.dilation * plan.row_bytes + run % taps * wx.dilation * plan.pixel_bytes;
      for (std::int32_t g = 0; g < segment.count; g += together) {
        const std::int32_t left = segment.count - g;
        const std::int32_t more = left < together ? 0 : left / together - 1;
        add(start + (segment.first + g) * plan.traits.granule * plan.traits.element, shift, left < together ? left : together,
            more > 65535 ? 65535 : more);
        shift = 0;
      }
    }
  }
  if (program.last_shift != 0) add(0, program.last_shift, 0, 0);
  std::memcpy(to, &header, sizeof header);
}

/// `shifts` may be null where the block is not shifted.
template <class Products>
void pack_matmul(const ConvBlock& block, const MatmulPlan& plan, const signed char* w, const std::uint8_t* shifts,
                 const ChannelFinish* channels, std::byte* packed) noexcept {
  const PackedLayout layout = PackedLayout::of(block, plan);
  const bool sums_shift = block.shifted && !plan.traits.shifts_inputs;
  const Levels levels = sums_shift ? levels_of(block, plan.traits, shifts) : Levels{};
  for (std::int32_t c = 0; block.shifted && c < block.channels; ++c)
    packed[c] = static_cast<std::byte>(shifts[c] - levels[shifts[c]]);
  const WeightRows rows{block, w, row_bytes(block.row_weights(), block.weight_bits)};
  const std::int32_t width = block.filters / block.groups;
  packed += layout.groups;
  for (std::int32_t group = 0; group < block.groups; ++group, packed += layout.group_bytes) {
    const std::uint8_t* group_shifts = block.shifted ? shifts + group * (block.channels / block.groups) : nullptr;
    const std::uint8_t* program_shifts = sums_shift ? group_shifts : nullptr;
    const Program program = program_of(plan, program_shifts, levels);
    pack_items(block, plan, program, packed);
    std::byte* to = packed + layout.tiles;
    for (std::int32_t first = 0; first < width; first += tile_filters, to += layout.tile_bytes) {
      TileHeader header;
      TileConstants constants;
      header.filters = width - first < tile_filters ? width - first : tile_filters;
      header.vectors = header.filters <= tile_filters / 2 ? 2 : 4;
      header.form = pack_finish(block.finish, channels + group * width + first, header.filters, constants);
      pack_corrections(block, rows, group_shifts, sums_shift ? levels : Levels::same(), group * width + first, header.filters,
                       constants);
      std::memcpy(to, &header, sizeof header);
      std::memcpy(to + layout.constants, &constants, sizeof constants);
      pack_weights<Products>(rows, plan, program, header, program_shifts, levels, group * width + first, to + layout.weights);
    }
  }
}

}  // namespace tenon::kernel::neon
