// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/depthwise_quads.hpp>
#include <tenon/kernel/x86/depthwise_zmm_stage.hpp>
#include <tenon/kernel/x86/dot_kernels.hpp>
#include <tenon/kernel/x86/zmm_finish.hpp>
#include <type_traits>

// Depthwise convolutions for AVX512-VNNI, on bands of four rows: a dot product sums up a column of
// four taps of 16 channels in 32 bits. Exact: bytes of either sign are 128 larger in the band, and
// the sums begin with what takes that away.
namespace tenon::kernel::x86 {

/// Output rows whose windows begin in the same row of four: 16 lanes at each position, as one or
/// several pixels.
struct QuadRows {
  const std::byte* x;
  std::ptrdiff_t row_step;
  std::ptrdiff_t step;  ///< bytes from a position to the next
  std::int32_t rows;
  std::int32_t positions;   ///< of a row
  std::int32_t last_lanes;  ///< used at the last position
  std::int32_t lanes;       ///< and at the others
  std::int32_t packed;      ///< channels of a pixel in the lanes
  std::int32_t channels;    ///< of them used
  std::ptrdiff_t y_row_step;
  std::ptrdiff_t y_step;
};

/// Four positions, across the ends of rows.
template <class Y>
struct FourPositions {
  const std::byte* x[4];
  Y* y[4];
  std::int32_t lanes[4];
};

/// Goes through them.
template <class Y>
struct QuadCursor {
  QuadCursor(const QuadRows& rows, Y* y) noexcept
      : left(rows.rows * rows.positions),
        rows_(rows),
        at_(rows.x),
        row_(rows.x),
        to_(y),
        y_row_(y) {}

  std::int32_t left;

  /// The last position again where there are fewer than four.
  [[gnu::always_inline]] FourPositions<Y> next() noexcept {
    FourPositions<Y> four;
#pragma GCC unroll 4
    for (std::size_t p = 0; p < 4; ++p) {
      if (left == 0) {
        four.x[p] = four.x[p - 1];
        four.lanes[p] = 0;
        continue;
      }
      four.x[p] = at_;
      four.y[p] = to_;
      four.lanes[p] = rows_.lanes;
      --left;
      at_ += rows_.step;
      to_ += rows_.y_step;
      if (++column_ == rows_.positions) {
        four.lanes[p] = rows_.last_lanes;
        column_ = 0;
        at_ = row_ += rows_.row_step;
        to_ = y_row_ += rows_.y_row_step;
      }
    }
    return four;
  }

