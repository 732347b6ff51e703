// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/conv_tiles.hpp>
#include <tenon/kernel/cortex_m/patch_mla.hpp>
#include <tenon/kernel/cortex_m/patch_smlad.hpp>
#include <tenon/kernel/cortex_m/row_products.hpp>
#include <tenon/kernel/reference/dense_block.hpp>

// Products with a matrix for Cortex-M. One or two rows: a few units at a time; more are a convolution. `scratch` as for
// convolutions.
namespace tenon::kernel {

namespace cortex_m {

/// Pixels side by side, since tiles go along rows.
[[nodiscard, gnu::always_inline]] inline constexpr ConvBlock as_convolution(const DenseBlock& block) noexcept {
  return convolution_of(block, &Window2D::x);
}
[[nodiscard, gnu::always_inline]] inline constexpr bool row_by_row(const DenseBlock& block) noexcept { return block.rows <= 2; }

/// A few words more: the loop looks behind the end.
template <template <std::size_t> class Patch>
[[nodiscard]] constexpr std::size_t dense_scratch(const DenseBlock& block) noexcept {
  return 4 * (row_by_row(block) ? Patch<1>::words(block.inputs) + 3
                                : ConvScratch::of<Patch<5>>(as_convolution(block)).words);
}

template <class Patch, class X, class Y>
[[gnu::always_inline]] inline void dense_rows(const DenseBlock& block, const X* x, const std::uint8_t* shifts,
                                              const signed char* w, const ChannelFinish* channel_finish, Y* y,
                                              std::int32_t* scratch) noexcept {
  const bool four_bits = block.weight_bits <= 4;
  const std::int32_t row_size = row_step(block.inputs, block.weight_bits);
  for (std::int32_t r = 0; r < block.rows; ++r, x += block.inputs, y += block.units) {
    Patch patch(scratch, 0, block.inputs, four_bits);
    if (block.shifted) {
      patch.copy_shifted(x, shifts, nullptr, block.inputs, block.inputs);
    } else {
      patch.copy(x, block.inputs);
    }
    patch.close(block.inputs, four_bits);
    std::int32_t start[1];
    Patch::start(scratch, four_bits, start);
    constexpr const Patch* kind = nullptr;
    constexpr std::size_t together = rows_together(kind);
    constexpr auto count = static_cast<std::int32_t>(together);
    for (std::int32_t u = 0; u < block.units; u += count) {
      // The last rows may repeat units of those before, or the only ones.
      const std::int32_t first = u + count <= block.units ? u : block.units > count ? block.units - count : 0;
      const std::int32_t last = (block.units < count ? block.units : count) - 1;
      RowJob<together> job;
#pragma GCC unroll 4
      for (std::int32_t i = 0; i < count; ++i) {
        job.sums[i] = start[0];
        job.w[i] = w + (first + (i < last ? i : last)) * row_size;
      }
      job.patch = scratch;
      job.inputs = block.inputs;
      run_rows(kind, job, four_bits);
      const ChannelFinish* const channel = channel_finish + first;
      Y* const to = y + first;
#pragma GCC unroll 4
      for (std::int32_t i = 0; i < count; ++i) {
        const std::int32_t unit = i < last ? i : last;
        to[unit] = static_cast<Y>(Requantizer::of(channel[unit])(block.finish, job.sums[i]));
      }
    }
  }
}

template <template <std::size_t> class Patch, class X, class Y>
[[gnu::always_inline]] inline void dense(const DenseBlock& block, const X* x, const std::uint8_t* shifts,
                                         const signed char* w, const ChannelFinish* channel_finish, Y* y,
                                         std::int32_t* scratch) noexcept {
  if (row_by_row(block)) return dense_rows<Patch<1>>(block, x, shifts, w, channel_finish, y, scratch);
  conv_tiles<Patch<5>>(as_convolution(block), x, static_cast<const X*>(nullptr), shifts, w, channel_finish, y, scratch);
}

}  // namespace cortex_m

[[nodiscard]] constexpr std::size_t scratch_bytes(arch::cortex_m, const DenseBlock& block) noexcept {
  return cortex_m::dense_scratch<cortex_m::MlaPatch>(block);
}
[[nodiscard]] constexpr std::size_t scratch_bytes(arch::cortex_m_dsp, const DenseBlock& block) noexcept {
  return cortex_m::dense_scratch<cortex_m::SmladPatch>(block);
}

template <class X, class Y>
[[gnu::always_inline]] inline void dense_block(arch::cortex_m, const DenseBlock& block, const X* x,
                                               const std::uint8_t* shifts, const signed char* w,
                                               const ChannelFinish* channel_finish, Y* y,
                                               std::int32_t* scratch) noexcept {
  cortex_m::dense<cortex_m::MlaPatch>(block, x, shifts, w, channel_finish, y, scratch);
}

/// Shifted bytes without a sign go another way, as for convolutions.
template <class X, class Y>
[[gnu::always_inline]] inline void dense_block(arch::cortex_m_dsp, const DenseBlock& block, const X* x,
                                               const std::uint8_t* shifts, const signed char* w,
                                               const ChannelFinish* channel_finish, Y* y,
                                               std::int32_t* scratch) noexcept {
  if (!std::numeric_limits<X>::is_signed && block.shifted) {
    return dense_block(arch::reference{}, block, x, shifts, w, channel_finish, y);
  }
  cortex_m::dense<cortex_m::SmladPatch>(block, x, shifts, w, channel_finish, y, scratch);
}

}  // namespace tenon::kernel
