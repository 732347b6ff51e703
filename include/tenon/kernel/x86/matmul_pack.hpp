// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/x86/matmul_plan.hpp>

// Weights in the order in which the tiles read them.
namespace tenon::kernel::x86 {

/// Largest sum of weights of one sign whose products with 127 fit 16 bits: 127 * 258 = 32766.
inline constexpr std::int32_t most_weight_in_16_bits = 258;

/// The packed steps of one tile.
struct TileSteps {
  std::int32_t* offsets = nullptr;
  std::int32_t* multipliers = nullptr;
  signed char* weights = nullptr;
  std::int32_t bytes = 0;  ///< of weights in a step
  std::int32_t count = 0;

  [[nodiscard]] signed char* step(std::int32_t i) const noexcept {
    return weights + std::ptrdiff_t{i} * bytes;
  }
  void swap(std::int32_t a, std::int32_t b) const noexcept {
    if (a == b) return;
    std::swap(offsets[a], offsets[b]);
    if (multipliers != nullptr) std::swap(multipliers[a], multipliers[b]);
    std::swap_ranges(step(a), step(a) + bytes, step(b));
  }
};

/// Sums of weights that meet in one 16-bit element.
struct WeightSums {
  std::int32_t positive[2 * most_tile_filters] = {};
  std::int32_t negative[2 * most_tile_filters] = {};

  /// Adds a step if all sums stay in range.
  [[nodiscard]] bool add(const signed char* step, std::int32_t bytes) noexcept {
    for (std::int32_t i = 0; i < bytes; ++i) {
      const std::int32_t w = step[i];
      if ((w > 0 ? positive[i / 2] + w : negative[i / 2] - w) > most_weight_in_16_bits)
        return undo(step, i);
      (w > 0 ? positive[i / 2] : negative[i / 2]) += w > 0 ? w : -w;
    }
    return true;
  }

