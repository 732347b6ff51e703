// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/akida/layer.hpp>
#include <tenon/akida/rules.hpp>

// How a layer is spread over processors: its filters by the weight memory, its input by the input
// memory.
namespace tenon::akida {

/// No register counts more processors for one layer.
inline constexpr std::int32_t most_parts = 255;

[[nodiscard]] constexpr std::int64_t divide_up(std::int64_t a, std::int64_t b) noexcept {
  return (a + b - 1) / b;
}
[[nodiscard]] constexpr std::int64_t round_up(std::int64_t a, std::int64_t to) noexcept {
  return divide_up(a, to) * to;
}

[[nodiscard]] constexpr const WeightWords* words_of(const MemoryRules& memory, std::int32_t kernel,
                                                    std::int32_t bits) noexcept {
  for (const WeightWords& row : memory.words) {
    if (row.kernel == kernel && row.bits == bits) return &row;
  }
  return nullptr;
}

/// Words that `filters` filters of one input channel take.
[[nodiscard]] constexpr std::int64_t words_per_channel(const WeightWords& row,
                                                       std::int64_t filters) noexcept {
  const std::int64_t groups = divide_up(filters, row.group);
  return round_up(divide_up(groups * row.numerator, row.denominator), row.granule);
}

/// Filters that one processor holds; 0 if it does not even hold one group.
[[nodiscard]] constexpr std::int64_t filters_that_fit(const MemoryRules& memory,
                                                      const WeightWords& row,
                                                      std::int64_t channels) noexcept {
  const std::int64_t words = memory.weight_words / channels / row.granule * row.granule;
  return words * row.denominator / row.numerator * row.group;
}

/// Input channels for which one group of filters still fits.
[[nodiscard]] constexpr std::int32_t channels_that_fit(const MemoryRules& memory,
                                                       const WeightWords& row) noexcept {
  return static_cast<std::int32_t>(memory.weight_words / words_per_channel(row, 1));
}

/// The widest part of `length` elements cut into parts of `part`, each with `halo` elements of its
/// neighbours on both sides.
[[nodiscard]] constexpr std::int64_t widest_part(std::int64_t length, std::int64_t part,
                                                 std::int64_t halo) noexcept {
  std::int64_t widest = 0;
  for (std::int64_t at = 0; at < length; at += part) {
    const std::int64_t begin = at > halo ? at - halo : 0;
    const std::int64_t end = at + part + halo < length ? at + part + halo : length;
    if (end - begin > widest) widest = end - begin;
    if (at >= halo) break;  // further parts are cut off behind, never wider
  }
  return widest;
}

struct InputCut {
  std::int32_t parts = 0;  ///< 0: not even single elements fit; more than `most_parts`: too many
  std::int64_t part_bytes = 0;  ///< of the chosen cut, or of the smallest one that does not fit
};

/// Bytes of one part.
[[nodiscard]] constexpr std::int64_t part_bytes(const MemoryRules& memory, const Volume& input,
                                                std::int32_t halo, std::int32_t bits,
                                                std::int64_t part_x, std::int64_t part_y) noexcept {
  const std::int64_t row =
      round_up(widest_part(input.x, part_x, halo) * bits, memory.row_align_bits);
  return row / 8 * widest_part(input.y, part_y, halo) * input.channels;
}

/// The fewest parts that fit. `whole` forbids a cut.
[[nodiscard]] constexpr InputCut cut_input(const MemoryRules& memory, const Volume& input,
                                           std::int32_t kernel, std::int32_t bits,
                                           bool whole) noexcept {
  const std::int32_t halo = kernel / 2;
  if (whole) {
    const std::int64_t bytes = part_bytes(memory, input, halo, bits, input.x, input.y);
    return {bytes <= memory.input_bytes ? 1 : 0, bytes};
  }
  InputCut best{most_parts + 1, part_bytes(memory, input, halo, bits, 1, 1)};
  if (best.part_bytes > memory.input_bytes) return {0, best.part_bytes};
  const std::int64_t columns = divide_up(input.x, memory.column_max);
  const std::int64_t rows = divide_up(input.y, memory.row_max);
  for (std::int64_t nx = columns; nx <= input.x && nx * rows < best.parts; ++nx) {
    const std::int64_t part_x = divide_up(input.x, nx);
    const std::int64_t used_x = divide_up(input.x, part_x);
    for (std::int64_t ny = rows; ny <= input.y; ++ny) {
      const std::int64_t part_y = divide_up(input.y, ny);
      const std::int64_t parts = used_x * divide_up(input.y, part_y);
      if (parts >= best.parts) break;
      const std::int64_t bytes = part_bytes(memory, input, halo, bits, part_x, part_y);
      if (bytes <= memory.input_bytes) {
        best = {static_cast<std::int32_t>(parts), bytes};
        break;
      }
    }
  }
  return best;
}

}  // namespace tenon::akida
