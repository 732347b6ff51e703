// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__aarch64__)
#include <arm_neon.h>

#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/neon/finish.hpp>
#include <tenon/kernel/neon/plan.hpp>
#include <tenon/kernel/neon/products.hpp>
#include <type_traits>

// All pixels of a band by the filters of a tile: 16 vectors of sums stay in registers until they are outputs.
namespace tenon::kernel::neon {

/// A packed tile, and where its inputs and outputs are.
struct TileJob {
  TileHeader header;
  const TileConstants* constants;
  const std::byte* weights;
  const Item* items;
  const Item* end;
  bool shifts;  ///< sums
  const std::byte* band;
  std::ptrdiff_t row_step;
  std::ptrdiff_t pixel_step;
  std::int32_t rows;
  std::int32_t width;     ///< pixels of a row
  std::ptrdiff_t y_step;  ///< from an output pixel to the next
  FinishTraits traits;
};

template <std::size_t Pixels, std::size_t Vectors, class Sums>
[[gnu::always_inline]] inline void sum_up(const TileJob& job, const std::byte* base, const int32x4_t* start,
                                          Sums& sums) noexcept {
  if (job.shifts) {
    constexpr int32x4_t none[Vectors] = {};
    sums.begin(none);
  } else {
    sums.begin(start);
  }
  const std::byte* w = job.weights;
  for (const Item* item = job.items; item != job.end; ++item) {
    if (item->shift != 0) sums.shift(item->shift);
    const std::byte* at = base + item->offset;
    if constexpr (Pixels == 1) {
      for (std::int32_t left = item->more; left > 0; --left, ++item, at += 16) w = sums.multiply_most(at, job.pixel_step, w);
    }
    w = sums.multiply(at, job.pixel_step, item->granules, w);
  }
  if (job.shifts) sums.add(start);
}

/// Eight or 16 outputs, if `Whole` all of them.
template <std::size_t Vectors, bool Whole, class Y>
[[gnu::always_inline]] inline void store_outputs(const TileJob& job, const Limits& limits, const int32x4_t* outputs,
                                                 Y* y) noexcept {
  int32x4_t wide[4];
#pragma GCC unroll 4
  for (std::size_t v = 0; v < 4; ++v) wide[v] = outputs[v % Vectors];
  store(y, limits(to_bytes(wide)), Whole ? static_cast<std::int32_t>(4 * Vectors) : job.header.filters);
}

template <std::size_t Pixels, std::size_t Vectors, class Sums>
[[gnu::always_inline]] inline void finish_raw(const TileJob& job, const Sums& sums, std::int32_t* y) noexcept {
#pragma GCC unroll 8
  for (std::size_t p = 0; p < Pixels; ++p, y += job.y_step) {
    int32x4_t sum[Vectors];
    sums.pixel(p, sum);
    store_sums<Vectors>(y, sum, job.header.filters);
  }
}

template <std::size_t Pixels, std::size_t Vectors, bool Whole, class Sums, class Y>
[[gnu::always_inline]] inline void finish_rounded(const TileJob& job, const Limits& limits, const Sums& sums, Y* y) noexcept {
  int32x4_t scale[Vectors];
#pragma GCC unroll 4
  for (std::size_t v = 0; v < Vectors; ++v) scale[v] = vld1q_s32(job.constants->scale + 4 * v);
#pragma GCC unroll 8
  for (std::size_t p = 0; p < Pixels; ++p, y += job.y_step) {
    int32x4_t out[Vectors];
    sums.pixel(p, out);
#pragma GCC unroll 4
    for (std::size_t v = 0; v < Vectors; ++v) out[v] = vqrdmulhq_s32(out[v], scale[v]);
    store_outputs<Vectors, Whole>(job, limits, out, y);
  }
}

/// Any other finish, from sums in memory: rare, and long.
template <std::size_t Vectors, class Y>
[[gnu::noinline]] void finish_any(const TileJob& job, const std::int32_t* sums, std::size_t pixels, Y* y) noexcept {
  const TileConstants& constants = *job.constants;
  const Limits limits{vdupq_n_s8(job.traits.low), vld1q_s8(constants.high)};
  for (std::size_t p = 0; p < pixels; ++p, sums += 4 * Vectors, y += job.y_step) {
    int32x4_t out[Vectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < Vectors; ++v) {
      const FinishVectors channels{vld1q_s32(constants.offset + 4 * v), vld1q_s32(constants.scale + 4 * v),
                                   vld1q_s32(constants.shift + 4 * v)};
      out[v] = scaled(job.traits, channels, vld1q_s32(sums + 4 * v));
    }
    store_outputs<Vectors, false>(job, limits, out, y);
  }
}

template <std::size_t Pixels, std::size_t Vectors, class Sums, class Y>
[[gnu::always_inline]] inline void finish_tile(const TileJob& job, const Sums& sums, Y* y) noexcept {
  if constexpr (std::is_same_v<Y, std::int32_t>) {
    if (job.traits.raw) return finish_raw<Pixels, Vectors>(job, sums, y);
  }
  if (job.header.form != FinishForm::rounded) {
    std::int32_t stored[Pixels * Vectors * 4];
#pragma GCC unroll 8
    for (std::size_t p = 0; p < Pixels; ++p) {
      int32x4_t sum[Vectors];
      sums.pixel(p, sum);
      store_sums<Vectors>(stored + p * Vectors * 4, sum, static_cast<std::int32_t>(4 * Vectors));
    }
    return finish_any<Vectors>(job, stored, Pixels, y);
  }
  const Limits limits{vdupq_n_s8(job.traits.low), vld1q_s8(job.constants->high)};
  if (job.header.filters == static_cast<std::int32_t>(4 * Vectors)) {
    finish_rounded<Pixels, Vectors, true>(job, limits, sums, y);
  } else {
    finish_rounded<Pixels, Vectors, false>(job, limits, sums, y);
  }
}

template <class Products, std::size_t Pixels, std::size_t Vectors, bool Corrected, bool Unsigned, class Y>
[[gnu::always_inline]] inline void run_tile(const TileJob& job, const std::byte* base, Y* y) noexcept {
  int32x4_t start[Vectors];
#pragma GCC unroll 4
  for (std::size_t v = 0; v < Vectors; ++v) {
    start[v] = vld1q_s32(job.constants->start + 4 * v);
    if constexpr (Corrected) start[v] = vaddq_s32(start[v], vld1q_s32(job.constants->correction + 4 * v));
  }
  typename Products::template Sums<Pixels, Vectors, Unsigned> sums;
  sum_up<Pixels, Vectors>(job, base, start, sums);
  finish_tile<Pixels, Vectors>(job, sums, y);
}

/// `Corrected`: the inputs are taken 128 lower than they are. `Pixels` at a time, and one at a time what is left.
template <class Products, std::size_t Pixels, std::size_t Vectors, bool Corrected, bool Unsigned, class Y>
[[gnu::noinline]] void run_tiles(const TileJob& lent, Y* y) noexcept {
  const TileJob job = lent;  // outputs may be bytes, which may stand for anything: the compiler would read it again after each
  constexpr auto pixels = static_cast<std::int32_t>(Pixels);
  const std::byte* row = job.band;
  for (std::int32_t r = 0; r < job.rows; ++r, row += job.row_step) {
    const std::byte* base = row;
    std::int32_t left = job.width;
    if constexpr (Pixels > 1) {
      for (; left >= pixels; left -= pixels, base += pixels * job.pixel_step, y += pixels * job.y_step) {
        run_tile<Products, Pixels, Vectors, Corrected, Unsigned>(job, base, y);
      }
    }
    for (; left > 0; --left, base += job.pixel_step, y += job.y_step) {
      run_tile<Products, 1, Vectors, Corrected, Unsigned>(job, base, y);
    }
  }
}

template <class Products, std::size_t Vectors, bool Corrected, bool Unsigned, class Y>
[[gnu::always_inline]] inline void run_tiles_of(const TileJob& job, Y* y) noexcept {
  constexpr std::size_t pixels = 16 / Vectors;
  if (job.width >= static_cast<std::int32_t>(pixels)) {
    run_tiles<Products, pixels, Vectors, Corrected, Unsigned>(job, y);
  } else {
    run_tiles<Products, 1, Vectors, Corrected, Unsigned>(job, y);
  }
}

}  // namespace tenon::kernel::neon
#endif
