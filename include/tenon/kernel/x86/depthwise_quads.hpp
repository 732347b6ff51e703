// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/depthwise_plan.hpp>
#include <tenon/kernel/x86/matmul_plan.hpp>

// A depthwise convolution on bands of four rows: the elements of rows 2i to 2i + 3 stand side by
// side, so that one dot product of four bytes takes a column of up to four taps for each channel.
// An output row that begins in the second row of a band has weights of its own. Columns are sorted
// by their remainder of the stride, as in depthwise_plan.hpp.
namespace tenon::kernel::x86 {

struct QuadPlan {
  std::int32_t channels = 16;  ///< of a pixel of the band, with some unused
  std::int32_t blocks = 1;     ///< of 16 lanes; fewer channels fill one with several pixels
  std::int32_t parities = 1;   ///< rows of a band where output rows begin
  std::int32_t taps = 1;       ///< columns of four taps
  std::int32_t planes = 1;     ///< remainders of columns
  std::int32_t plane_width = 1;
  std::int32_t positions = 1;  ///< of 16 lanes in an output row
  std::int32_t band_rows = 1;  ///< output rows from one band
  std::ptrdiff_t plane_bytes = 0;
  std::ptrdiff_t quad_bytes = 0;  ///< from four rows to those that begin two rows further down
  std::ptrdiff_t position_bytes = 0;