 private:
  const QuadRows& rows_;
  const std::byte* at_;
  const std::byte* row_;
  Y* to_;
  Y* y_row_;
  std::int32_t column_ = 0;
};

/// The elements of 16 lanes without those that no channel has.
template <class Y>
inline void store_used(const Y* out, const QuadRows& rows, std::int32_t lanes, Y* y) noexcept {
  for (std::int32_t from = 0; from < lanes; from += rows.packed, y += rows.channels) {
    std::memcpy(y, out + from,
                static_cast<std::size_t>(std::min(rows.channels, lanes - from)) * sizeof(Y));
  }
}

/// Limits and writes four outputs of 16 lanes each.
template <class Dots, class Y>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline void store_quads(
    const FinishTraits& traits, const QuadFinish& finish, const typename Dots::Vector (&out)[4],
    const QuadRows& rows, const FourPositions<Y>& to) noexcept {
  alignas(64) Y staged[4 * depthwise_lanes];
  if constexpr (std::is_same_v<Y, std::int8_t>) {
    const auto bytes = bytes_of<Dots>(out, Dots::load(finish.high), traits.low);
    const std::int32_t fewest =
        std::min(std::min(to.lanes[0], to.lanes[1]), std::min(to.lanes[2], to.lanes[3]));
    if (rows.packed == rows.channels && fewest == depthwise_lanes) {
      Dots::template store_quarter<0>(to.y[0], bytes);
      Dots::template store_quarter<1>(to.y[1], bytes);
      Dots::template store_quarter<2>(to.y[2], bytes);
      Dots::template store_quarter<3>(to.y[3], bytes);
      return;
    }
    Dots::store_all(staged, bytes);
  } else {
    const auto high = Dots::load_bytes(finish.high);
#pragma GCC unroll 4
    for (std::int32_t p = 0; p < 4; ++p) {
      const auto limited =
          traits.raw ? out[p] : Dots::most(Dots::least(out[p], high), Dots::all(traits.low));
      Dots::store_all(staged + p * depthwise_lanes, limited);
    }
  }
  for (std::size_t p = 0; p < 4; ++p) {
    if (to.lanes[p] > 0) store_used(staged + p * depthwise_lanes, rows, to.lanes[p], to.y[p]);
  }
}

/// Sums at four places, finished but for the limits. `Taps` columns, or as many as there are if it
/// is 0.
template <class Dots, std::int32_t Taps>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline void sum_quads(
    const std::byte* const (&x)[4], const std::int32_t* offsets, const std::byte* weights,
    std::int32_t taps, typename Dots::Vector (&sums)[4]) noexcept {
#pragma GCC unroll 4
  for (std::int32_t t = 0; t < (Taps == 0 ? taps : Taps); ++t) {
    const auto w = Dots::load(weights + 64 * t);
#pragma GCC unroll 4
    for (std::size_t p = 0; p < 4; ++p)
      sums[p] = Dots::dots(sums[p], Dots::load(x[p] + offsets[t]), w);
  }
}

/// One block of lanes of some rows. Not part of its caller: the registers are all needed here.
template <class Dots, bool Flipped, std::int32_t Taps, class Y>
[[TENON_ZMM_TARGET, gnu::noinline]] void quad_rows(const FinishTraits& traits,
                                                   const QuadHeader& header,
                                                   const std::byte* packed,
                                                   const QuadLayout& layout, const QuadRows& rows,
                                                   Y* y) noexcept {
  const QuadFinish& finish = *reinterpret_cast<const QuadFinish*>(packed + layout.finish);
  const auto* const offsets = reinterpret_cast<const std::int32_t*>(packed + layout.offsets);
  const ZmmFinish<Dots> scale{traits, Dots::load(finish.offset), Dots::load(finish.multiplier),
                              Dots::load(finish.shift)};
  const auto start = Flipped ? Dots::load(finish.start) : Dots::zero();
  QuadCursor<Y> cursor(rows, y);
  while (cursor.left > 0) {
    const FourPositions<Y> four = cursor.next();
    typename Dots::Vector sums[4] = {start, start, start, start};
    sum_quads<Dots, Taps>(four.x, offsets, packed + layout.weights, header.taps, sums);
    if (header.small) {
#pragma GCC unroll 4
      for (std::size_t p = 0; p < 4; ++p) sums[p] = scale.small(sums[p]);
    } else {
#pragma GCC unroll 4
      for (std::size_t p = 0; p < 4; ++p) sums[p] = scale.any(sums[p]);
    }
    store_quads<Dots>(traits, finish, sums, rows, four);
  }
}

/// All blocks of lanes of rows [first, first + count) of the output, which a band serves.
template <class Dots, bool Flipped, class Y>
inline void quad_band(const DepthwiseBlock& block, const QuadPlan& plan, const std::byte* band,
                      std::int32_t count, const std::byte* packed, Y* y) noexcept {
  const QuadLayout layout = quad_layout_of(plan);
  const std::int32_t width = block.window.x.output;
  const std::int32_t stride = block.window.y.stride;
  const bool several = plan.channels < depthwise_lanes;  // pixels in a block of lanes
  const std::int32_t pixels = several ? depthwise_lanes / plan.channels : 1;
  const std::ptrdiff_t y_row = std::ptrdiff_t{width} * block.channels;
  for (std::int32_t parity = 0; parity < plan.parities && parity < count; ++parity) {
    for (std::int32_t b = 0; b < plan.blocks; ++b, packed += layout.bytes) {
      const std::int32_t used = std::min(depthwise_lanes, block.channels - b * depthwise_lanes);
      const QuadRows rows{
          band + parity * stride / 2 * plan.quad_bytes + std::ptrdiff_t{b} * 4 * depthwise_lanes,
          stride * plan.parities / 2 * plan.quad_bytes,
          plan.position_bytes,
          ceiling(count - parity, plan.parities),
          plan.positions,
          several ? (width - (plan.positions - 1) * pixels) * plan.channels : used,
          several ? depthwise_lanes : used,
          several ? plan.channels : used,
          several ? block.channels : used,
          y_row * plan.parities,
          std::ptrdiff_t{block.channels} * pixels};
      QuadHeader header;
      std::memcpy(&header, packed, sizeof header);
      Y* const to = y + parity * y_row + b * depthwise_lanes;
      if (header.taps == 3) {
        quad_rows<Dots, Flipped, 3>(block.finish, header, packed, layout, rows, to);
      } else {
        quad_rows<Dots, Flipped, 0>(block.finish, header, packed, layout, rows, to);
      }
    }
  }
}

template <class Dots, bool Flipped, class X, class Y>
inline void depthwise_quads(const DepthwiseBlock& block, const QuadPlan& plan, const X* x,
                            const std::byte* packed, Y* y, std::byte* scratch) noexcept {
  const WindowAxis& wy = block.window.y;
  const std::ptrdiff_t y_row = std::ptrdiff_t{block.window.x.output} * block.channels;
  for (std::int32_t row = 0; row < wy.output; row += plan.band_rows) {
    const std::int32_t count = std::min(plan.band_rows, wy.output - row);
    stage_quads<Dots, Flipped>(block, plan, x, row, count, scratch);
    quad_band<Dots, Flipped>(block, plan, scratch, count, packed + quad_plan_bytes,
                             y + row * y_row);
  }
}

template <class Dots, class X, class Y>
inline void depthwise_zmm(const DepthwiseBlock& block, const QuadPlan& plan, const X* x,
                          const std::byte* packed, Y* y, std::byte* scratch) noexcept {
  if (std::is_signed_v<X> && !block.non_negative) {
    depthwise_quads<Dots, true>(block, plan, x, packed, y, scratch);
  } else {
    depthwise_quads<Dots, false>(block, plan, x, packed, y, scratch);
  }
}

}  // namespace tenon::kernel::x86
#endif
