// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/depthwise_quads.hpp>
#include <tenon/kernel/x86/dot_kernels.hpp>
#include <tenon/kernel/x86/zmm_finish.hpp>
#include <type_traits>

// Depthwise convolutions for AVX512-VNNI, on bands of four rows: a dot product sums up a column of four taps of 16 channels in 32
// bits. Exact: bytes of either sign are 128 larger in the band, and the sums begin with what takes that away.
namespace tenon::kernel::x86 {

/// Four rows of which some may lie outside.
template <class X>
struct RowQuad {
  const X* rows[4];
};

/// `count` elements from `from` on, side by side; nothing is written behind them.
template <class Dots, bool Flipped, class X>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline void stage_elements(const RowQuad<X>& quad, std::ptrdiff_t from,
                                                                    std::int32_t count, std::byte* to) noexcept {
  for (; count > 0; count -= 64, from += 64, to += 256) {
    const std::size_t now = count < 64 ? static_cast<std::size_t>(count) : 64;
    typename Dots::Vector x[4];
#pragma GCC unroll 4
    for (std::size_t r = 0; r < 4; ++r) {
      const X* const row = quad.rows[r];
      if (row != nullptr && now == 64) {
        x[r] = Dots::load(row + from);
      } else {
        x[r] = row != nullptr ? Dots::load_part(row + from, now) : Dots::zero();
      }
      if constexpr (Flipped) x[r] = Dots::flipped(x[r]);
      x[r] = Dots::transposed(x[r]);  // so that the quarters of the results are in order
    }
    const typename Dots::Vector pairs[4] = {Dots::low_bytes(x[0], x[1]), Dots::low_bytes(x[2], x[3]),
                                            Dots::high_bytes(x[0], x[1]), Dots::high_bytes(x[2], x[3])};
    const typename Dots::Vector out[4] = {Dots::low_words(pairs[0], pairs[1]), Dots::high_words(pairs[0], pairs[1]),
                                          Dots::low_words(pairs[2], pairs[3]), Dots::high_words(pairs[2], pairs[3])};
#pragma GCC unroll 4
    for (std::size_t q = 0; q < 4; ++q) {
      if (now >= 16 * (q + 1)) {
        Dots::store_all(to + 64 * q, out[q]);
      } else if (now > 16 * q) {
        Dots::store(reinterpret_cast<std::int32_t*>(to + 64 * q), out[q], now - 16 * q);
      }
    }
  }
}

/// Four rows of the band, from left to right.
template <class Dots, bool Flipped, class X>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline void stage_quad(const DepthwiseBlock& block, const QuadPlan& plan,
                                                                const RowQuad<X>& quad, std::byte* to) noexcept {
  const WindowAxis& wx = block.window.x;
  const std::ptrdiff_t pixel = std::ptrdiff_t{plan.channels} * 4;
  const auto pad = [](std::byte* at, std::ptrdiff_t bytes) {
    std::memset(at, Flipped ? 128 : 0, static_cast<std::size_t>(bytes));
  };
  for (std::int32_t plane = 0; plane < plan.planes; ++plane) {
    // Columns of the band whose pixels lie inside.
    const std::int32_t outside = wx.before - plane;
    const std::int32_t first = std::min(outside > 0 ? ceiling(outside, plan.planes) : 0, plan.plane_width);
    const std::int32_t inside_end = wx.input + outside > 0 ? ceiling(wx.input + outside, plan.planes) : 0;
    const std::int32_t end = std::max(std::min(inside_end, plan.plane_width), first);
    pad(to, first * pixel);
    to += first * pixel;
    std::ptrdiff_t from = std::ptrdiff_t{first * plan.planes - outside} * block.channels;
    if (plan.planes == 1 && plan.channels == block.channels) {
      stage_elements<Dots, Flipped>(quad, from, (end - first) * block.channels, to);
      to += (end - first) * pixel;
    } else {
      const std::ptrdiff_t next = std::ptrdiff_t{plan.planes} * block.channels;
      for (std::int32_t i = first; i < end; ++i, from += next, to += pixel) {
        stage_elements<Dots, Flipped>(quad, from, block.channels, to);
      }
    }
    pad(to, (plan.plane_width - end) * pixel);
    to += (plan.plane_width - end) * pixel;
  }
}

template <class Dots, bool Flipped, class X>
[[TENON_ZMM_TARGET, gnu::noinline]] void stage_quads(const DepthwiseBlock& block, const QuadPlan& plan, const X* x,
                                                     std::int32_t first, std::int32_t rows, std::byte* to) noexcept {
  const WindowAxis& wy = block.window.y;
  const std::ptrdiff_t row_size = std::ptrdiff_t{block.window.x.input} * block.channels;
  const std::int32_t height = plan.band_height(wy, rows);
  for (std::int32_t r = 0; r < height; r += 2, to += plan.quad_bytes) {
    RowQuad<X> quad{};
    for (std::int32_t i = 0; i < 4; ++i) {
      const std::int32_t y = first * wy.stride - wy.before + (r + i) * wy.dilation;
      if (r + i < height && y >= 0 && y < wy.input) quad.rows[i] = x + y * row_size;
    }
    stage_quad<Dots, Flipped>(block, plan, quad, to);
  }
}

/// An output row: 16 lanes at each position, as one or several pixels.
struct QuadRow {
  const std::byte* x;
  std::ptrdiff_t step;      ///< bytes from a position to the next
  std::int32_t positions;
  std::int32_t last_lanes;  ///< used at the last position
  std::int32_t lanes;       ///< and at the others
  std::int32_t packed;      ///< channels of a pixel in the lanes
  std::int32_t channels;    ///< of them used
  std::ptrdiff_t y_step;
};

/// The elements of 16 lanes without those that no channel has.
template <class Y>
inline void store_used(const Y* out, const QuadRow& row, std::int32_t lanes, Y* y) noexcept {
  for (std::int32_t from = 0; from < lanes; from += row.packed, y += row.channels) {
    std::memcpy(y, out + from, static_cast<std::size_t>(std::min(row.channels, lanes - from)) * sizeof(Y));
  }
}

/// Writes four outputs of 16 lanes each, or the first `now` of them; the last may be the last one of the row.
template <class Dots, class Y>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline void store_quad(const FinishTraits& traits, const QuadFinish& finish,
                                                                const typename Dots::Vector (&out)[4], const QuadRow& row,
                                                                std::int32_t now, bool last, Y* y) noexcept {
  const bool whole = row.packed == row.channels && row.lanes == depthwise_lanes;
  alignas(64) Y staged[4 * depthwise_lanes];
  if constexpr (std::is_same_v<Y, std::int8_t>) {
    const auto bytes = bytes_of<Dots>(out, Dots::load(finish.high), traits.low);
    if (whole && row.y_step == depthwise_lanes) {
      const std::int32_t count = (now - 1) * depthwise_lanes + (last ? row.last_lanes : depthwise_lanes);
      return Dots::store_part(y, bytes, static_cast<std::size_t>(count));
    }
    if (whole && now == 4 && (!last || row.last_lanes == depthwise_lanes)) {
      Dots::template store_quarter<0>(y, bytes);
      Dots::template store_quarter<1>(y + row.y_step, bytes);
      Dots::template store_quarter<2>(y + 2 * row.y_step, bytes);
      Dots::template store_quarter<3>(y + 3 * row.y_step, bytes);
      return;
    }
    Dots::store_all(staged, bytes);
  } else {
    const auto high = Dots::load_bytes(finish.high);
#pragma GCC unroll 4
    for (std::int32_t p = 0; p < 4; ++p) {
      const auto limited = traits.raw ? out[p] : Dots::most(Dots::least(out[p], high), Dots::all(traits.low));
      Dots::store_all(staged + p * depthwise_lanes, limited);
    }
  }
  for (std::int32_t p = 0; p < now; ++p, y += row.y_step) {
    store_used(staged + p * depthwise_lanes, row, last && p + 1 == now ? row.last_lanes : row.lanes, y);
  }
}

/// Sums at four places, finished but for the limits. `Taps` columns, or as many as there are if it is 0.
template <class Dots, std::int32_t Taps>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline void sum_quads(const std::byte* const (&x)[4], const std::int32_t* offsets,
                                                               const std::byte* weights, std::int32_t taps,
                                                               typename Dots::Vector (&sums)[4]) noexcept {
#pragma GCC unroll 4
  for (std::int32_t t = 0; t < (Taps == 0 ? taps : Taps); ++t) {
    const auto w = Dots::load(weights + 64 * t);
#pragma GCC unroll 4
    for (std::size_t p = 0; p < 4; ++p) sums[p] = Dots::dots(sums[p], Dots::load(x[p] + offsets[t]), w);
  }
}

/// One block of lanes of a row. Not part of its caller: the registers are all needed here.
template <class Dots, bool Flipped, std::int32_t Taps, class Y>
[[TENON_ZMM_TARGET, gnu::noinline]] void quad_row(const FinishTraits& traits, const QuadHeader& header,
                                                  const std::byte* packed, const QuadLayout& layout, const QuadRow& row,
                                                  Y* y) noexcept {
  const QuadFinish& finish = *reinterpret_cast<const QuadFinish*>(packed + layout.finish);
  const auto* const offsets = reinterpret_cast<const std::int32_t*>(packed + layout.offsets);
  const ZmmFinish<Dots> scale{traits, Dots::load(finish.offset), Dots::load(finish.multiplier), Dots::load(finish.shift)};
  const auto start = Flipped ? Dots::load(finish.start) : Dots::zero();
  const std::byte* at = row.x;
  for (std::int32_t left = row.positions; left > 0; left -= 4, at += 4 * row.step, y += 4 * row.y_step) {
    const std::int32_t now = left < 4 ? left : 4;
    const std::byte* const x[4] = {at, now > 1 ? at + row.step : at, now > 2 ? at + 2 * row.step : at,
                                   now > 3 ? at + 3 * row.step : at};
    typename Dots::Vector sums[4] = {start, start, start, start};
    sum_quads<Dots, Taps>(x, offsets, packed + layout.weights, header.taps, sums);
    if (header.small) {
#pragma GCC unroll 4
      for (std::size_t p = 0; p < 4; ++p) sums[p] = scale.small(sums[p]);
    } else {
#pragma GCC unroll 4
      for (std::size_t p = 0; p < 4; ++p) sums[p] = scale.any(sums[p]);
    }
    store_quad<Dots>(traits, finish, sums, row, now, left <= 4, y);
  }
}

template <class Dots, bool Flipped, class X, class Y>
inline void depthwise_quads(const DepthwiseBlock& block, const QuadPlan& plan, const X* x, const std::byte* packed, Y* y,
                            std::byte* scratch) noexcept {
  packed += quad_plan_bytes;
  const QuadLayout layout = quad_layout_of(plan);
  const WindowAxis& wy = block.window.y;
  const std::int32_t width = block.window.x.output;
  const bool several = plan.channels < depthwise_lanes;  // pixels in a block of lanes
  const std::int32_t pixels = several ? depthwise_lanes / plan.channels : 1;
  for (std::int32_t row = 0; row < wy.output; ++row) {
    const std::int32_t in_band = row % plan.band_rows;
    if (in_band == 0) {
      stage_quads<Dots, Flipped>(block, plan, x, row, std::min(plan.band_rows, wy.output - row), scratch);
    }
    const std::int32_t first = in_band * wy.stride;
    const std::byte* at = packed + (plan.parities == 2 ? first % 2 * plan.blocks : 0) * static_cast<std::ptrdiff_t>(layout.bytes);
    Y* const to = y + std::ptrdiff_t{row} * width * block.channels;
    for (std::int32_t b = 0; b < plan.blocks; ++b, at += layout.bytes) {
      const std::int32_t used = std::min(depthwise_lanes, block.channels - b * depthwise_lanes);
      const QuadRow quads{scratch + first / 2 * plan.quad_bytes + std::ptrdiff_t{b} * 4 * depthwise_lanes,
                          plan.position_bytes,
                          plan.positions,
                          several ? (width - (plan.positions - 1) * pixels) * plan.channels : used,
                          several ? depthwise_lanes : used,
                          several ? plan.channels : used,
                          several ? block.channels : used,
                          std::ptrdiff_t{block.channels} * pixels};
      QuadHeader header;
      std::memcpy(&header, at, sizeof header);
      Y* const out = to + b * depthwise_lanes;
      if (header.taps == 3) {
        quad_row<Dots, Flipped, 3>(block.finish, header, at, layout, quads, out);
      } else {
        quad_row<Dots, Flipped, 0>(block.finish, header, at, layout, quads, out);
      }
    }
  }
}

template <class Dots, class X, class Y>
inline void depthwise_zmm(const DepthwiseBlock& block, const QuadPlan& plan, const X* x, const std::byte* packed, Y* y,
                          std::byte* scratch) noexcept {
  if (std::is_signed_v<X> && !block.non_negative) {
    depthwise_quads<Dots, true>(block, plan, x, packed, y, scratch);
  } else {
    depthwise_quads<Dots, false>(block, plan, x, packed, y, scratch);
  }
}

}  // namespace tenon::kernel::x86
#endif