  /// Rows of the band for so many output rows.
  [[nodiscard]] constexpr std::int32_t band_height(const WindowAxis& y,
                                                   std::int32_t rows) const noexcept {
    return (rows - 1) * y.stride + y.kernel;  // dilated rows are one behind the other
  }
};

[[nodiscard]] constexpr QuadPlan quad_plan_of(const DepthwiseBlock& block) noexcept {
  const WindowAxis& wy = block.window.y;
  const WindowAxis& wx = block.window.x;
  const DepthwisePlan pairs = plan_of(block);
  QuadPlan plan;
  plan.channels = ceiling(block.channels, depthwise_lanes) * depthwise_lanes;
  if (block.channels <= 8)
    plan.channels = block.channels > 4 ? 8 : block.channels > 2 ? 4 : block.channels;
  plan.blocks = ceiling(plan.channels, depthwise_lanes);
  plan.planes = pairs.planes;
  plan.plane_width = pairs.plane_width;
  plan.plane_bytes = std::ptrdiff_t{plan.plane_width} * plan.channels * 4;
  plan.quad_bytes = plan.plane_bytes * plan.planes;
  plan.positions = plan.channels < depthwise_lanes
                       ? ceiling(wx.output * plan.channels, depthwise_lanes)
                       : wx.output;
  plan.position_bytes = std::ptrdiff_t{std::max(plan.channels, depthwise_lanes)} * 4;
  constexpr std::ptrdiff_t band_bytes = 24 * 1024;
  if (wy.dilation == 1) {
    const auto quads =
        static_cast<std::int32_t>(band_bytes / std::max<std::ptrdiff_t>(plan.quad_bytes, 1));
    plan.band_rows = std::clamp((2 * quads - wy.kernel) / wy.stride + 1, 1, std::max(wy.output, 1));
    // Rows of which two begin in the same four are made from the same band.
    if (wy.stride == 1 && plan.band_rows < wy.output && plan.band_rows % 2 == 1)
      plan.band_rows += 1;
  }
  plan.parities = plan.band_rows > 1 && wy.stride % 2 == 1 ? 2 : 1;
  plan.taps = ceiling(wy.kernel + plan.parities - 1, 4) * wx.kernel;
  return plan;
}

/// Constants of 16 lanes.
struct QuadFinish {
  std::int32_t offset[depthwise_lanes];
  std::int32_t multiplier[depthwise_lanes];
  std::int32_t shift[depthwise_lanes];
  std::int32_t start[depthwise_lanes];    ///< of sums of inputs that are 128 larger
  std::int8_t high[4 * depthwise_lanes];  ///< four times
};

struct QuadHeader {
  std::int32_t taps = 0;
  bool small = false;  ///< sums fit 16 bits and multipliers 15: one instruction multiplies and adds
                       ///< the offset
};

inline constexpr std::size_t quad_plan_bytes = to_cache_line(sizeof(QuadPlan));

struct QuadLayout {
  std::size_t finish = 0;
  std::size_t offsets = 0;
  std::size_t weights = 0;
  std::size_t bytes = 0;
};

[[nodiscard]] constexpr QuadLayout quad_layout_of(const QuadPlan& plan) noexcept {
  const auto taps = static_cast<std::size_t>(plan.taps);
  QuadLayout layout;
  layout.finish = to_cache_line(sizeof(QuadHeader));
  layout.offsets = layout.finish + to_cache_line(sizeof(QuadFinish));
  layout.weights = layout.offsets + to_cache_line(taps * sizeof(std::int32_t));
  layout.bytes = layout.weights + taps * 64;
  return layout;
}

/// One block of lanes: weights of the taps, and the constants.
inline void pack_quads_of(const DepthwiseBlock& block, const QuadPlan& plan, std::int32_t parity,
                          std::int32_t b, const signed char* w, const ChannelFinish* channels,
                          std::byte* packed) noexcept {
  const QuadLayout layout = quad_layout_of(plan);
  const WindowAxis& wy = block.window.y;
  const WindowAxis& wx = block.window.x;
  const std::size_t row_size = row_bytes(block.channels, block.weight_bits);
  auto* const offsets = reinterpret_cast<std::int32_t*>(packed + layout.offsets);
  auto* weights = reinterpret_cast<signed char*>(packed + layout.weights);
  QuadHeader header{0, !block.finish.raw && block.finish.limit_bits >= 15};
  QuadFinish finish{};
  std::int32_t magnitudes[depthwise_lanes] = {};
  for (std::int32_t quad = 0; quad < ceiling(wy.kernel + parity, 4); ++quad) {
    for (std::int32_t kx = 0; kx < wx.kernel; ++kx, weights += 64) {
      const std::int32_t column = kx * wx.dilation;
      offsets[header.taps++] = static_cast<std::int32_t>(
          2 * quad * plan.quad_bytes + column % wx.stride * plan.plane_bytes +
          std::ptrdiff_t{column / wx.stride} * plan.channels * 4);
      std::memset(weights, 0, 64);
      for (std::int32_t lane = 0; lane < depthwise_lanes; ++lane) {
        const std::int32_t c = b * depthwise_lanes + lane % plan.channels;
        for (std::int32_t row = 0; row < 4 && c < block.channels; ++row) {
          const std::int32_t ky = 4 * quad + row - parity;
          if (ky < 0 || ky >= wy.kernel) continue;
          const std::int32_t weight = weight_at(
              w + static_cast<std::size_t>(ky * wx.kernel + kx) * row_size, c, block.weight_bits);
          weights[4 * lane + row] = static_cast<signed char>(weight);
          finish.start[lane] -= 128 * weight;
          magnitudes[lane] += weight < 0 ? -weight : weight;
        }
      }
    }
  }
  for (std::int32_t lane = 0; lane < depthwise_lanes; ++lane) {
    const std::int32_t c = b * depthwise_lanes + lane % plan.channels;
    if (c >= block.channels) continue;
    finish.offset[lane] = channels[c].offset;
    finish.multiplier[lane] = channels[c].multiplier;
    finish.shift[lane] = channels[c].shift;
    for (std::int32_t i = lane; i < 4 * depthwise_lanes; i += depthwise_lanes) {
      finish.high[i] = block.finish.channel_high ? channels[c].high : block.finish.high;
    }
    const std::int32_t largest = block.non_negative ? 127 : 255;
    header.small =
        header.small && channels[c].multiplier < 32768 && magnitudes[lane] <= 32767 / largest;
  }
  std::memcpy(packed, &header, sizeof header);
  std::memcpy(packed + layout.finish, &finish, sizeof finish);
}

inline void pack_quads(const DepthwiseBlock& block, const signed char* w,
                       const ChannelFinish* channels, std::byte* packed) noexcept {
  const QuadPlan plan = quad_plan_of(block);
  std::memcpy(packed, &plan, sizeof plan);
  packed += quad_plan_bytes;
  for (std::int32_t parity = 0; parity < plan.parities; ++parity) {
    for (std::int32_t b = 0; b < plan.blocks; ++b, packed += quad_layout_of(plan).bytes) {
      pack_quads_of(block, plan, parity, b, w, channels, packed);
    }
  }
}

}  // namespace tenon::kernel::x86
