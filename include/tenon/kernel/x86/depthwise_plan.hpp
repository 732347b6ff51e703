// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/matmul_pack.hpp>
#include <tenon/kernel/x86/matmul_plan.hpp>

// A depthwise convolution on bands of pairs of rows: the elements of rows 2i and 2i + 1 stand side
// by side, so that one instruction multiplies and adds two taps for each channel. An output row
// that begins in the middle of a pair has weights of its own, with zeros in front. Columns are
// sorted by their remainder of the stride: neighbours in memory are neighbours of outputs for every
// stride.
namespace tenon::kernel::x86 {

/// Channels that are done at a time.
inline constexpr std::int32_t depthwise_lanes = 16;

struct DepthwisePlan {
  bool bytes = true;           ///< pairs of bytes, otherwise of int16
  std::int32_t lane = 2;       ///< bytes of a pair
  std::int32_t channels = 16;  ///< of a pixel of the band, with some unused
  std::int32_t blocks = 1;     ///< of 16 lanes; fewer channels fill one with several pixels
  std::int32_t parities = 1;   ///< places in a pair where output rows begin
  std::int32_t pairs = 1;      ///< pairs of rows under an output row, at most
  std::int32_t taps = 1;       ///< pairs of taps
  std::int32_t planes = 1;     ///< remainders of columns
  std::int32_t plane_width = 1;
  std::int32_t positions = 1;  ///< of 16 lanes in an output row
  std::int32_t band_rows = 1;  ///< output rows from one band
  std::ptrdiff_t plane_bytes = 0;
  std::ptrdiff_t pair_bytes = 0;  ///< from a pair of rows to the next
  std::ptrdiff_t position_bytes = 0;

