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

// The bands of depthwise convolutions for AVX-512: four rows of the input side by side, with their
// padding; bytes of either sign are 128 larger there.
namespace tenon::kernel::x86 {

/// Four rows of which some may lie outside.
template <class X>
struct RowQuad {
  const X* rows[4];
};

/// `count` elements from `from` on, side by side; nothing is written behind them.
template <class Dots, bool Flipped, class X>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline void stage_elements(const RowQuad<X>& quad,
                                                                    std::ptrdiff_t from,
                                                                    std::int32_t count,
                                                                    std::byte* to) noexcept {
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
    const typename Dots::Vector pairs[4] = {
        Dots::low_bytes(x[0], x[1]), Dots::low_bytes(x[2], x[3]), Dots::high_bytes(x[0], x[1]),
        Dots::high_bytes(x[2], x[3])};
    const typename Dots::Vector out[4] = {
        Dots::low_words(pairs[0], pairs[1]), Dots::high_words(pairs[0], pairs[1]),
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
[[TENON_ZMM_TARGET, gnu::always_inline]] inline void stage_quad(const DepthwiseBlock& block,
                                                                const QuadPlan& plan,
                                                                const RowQuad<X>& quad,
                                                                std::byte* to) noexcept {
  const WindowAxis& wx = block.window.x;
  const std::ptrdiff_t pixel = std::ptrdiff_t{plan.channels} * 4;
  const auto pad = [](std::byte* at, std::ptrdiff_t bytes) {
    std::memset(at, Flipped ? 128 : 0, static_cast<std::size_t>(bytes));
  };
  for (std::int32_t plane = 0; plane < plan.planes; ++plane) {
    // Columns of the band whose pixels lie inside.
    const std::int32_t outside = wx.before - plane;
    const std::int32_t first =
        std::min(outside > 0 ? ceiling(outside, plan.planes) : 0, plan.plane_width);
    const std::int32_t inside_end =
        wx.input + outside > 0 ? ceiling(wx.input + outside, plan.planes) : 0;
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
[[TENON_ZMM_TARGET, gnu::noinline]] void stage_quads(const DepthwiseBlock& block,
                                                     const QuadPlan& plan, const X* x,
                                                     std::int32_t first, std::int32_t rows,
                                                     std::byte* to) noexcept {
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

}  // namespace tenon::kernel::x86
#endif
