// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <type_traits>
#include <variant>
#include <vector>

// Large blocks in parts that threads compute side by side: each part has some rows of the output, and is a block of its own that
// reads and writes a piece of the same tensors.
namespace tenon::host {

using AnyBlock = std::variant<kernel::ConvBlock, kernel::DenseBlock, kernel::DepthwiseBlock, kernel::AddBlock, kernel::PoolBlock>;

struct BlockPart {
  AnyBlock block;
  std::int64_t input = 0;   ///< elements in front of its piece of the input, and of a second one
  std::int64_t output = 0;  ///< elements in front of its piece of the output
};

namespace detail {

/// The outputs [first, first + count) of an axis and the inputs from `begin` that they see.
struct AxisPart {
  WindowAxis axis;
  std::int32_t begin = 0;
};

[[nodiscard]] inline AxisPart axis_part(const WindowAxis& whole, std::int32_t first, std::int32_t count) {
  const std::int32_t from = first * whole.stride - whole.before;
  const std::int32_t to = (first + count - 1) * whole.stride - whole.before + (whole.kernel - 1) * whole.dilation + 1;
  AxisPart part{whole, std::clamp(from, 0, whole.input - 1)};  // of nothing but padding, one row is kept
  part.axis.before = part.begin - from;
  part.axis.input = std::max(std::min(to, whole.input) - part.begin, 1);
  part.axis.output = count;
  return part;
}

/// Rows of the output, the work in each (about as many as multiplications), and the elements of a row of the output.
struct Rows {
  std::int64_t count = 1;
  std::int64_t work = 0;
  std::int64_t elements = 0;
};

[[nodiscard]] inline Rows rows_of(const kernel::ConvBlock& b) {
  return {b.window.y.output, b.window.x.output * b.row_weights() * b.filters, std::int64_t{b.window.x.output} * b.filters};
}
[[nodiscard]] inline Rows rows_of(const kernel::DepthwiseBlock& b) {
  const std::int64_t elements = std::int64_t{b.window.x.output} * b.channels;
  return {b.window.y.output, 2 * elements * b.window.taps(), elements};
}
[[nodiscard]] inline Rows rows_of(const kernel::DenseBlock& b) { return {b.rows, std::int64_t{b.inputs} * b.units, b.units}; }
[[nodiscard]] inline Rows rows_of(const kernel::AddBlock& b) { return {b.pixels, 8 * std::int64_t{b.channels}, b.channels}; }
[[nodiscard]] inline Rows rows_of(const kernel::PoolBlock&) { return {}; }

template <class Block>
[[nodiscard]] BlockPart part_of(const Block& whole, std::int64_t first, std::int64_t count) {
  Block block = whole;
  std::int64_t input = 0;
  if constexpr (requires { block.window; }) {
    const AxisPart part = axis_part(whole.window.y, static_cast<std::int32_t>(first), static_cast<std::int32_t>(count));
    block.window.y = part.axis;
    input = std::int64_t{part.begin} * whole.window.x.input * whole.channels;
  } else if constexpr (std::is_same_v<Block, kernel::DenseBlock>) {
    block.rows = static_cast<std::int32_t>(count);
    input = first * whole.inputs;
  } else if constexpr (std::is_same_v<Block, kernel::AddBlock>) {
    block.pixels = count;
    input = first * whole.channels;
  }
  return {block, input, first * rows_of(whole).elements};
}

}  // namespace detail

/// What a part has to do at least to be worth a thread.
inline constexpr std::int64_t least_work = 200'000;

/// At most `most` parts with `least` work each; the block itself if it is smaller than two of them.
[[nodiscard]] inline std::vector<BlockPart> split(const AnyBlock& whole, std::size_t most, std::int64_t least = least_work) {
  return std::visit(
      [&](const auto& block) {
        const detail::Rows rows = detail::rows_of(block);
        const std::int64_t wanted = std::min({static_cast<std::int64_t>(most), rows.count, rows.count * rows.work / least});
        std::vector<BlockPart> parts;
        for (std::int64_t i = 0; wanted > 1 && i < wanted; ++i) {
          const std::int64_t first = rows.count * i / wanted;
          parts.push_back(detail::part_of(block, first, rows.count * (i + 1) / wanted - first));
        }
        if (parts.empty()) parts.push_back({block});
        return parts;
      },
      whole);
}

}  // namespace tenon::host