  /// Rows of the band for so many output rows.
  [[nodiscard]] constexpr std::int32_t band_height(const WindowAxis& y,
                                                   std::int32_t rows) const noexcept {
    return (rows - 1) * y.stride + y.kernel;  // dilated rows are one behind the other
  }
};

[[nodiscard]] constexpr DepthwisePlan plan_of(const DepthwiseBlock& block) noexcept {
  const WindowAxis& wy = block.window.y;
  const WindowAxis& wx = block.window.x;
  DepthwisePlan plan;
  plan.bytes = block.non_negative;
  plan.lane = plan.bytes ? 2 : 4;
  plan.channels = ceiling(block.channels, depthwise_lanes) * depthwise_lanes;
  if (plan.bytes && block.channels <= 8) {
    plan.channels = block.channels > 4 ? 8 : block.channels > 2 ? 4 : block.channels;
  }
  plan.blocks = ceiling(plan.channels, depthwise_lanes);
  plan.planes = wx.stride;
  plan.plane_width = ceiling(covered(wx, wx.output), wx.stride);
  plan.plane_bytes = std::ptrdiff_t{plan.plane_width} * plan.channels * plan.lane;
  plan.pair_bytes = plan.plane_bytes * plan.planes;
  plan.positions = plan.channels < depthwise_lanes
                       ? ceiling(wx.output * plan.channels, depthwise_lanes)
                       : wx.output;
  plan.position_bytes = std::ptrdiff_t{std::max(plan.channels, depthwise_lanes)} * plan.lane;
  constexpr std::ptrdiff_t band_bytes = 16 * 1024;
  if (wy.dilation == 1) {
    const auto pairs =
        static_cast<std::int32_t>(band_bytes / std::max<std::ptrdiff_t>(plan.pair_bytes, 1));
    plan.band_rows = std::clamp((2 * pairs - wy.kernel) / wy.stride + 1, 1, std::max(wy.output, 1));
  }
  plan.parities = plan.band_rows > 1 && wy.stride % 2 == 1 ? 2 : 1;
  plan.pairs = plan.parities == 2 ? wy.kernel / 2 + 1 : ceiling(wy.kernel, 2);
  plan.taps = plan.pairs * wx.kernel;
  return plan;
}

/// Constants of 16 channels, those that follow each other in an even and in an odd quarter of a
/// vector apart: 0..3, 8..11, 4..7, 12..15, as the unpacking of words leaves them.
struct DepthwiseFinish {
  std::int32_t offset[depthwise_lanes];
  std::int32_t multiplier[depthwise_lanes];
  std::int32_t shift[depthwise_lanes];
  std::int8_t high[2 * depthwise_lanes];  ///< in order, twice
};

[[nodiscard]] constexpr std::int32_t unpacked_place(std::int32_t lane) noexcept {
  return lane / 4 % 2 * 8 + lane / 8 * 4 + lane % 4;
}

/// How the sums of a block of lanes are made.
enum class DepthwiseForm : std::int32_t {
  any,     ///< several sums of 16 bits, or of 32
  halves,  ///< two sums of 16 bits, of three pairs of taps each
  thirds,  ///< three sums of 16 bits, of two pairs of taps each
  sixths,  ///< six pairs of taps, each a sum of its own
  whole,   ///< one sum of 16 bits; multipliers have 15: one instruction widens and multiplies
};

struct DepthwiseHeader {
  std::int32_t taps = 0;
  std::int32_t sums = 0;  ///< of taps that fit 16 bits
  DepthwiseForm form = DepthwiseForm::any;
  bool sliding =
      false;  ///< taps stand in order, and the next tap of a row is the same tap of the next place
};

/// In front of the packed blocks of lanes.
inline constexpr std::size_t depthwise_plan_bytes = to_cache_line(sizeof(DepthwisePlan));

struct DepthwiseLayout {
  std::size_t offsets = 0;
  std::size_t counts = 0;  ///< taps of each sum
  std::size_t weights = 0;
  std::size_t bytes = 0;
};

[[nodiscard]] constexpr DepthwiseLayout layout_of(const DepthwisePlan& plan) noexcept {
  const auto taps = static_cast<std::size_t>(plan.taps);
  DepthwiseLayout layout;
  layout.offsets = to_cache_line(sizeof(DepthwiseHeader) + sizeof(DepthwiseFinish));
  layout.counts = layout.offsets + to_cache_line(taps * sizeof(std::int32_t));
  layout.weights = layout.counts + to_cache_line(taps * sizeof(std::int32_t));
  layout.bytes =
      layout.weights + to_cache_line(taps * static_cast<std::size_t>(depthwise_lanes * plan.lane));
  return layout;
}

/// Orders taps so that as many as can are summed up in 16 bits; returns the number of sums.
[[nodiscard]] inline std::int32_t make_sums(const TileSteps& taps, std::int32_t* counts) noexcept {
  std::int32_t sums = 0;
  for (std::int32_t begin = 0; begin < taps.count;) {
    WeightSums together;
    std::int32_t end = begin;
    for (std::int32_t i = begin; i < taps.count; ++i) {
      if (together.add(taps.step(i), taps.bytes)) taps.swap(end++, i);
    }
    counts[sums++] = end - begin;
    begin = end;
  }
  return sums;
}

/// Orders six pairs of taps so that the sums of `Each` of them fit 16 bits, if they do in any of
/// the orders.
template <std::size_t Each, std::size_t Orders>
[[nodiscard]] inline bool make_parts(const TileSteps& taps,
                                     const std::uint8_t (&orders)[Orders][6]) noexcept {
  for (const auto& order : orders) {
    WeightSums sums[6 / Each];
    bool fits = true;
    for (std::size_t i = 0; i < 6 && fits; ++i)
      fits = sums[i / Each].add(taps.step(order[i]), taps.bytes);
    if (!fits) continue;
    std::uint8_t at[6] = {0, 1, 2, 3, 4, 5};  // which tap stands in each place
    for (std::int32_t i = 0; i < 6; ++i) {
      std::int32_t from = i;
      while (at[from] != order[i]) ++from;
      taps.swap(i, from);
      std::swap(at[i], at[from]);
    }
    return true;
  }
  return false;
}
[[nodiscard]] inline bool make_halves(const TileSteps& taps) noexcept {
  constexpr std::uint8_t orders[][6] = {{0, 1, 5, 2, 3, 4}, {0, 2, 4, 1, 3, 5}, {1, 2, 3, 0, 4, 5},
                                        {0, 4, 5, 1, 2, 3}, {1, 3, 5, 0, 2, 4}, {2, 3, 4, 0, 1, 5},
                                        {0, 1, 2, 3, 4, 5}, {0, 1, 3, 2, 4, 5}, {0, 1, 4, 2, 3, 5},
                                        {0, 2, 3, 1, 4, 5}};
  return make_parts<3>(taps, orders);
}
[[nodiscard]] inline bool make_thirds(const TileSteps& taps) noexcept {
  constexpr std::uint8_t orders[][6] = {{0, 3, 1, 4, 2, 5}, {0, 4, 1, 5, 2, 3}, {0, 5, 1, 3, 2, 4},
                                        {0, 3, 1, 5, 2, 4}, {0, 4, 1, 3, 2, 5}, {0, 5, 1, 4, 2, 3},
                                        {0, 1, 2, 3, 4, 5}, {0, 1, 2, 4, 3, 5}, {0, 1, 2, 5, 3, 4},
                                        {0, 2, 1, 3, 4, 5}, {0, 2, 1, 4, 3, 5}, {0, 2, 1, 5, 3, 4},
                                        {0, 3, 1, 2, 4, 5}, {0, 4, 1, 2, 3, 5}, {0, 5, 1, 2, 3, 4}};
  return make_parts<2>(taps, orders);
}

inline void pack_depthwise(const DepthwiseBlock& block, const signed char* w,
                           const ChannelFinish* channels, std::byte* packed) noexcept {
  const DepthwisePlan plan = plan_of(block);
  std::memcpy(packed, &plan, sizeof plan);
  packed += depthwise_plan_bytes;
  const DepthwiseLayout layout = layout_of(plan);
  const WindowAxis& wy = block.window.y;
  const WindowAxis& wx = block.window.x;
  const std::size_t row_size = row_bytes(block.channels, block.weight_bits);
  for (std::int32_t parity = 0; parity < plan.parities; ++parity) {
    for (std::int32_t b = 0; b < plan.blocks; ++b, packed += layout.bytes) {
      auto* const counts = reinterpret_cast<std::int32_t*>(packed + layout.counts);
      TileSteps taps{reinterpret_cast<std::int32_t*>(packed + layout.offsets), nullptr,
                     reinterpret_cast<signed char*>(packed + layout.weights),
                     depthwise_lanes * plan.lane, 0};
      DepthwiseFinish finish{};
      bool small = true;
      const std::int32_t pairs = ceiling(wy.kernel + parity, 2);
      for (std::int32_t pair = 0; pair < pairs; ++pair) {
        for (std::int32_t kx = 0; kx < wx.kernel; ++kx) {
          const std::int32_t column = kx * wx.dilation;
          taps.offsets[taps.count] = static_cast<std::int32_t>(
              pair * plan.pair_bytes + column % wx.stride * plan.plane_bytes +
              std::ptrdiff_t{column / wx.stride} * plan.channels * plan.lane);
          signed char* to = taps.step(taps.count++);
          std::memset(to, 0, static_cast<std::size_t>(taps.bytes));
          for (std::int32_t lane = 0; lane < depthwise_lanes; ++lane) {
            const std::int32_t c = b * depthwise_lanes + lane % plan.channels;
            for (std::int32_t half = 0; half < 2 && c < block.channels; ++half) {
              const std::int32_t ky = 2 * pair + half - parity;
              if (ky < 0 || ky >= wy.kernel) continue;
              const auto weight = static_cast<std::int16_t>(
                  weight_at(w + static_cast<std::size_t>(ky * wx.kernel + kx) * row_size, c,
                            block.weight_bits));
              const std::int32_t place = 2 * (plan.bytes ? lane : unpacked_place(lane)) + half;
              if (plan.bytes) {
                to[place] = static_cast<signed char>(weight);
              } else {
                std::memcpy(to + 2 * place, &weight, sizeof weight);
              }
            }
          }
        }
      }
      for (std::int32_t lane = 0; lane < depthwise_lanes; ++lane) {
        const std::int32_t c = b * depthwise_lanes + lane % plan.channels;
        if (c >= block.channels) continue;
        const std::int32_t place = unpacked_place(lane);
        finish.offset[place] = channels[c].offset;
        finish.multiplier[place] = channels[c].multiplier;
        finish.shift[place] = channels[c].shift;
        finish.high[lane] = finish.high[lane + depthwise_lanes] =
            block.finish.channel_high ? channels[c].high : block.finish.high;
        small = small && channels[c].multiplier < 32768;
      }
      DepthwiseHeader header{taps.count, 1, DepthwiseForm::any, false};
      if (plan.bytes) {
        WeightSums together;
        bool fits = small && !block.finish.raw && block.finish.limit_bits >= 15;
        for (std::int32_t t = 0; t < taps.count && fits; ++t)
          fits = together.add(taps.step(t), taps.bytes);
        if (fits) {
          header.form = DepthwiseForm::whole;
          header.sliding = wx.kernel == 3 && wx.stride == 1 && wx.dilation == 1 && wx.output > 1 &&
                           plan.channels >= depthwise_lanes;
        } else if (taps.count == 6 && !block.finish.raw && make_halves(taps)) {
          header.form = DepthwiseForm::halves;
          header.sums = 2;
          counts[0] = counts[1] = 3;
        } else if (taps.count == 6 && !block.finish.raw && make_thirds(taps)) {
          header.form = DepthwiseForm::thirds;
          header.sums = 3;
          counts[0] = counts[1] = counts[2] = 2;
        } else {
          header.form =
              taps.count == 6 && !block.finish.raw ? DepthwiseForm::sixths : DepthwiseForm::any;
          header.sums = make_sums(taps, counts);
        }
      }
      std::memcpy(packed, &header, sizeof header);
      std::memcpy(packed + sizeof header, &finish, sizeof finish);
    }
  }
}

}  // namespace tenon::kernel::x86