 private:
  [[nodiscard]] bool undo(const signed char* step, std::int32_t bytes) noexcept {
    for (std::int32_t i = 0; i < bytes; ++i) {
      const std::int32_t w = step[i];
      (w > 0 ? positive[i / 2] : negative[i / 2]) -= w > 0 ? w : -w;
    }
    return false;
  }
};

/// Moves steps of [from, to) together that may be summed up in 16 bits, `width` at a time; returns
/// where those end.
[[nodiscard]] inline std::int32_t gather(const TileSteps& steps, std::int32_t from, std::int32_t to,
                                         std::int32_t width) noexcept {
  constexpr std::int32_t candidates = 48;  // a step that fits to none of so many others stays alone
  while (from + width <= to) {
    WeightSums sums;
    std::int32_t found = sums.add(steps.step(from), steps.bytes) ? 1 : 0;
    const std::int32_t end = std::min(to, from + candidates);
    for (std::int32_t i = from + 1; i < end && found > 0 && found < width; ++i) {
      if (!sums.add(steps.step(i), steps.bytes)) continue;
      steps.swap(from + found, i);
      ++found;
    }
    if (found == width) {
      from += width;
    } else {
      steps.swap(from, --to);  // behind all that can still be gathered
    }
  }
  return from;
}

/// Orders the steps of bytes, the widest sums first whatever their multipliers: few runs, since
/// each costs as much as some steps. Returns the number of runs; multipliers are those of the sums
/// then.
[[nodiscard]] inline std::int32_t make_runs(const TileSteps& steps, Run* runs) noexcept {
  constexpr std::int32_t widths[] = {4, 2, 1};
  std::int32_t count = 0;
  std::int32_t sums = 0;
  std::int32_t done = 0;
  for (const std::int32_t width : widths) {
    const std::int32_t before = done;
    for (std::int32_t begin = done; begin < steps.count;) {
      std::int32_t end = begin + 1;
      for (std::int32_t i = end; i < steps.count; ++i) {
        if (steps.multipliers[i] == steps.multipliers[begin]) steps.swap(end++, i);
      }
      const std::int32_t gathered = width == 1 ? end : gather(steps, begin, end, width);
      for (std::int32_t i = begin; i < gathered; ++i) steps.swap(done++, i);
      begin = end;
    }
    if (done == before) continue;
    runs[count++] = {width, (done - before) / width};
    for (std::int32_t i = before; i < done; i += width)
      steps.multipliers[sums++] = steps.multipliers[i];
  }
  return count;
}

/// The order of channels by their shifts, the largest first, 16 by 16.
inline void order_channels(const ConvBlock& block, const std::uint8_t* shifts,
                           std::byte* order) noexcept {
  for (std::int32_t first = 0; first < block.channels; first += sorted_channels) {
    std::uint8_t places[sorted_channels];
    for (std::uint8_t i = 0; i < sorted_channels; ++i) places[i] = i;
    std::sort(places, places + sorted_channels, [&](std::uint8_t a, std::uint8_t b) {
      const std::int32_t more = shifts[first + a] - shifts[first + b];
      return more != 0 ? more > 0 : a < b;
    });
    std::memcpy(order + first, places, sizeof places);
  }
}

/// The place in a filter whose input is at place `i` of the band. `order` is null if that is not
/// sorted.
[[nodiscard]] inline std::int64_t place_of(const ConvBlock& block, const std::byte* order,
                                           std::int64_t i) noexcept {
  if (order == nullptr) return i;
  return i - i % sorted_channels + std::to_integer<std::int64_t>(order[i % block.channels]);
}

/// A step before it is packed: up to four inputs one behind the other.
struct StepInputs {
  std::int64_t places[4] = {};  ///< in a filter
  std::int32_t count = 0;
  std::int32_t offset = 0;
};

[[nodiscard]] inline StepInputs inputs_of(const ConvBlock& block, const MatmulPlan& plan,
                                          const std::byte* order, std::int32_t group,
                                          std::int32_t run, std::int32_t step) noexcept {
  const std::int32_t lane = plan.element == 2 ? 2 : 4;
  const std::int32_t taps =
      plan.runs / block.window.y.kernel;  // taps of a kernel row that are runs of their own
  const std::int32_t depth = block.channels / block.groups;
  const std::ptrdiff_t at =
      std::ptrdiff_t{run / taps} * block.window.y.dilation * plan.row_bytes +
      std::ptrdiff_t{run % taps} * block.window.x.dilation * plan.pixel_bytes +
      std::ptrdiff_t{group * depth + step * lane} * plan.element;
  StepInputs inputs;
  inputs.count = std::min(lane, plan.run - step * lane);
  inputs.offset = static_cast<std::int32_t>(at);
  for (std::int32_t i = 0; i < inputs.count; ++i) {
    inputs.places[i] = place_of(block, order, std::int64_t{run} * plan.run + step * lane + i);
  }
  return inputs;
}

/// The shift of place `i` of a filter.
[[nodiscard]] inline std::int32_t shift_of(const ConvBlock& block, const std::uint8_t* shifts,
                                           std::int32_t group, std::int64_t i) noexcept {
  const std::int32_t depth = block.channels / block.groups;
  return block.shifted ? shifts[group * depth + static_cast<std::int32_t>(i % depth)] : 0;
}

/// Steps of four bytes: a second one where the inputs of a pair are shifted differently.
inline void pack_bytes(const ConvBlock& block, const MatmulPlan& plan, std::int32_t group,
                       const signed char* w, const std::uint8_t* shifts, const std::byte* order,
                       std::int32_t filters, TileSteps& steps) noexcept {
  const std::size_t row_size = row_bytes(block.row_weights(), block.weight_bits);
  for (std::int32_t run = 0; run < plan.runs; ++run) {
    for (std::int32_t s = 0; s < ceiling(plan.run, 4); ++s) {
      const StepInputs inputs = inputs_of(block, plan, order, group, run, s);
      std::int32_t shift[4] = {};
      for (std::int32_t i = 0; i < 4; ++i) {
        shift[i] = i < inputs.count ? shift_of(block, shifts, group, inputs.places[i])
                                    : shift[i == 0 ? 0 : i - 1];
      }
      const bool twice = shift[0] != shift[1] || shift[2] != shift[3];
      for (std::int32_t pass = 0; pass < (twice ? 2 : 1); ++pass) {
        signed char* to = steps.step(steps.count);
        std::memset(to, 0, static_cast<std::size_t>(steps.bytes));
        for (std::int32_t i = 0; i < inputs.count; ++i) {
          const bool second = i % 2 == 1 && shift[i] != shift[i - 1];
          if (second != (pass == 1)) continue;
          for (std::int32_t f = 0; f < filters; ++f) {
            to[f * 4 + i] = static_cast<signed char>(weight_at(
                w + static_cast<std::size_t>(f) * row_size, inputs.places[i], block.weight_bits));
          }
        }
        steps.offsets[steps.count] = inputs.offset;
        steps.multipliers[steps.count++] = 1 << shift[pass] | 1 << (16 + shift[2 + pass]);
      }
    }
  }
}

/// Steps of four bytes for dot products: one for each shift among the inputs. Inputs may be 128
/// larger; `correction` gets what that adds.
inline void pack_dots(const ConvBlock& block, const MatmulPlan& plan, std::int32_t group,
                      const signed char* w, const std::uint8_t* shifts, const std::byte* order,
                      std::int32_t filters, TileSteps& steps, std::int32_t* correction) noexcept {
  const std::size_t row_size = row_bytes(block.row_weights(), block.weight_bits);
  for (std::int32_t run = 0; run < plan.runs; ++run) {
    for (std::int32_t s = 0; s < ceiling(plan.run, 4); ++s) {
      const StepInputs inputs = inputs_of(block, plan, order, group, run, s);
      std::int32_t shift[4] = {};
      for (std::int32_t i = 0; i < inputs.count; ++i)
        shift[i] = shift_of(block, shifts, group, inputs.places[i]);
      for (std::int32_t first = 0; first < inputs.count; ++first) {
        if (std::find(shift, shift + first, shift[first]) != shift + first)
          continue;  // done with an earlier one
        signed char* to = steps.step(steps.count);
        std::memset(to, 0, static_cast<std::size_t>(steps.bytes));
        for (std::int32_t i = first; i < inputs.count; ++i) {
          if (shift[i] != shift[first]) continue;
          for (std::int32_t f = 0; f < filters; ++f) {
            const std::int32_t weight = weight_at(w + static_cast<std::size_t>(f) * row_size,
                                                  inputs.places[i], block.weight_bits);
            to[f * 4 + i] = static_cast<signed char>(weight);
            correction[f] += weight * (128 << shift[i]);
          }
        }
        steps.offsets[steps.count] = inputs.offset;
        steps.multipliers[steps.count++] = shift[first];
      }
    }
  }
}

/// From the largest shift down; returns the number of runs.
[[nodiscard]] inline std::int32_t make_dot_runs(const TileSteps& steps, Run* runs) noexcept {
  std::int32_t count = 0;
  for (std::int32_t begin = 0; begin < steps.count;) {
    const std::int32_t shift =
        *std::max_element(steps.multipliers + begin, steps.multipliers + steps.count);
    std::int32_t end = begin;
    for (std::int32_t i = begin; i < steps.count; ++i) {
      if (steps.multipliers[i] == shift) steps.swap(end++, i);
    }
    const std::int32_t before = begin == 0 ? shift : steps.multipliers[begin - 1];
    runs[count++] = {before - shift, end - begin};
    begin = end;
  }
  // The last sums are shifted by what all inputs have in common: a run without steps.
  if (steps.count > 0 && steps.multipliers[steps.count - 1] > 0) {
    runs[count++] = {steps.multipliers[steps.count - 1], 0};
  }
  return count;
}

/// Steps of two words, the shifts of the inputs in the weights: 8 bits shifted by 8 at most.
/// Without shifts they may be packed as bytes.
inline void pack_words(const ConvBlock& block, const MatmulPlan& plan, std::int32_t group,
                       const signed char* w, const std::uint8_t* shifts, const std::byte* order,
                       std::int32_t filters, TileSteps& steps) noexcept {
  const std::size_t row_size = row_bytes(block.row_weights(), block.weight_bits);
  for (std::int32_t run = 0; run < plan.runs; ++run) {
    for (std::int32_t s = 0; s < ceiling(plan.run, 2); ++s) {
      const StepInputs inputs = inputs_of(block, plan, order, group, run, s);
      signed char* to = steps.step(steps.count);
      std::memset(to, 0, static_cast<std::size_t>(steps.bytes));
      for (std::int32_t i = 0; i < inputs.count; ++i) {
        const std::int32_t shift = shift_of(block, shifts, group, inputs.places[i]);
        for (std::int32_t f = 0; f < filters; ++f) {
          const auto weight =
              static_cast<std::int16_t>(weight_at(w + static_cast<std::size_t>(f) * row_size,
                                                  inputs.places[i], block.weight_bits) *
                                        (1 << shift));
          if (plan.products == Products::narrow) {
            to[f * 2 + i] = static_cast<signed char>(weight);
          } else {
            std::memcpy(to + f * 4 + i * 2, &weight, sizeof weight);
          }
        }
      }
      steps.offsets[steps.count++] = inputs.offset;
    }
  }
}

/// Constants of the filters of a tile; those that no filter has are zero.
[[nodiscard]] inline TileFinish tile_finish(const FinishTraits& traits,
                                            const ChannelFinish* channels, std::int32_t filters,
                                            std::int32_t width) noexcept {
  TileFinish finish{};
  for (std::int32_t f = 0; f < filters; ++f) {
    finish.offset[f] = channels[f].offset;
    finish.multiplier[f] = channels[f].multiplier;
    finish.shift[f] = channels[f].shift;
    for (std::int32_t i = f; i < 32; i += width) {
      finish.high[i] = traits.channel_high ? channels[f].high : traits.high;
    }
  }
  return finish;
}

inline void pack_matmul(const ConvBlock& block, const MatmulPlan& plan, const signed char* w,
                        const std::uint8_t* shifts, const ChannelFinish* channels,
                        std::byte* packed) noexcept {
  const TileLayout layout = layout_of(plan);
  const std::int32_t width = block.filters / block.groups;
  const std::size_t row_size = row_bytes(block.row_weights(), block.weight_bits);
  const std::byte* const order = plan.sorted ? packed : nullptr;
  if (plan.sorted) order_channels(block, shifts, packed);
  packed += order_bytes(block, plan);
  for (std::int32_t group = 0; group < block.groups; ++group) {
    for (std::int32_t first = 0; first < width; first += plan.tile, packed += layout.bytes) {
      const std::int32_t filters = std::min(plan.tile, width - first);
      const std::int32_t used =
          filters <= plan.tile / 2 ? plan.tile / 2 : plan.tile;  // one vector or two
      const std::int32_t filter = group * width + first;
      const signed char* rows = w + static_cast<std::size_t>(filter) * row_size;
      auto* const runs = reinterpret_cast<Run*>(packed + layout.runs);
      TileSteps steps{reinterpret_cast<std::int32_t*>(packed + layout.offsets),
                      reinterpret_cast<std::int32_t*>(packed + layout.multipliers),
                      reinterpret_cast<signed char*>(packed + layout.weights),
                      static_cast<std::int32_t>(step_weight_bytes(plan.products)) * used, 0};
      TileHeader header{1, filters};
      TileFinish finish = tile_finish(block.finish, channels + filter, filters, used);
      if (plan.products == Products::bytes) {
        pack_bytes(block, plan, group, rows, shifts, order, filters, steps);
        header.runs = make_runs(steps, runs);
      } else if (plan.products == Products::dot) {
        pack_dots(block, plan, group, rows, shifts, order, filters, steps, finish.correction);
        header.runs = make_dot_runs(steps, runs);
      } else {
        steps.multipliers = nullptr;
        pack_words(block, plan, group, rows, shifts, order, filters, steps);
        runs[0] = {1, steps.count};
      }
      std::memcpy(packed, &header, sizeof header);
      std::memcpy(packed + sizeof header, &finish, sizeof finish);
    }
  }
}

}  // namespace tenon::kernel::x86
