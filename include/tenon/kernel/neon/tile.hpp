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
  const TileHeader* header;
  const TileConstants* constants;
  const std::byte* weights;
  const std::int32_t* offsets;  ///< of the runs
  std::int32_t runs;
  std::ptrdiff_t granule_bytes;
  const std::byte* band;
  std::ptrdiff_t row_step;
  std::ptrdiff_t pixel_step;
  std::int32_t rows;
  std::int32_t width;        ///< pixels of a row
  std::ptrdiff_t y_step;     ///< from an output pixel to the next
  FinishTraits traits;
};

template <std::size_t Vectors, class Sums>
[[gnu::always_inline]] inline void sum_up(const TileJob& job, const std::byte* base, const int32x4_t* start, Sums& sums) noexcept {
  const Program& program = job.header->program;
  int32x4_t first[Vectors];
#pragma GCC unroll 4
  for (std::size_t v = 0; v < Vectors; ++v) first[v] = program.shifts ? vdupq_n_s32(0) : start[v];
  sums.begin(first);
  const std::byte* w = job.weights;
  for (std::int32_t i = 0; i < program.count; ++i) {
    const Segment& segment = program.segments[i];
    if (segment.shift != 0) sums.shift(segment.shift);
    const std::byte* const at = base + segment.first * job.granule_bytes;
    for (std::int32_t run = 0; run < job.runs; ++run) w = sums.run(at + job.offsets[run], job.pixel_step, segment.count, w);
  }
  if (!program.shifts) return;
  if (program.last_shift != 0) sums.shift(program.last_shift);
  sums.add(start);
}

template <std::size_t Vectors, class Y>
[[gnu::always_inline]] inline void store_outputs(const TileJob& job, const Limits& limits, const int32x4_t* outputs,
                                                 Y* y) noexcept {
  int32x4_t wide[4];
#pragma GCC unroll 4
  for (std::size_t v = 0; v < 4; ++v) wide[v] = outputs[v % Vectors];
  store(y, limits(to_bytes(wide)), job.header->filters);
}

template <std::size_t Pixels, std::size_t Vectors, class Sums, class Y>
[[gnu::always_inline]] inline void finish_tile(const TileJob& job, const Sums& sums, Y* y) noexcept {
  const TileConstants& constants = *job.constants;
  if constexpr (std::is_same_v<Y, std::int32_t>) {
    if (job.traits.raw) {
#pragma GCC unroll 8
      for (std::size_t p = 0; p < Pixels; ++p, y += job.y_step) {
        int32x4_t sum[Vectors];
        sums.pixel(p, sum);
        store_sums<Vectors>(y, sum, job.header->filters);
      }
      return;
    }
  }
  const Limits limits{vdupq_n_s8(job.traits.low), vld1q_s8(constants.high)};
  if (job.header->form == FinishForm::rounded) {
    int32x4_t scale[Vectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < Vectors; ++v) scale[v] = vld1q_s32(constants.scale + 4 * v);
#pragma GCC unroll 8
    for (std::size_t p = 0; p < Pixels; ++p, y += job.y_step) {
      int32x4_t out[Vectors];
      sums.pixel(p, out);
#pragma GCC unroll 4
      for (std::size_t v = 0; v < Vectors; ++v) out[v] = vqrdmulhq_s32(out[v], scale[v]);
      store_outputs<Vectors>(job, limits, out, y);
    }
    return;
  }
#pragma GCC unroll 8
  for (std::size_t p = 0; p < Pixels; ++p, y += job.y_step) {
    int32x4_t out[Vectors];
    sums.pixel(p, out);
#pragma GCC unroll 4
    for (std::size_t v = 0; v < Vectors; ++v) {
      const FinishVectors channels{vld1q_s32(constants.offset + 4 * v), vld1q_s32(constants.scale + 4 * v),
                                   vld1q_s32(constants.shift + 4 * v)};
      out[v] = scaled(job.traits, channels, out[v]);
    }
    store_outputs<Vectors>(job, limits, out, y);
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
  sum_up<Vectors>(job, base, start, sums);
  finish_tile<Pixels, Vectors>(job, sums, y);
}

/// `Corrected`: the inputs are taken 128 lower than they are.
template <class Products, std::size_t Vectors, bool Corrected, bool Unsigned, class Y>
[[gnu::noinline]] void run_tiles(const TileJob& job, Y* y) noexcept {
  constexpr std::ptrdiff_t pixels = 16 / Vectors;
  const std::byte* row = job.band;
  for (std::int32_t r = 0; r < job.rows; ++r, row += job.row_step) {
    const std::byte* base = row;
    std::int32_t left = job.width;
    for (; left >= pixels; left -= pixels, base += pixels * job.pixel_step, y += pixels * job.y_step) {
      run_tile<Products, std::size_t{pixels}, Vectors, Corrected, Unsigned>(job, base, y);
    }
    for (; left > 0; --left, base += job.pixel_step, y += job.y_step) {
      run_tile<Products, 1, Vectors, Corrected, Unsigned>(job, base, y);
    }
  }
}

}  // namespace tenon::kernel::neon
#endif
