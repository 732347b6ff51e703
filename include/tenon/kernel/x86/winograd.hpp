// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/matmul.hpp>
#include <tenon/kernel/x86/registers.hpp>
#include <tenon/kernel/x86/stage.hpp>
#include <tenon/kernel/x86/winograd_plan.hpp>

// Winograd's convolution of winograd_plan.hpp for AVX2: inputs are transformed for some rows of
// squares, then a tile of filters makes the sums of a few squares at all 16 places, which become
// outputs while they are in the first cache.
namespace tenon::kernel::x86 {

/// Four inputs in a line become what the four places multiply.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void transform_line(
    const __m256i (&d)[4], __m256i (&to)[4]) noexcept {
  to[0] = _mm256_sub_epi16(d[0], d[2]);
  to[1] = _mm256_add_epi16(d[1], d[2]);
  to[2] = _mm256_sub_epi16(d[2], d[1]);
  to[3] = _mm256_sub_epi16(d[1], d[3]);
}

/// `rows` rows of squares, place by place.
[[gnu::target("avx2,fma"), gnu::noinline]] inline void transform_band(
    const WinogradPlan& plan, std::int32_t channels, std::int32_t rows,
    const std::int16_t* multipliers, const std::int16_t* band, std::int16_t* to) noexcept {
  const std::ptrdiff_t band_row = std::ptrdiff_t{plan.band.band_width} * channels;
  const std::ptrdiff_t place = std::ptrdiff_t{rows} * plan.columns * channels;
  for (std::int32_t row = 0; row < rows; ++row) {
    for (std::int32_t column = 0; column < plan.columns; ++column) {
      const std::int16_t* from = band + 2 * (row * band_row + std::ptrdiff_t{column} * channels);
      for (std::int32_t c = 0; c < channels;
           c += winograd_lanes, from += winograd_lanes, to += winograd_lanes) {
        __m256i lines[4][4];  // by input column
#pragma GCC unroll 4
        for (std::int32_t x = 0; x < 4; ++x) {
          __m256i d[4];
#pragma GCC unroll 4
          for (std::int32_t y = 0; y < 4; ++y) {
            d[y] = load(from + y * band_row + std::ptrdiff_t{x} * channels);
            if (multipliers != nullptr) d[y] = _mm256_mullo_epi16(d[y], load(multipliers + c));
          }
          transform_line(d, lines[x]);
        }
#pragma GCC unroll 4
        for (std::int32_t y = 0; y < 4; ++y) {
          __m256i places[4];
          transform_line({lines[0][y], lines[1][y], lines[2][y], lines[3][y]}, places);
#pragma GCC unroll 4
          for (std::int32_t x = 0; x < 4; ++x) {
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + (4 * y + x) * place), places[x]);
          }
        }
      }
    }
  }
}

/// Sums of `Squares` squares and a tile of filters, place by place.
template <std::size_t Squares>
[[gnu::target("avx2,fma"), gnu::noinline]] void sum_squares(const std::byte* squares,
                                                            std::ptrdiff_t square_bytes,
                                                            std::ptrdiff_t place_bytes,
                                                            const std::byte* weights,
                                                            std::int32_t* sums) noexcept {
  for (std::int32_t place = 0; place < winograd_places; ++place, squares += place_bytes) {
    __m256i s[Squares][2] = {};
    const std::byte* x[Squares];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < Squares; ++i)
      x[i] = squares + static_cast<std::ptrdiff_t>(i) * square_bytes;
    for (std::ptrdiff_t at = 0; at < square_bytes; at += 4, weights += 64) {
      __m256i w[2] = {load(weights), load(weights + 32)};
      keep_in_register(w[0]);
      keep_in_register(w[1]);
#pragma GCC unroll 8
      for (std::size_t i = 0; i < Squares; ++i) {
        const __m256i two = broadcast_step(x[i] + at);
        add_doublewords(s[i][0], _mm256_madd_epi16(two, w[0]));
        add_doublewords(s[i][1], _mm256_madd_epi16(two, w[1]));
      }
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < 2 * Squares; ++i, sums += 8) {
      _mm256_store_si256(reinterpret_cast<__m256i*>(sums), s[i / 2][i % 2]);
    }
  }
}

/// Four sums in a line become those of two outputs.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void transform_sums(
    const __m256i (&m)[4], __m256i (&to)[2]) noexcept {
  to[0] = _mm256_add_epi32(_mm256_add_epi32(m[0], m[1]), m[2]);
  to[1] = _mm256_sub_epi32(_mm256_sub_epi32(m[1], m[2]), m[3]);
}

/// Where the outputs of a square go.
struct SquareOutputs {
  std::ptrdiff_t pixel_step;
  std::ptrdiff_t row_step;
  std::int32_t rows;     ///< 2, or 1 at the border
  std::int32_t columns;  ///< the same
  std::size_t filters;
};

/// `sums` are those of one square; those of its next place are `place_step` further on.
template <class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void finish_square(
    const FinishTraits& traits, const TileFinish& constants, const std::int32_t* sums,
    std::ptrdiff_t place_step, const SquareOutputs& out, Y* y) noexcept {
  __m256i rows[2][2][2];  // row, column, vector
#pragma GCC unroll 2
  for (std::size_t v = 0; v < 2; ++v) {
    __m256i columns[4][2];
#pragma GCC unroll 4
    for (std::int32_t x = 0; x < 4; ++x) {
      const std::int32_t* at = sums + x * place_step + 8 * static_cast<std::ptrdiff_t>(v);
      transform_sums({load(at), load(at + 4 * place_step), load(at + 8 * place_step),
                      load(at + 12 * place_step)},
                     columns[x]);
    }
#pragma GCC unroll 2
    for (std::size_t r = 0; r < 2; ++r) {
      __m256i outputs[2];
      transform_sums({columns[0][r], columns[1][r], columns[2][r], columns[3][r]}, outputs);
      rows[r][0][v] = _mm256_srai_epi32(outputs[0], 2);
      rows[r][1][v] = _mm256_srai_epi32(outputs[1], 2);
    }
  }
  const auto columns = static_cast<std::size_t>(out.columns);
  finish_tile(traits, constants, rows[0], y, out.pixel_step, columns, out.filters);
  if (out.rows > 1)
    finish_tile(traits, constants, rows[1], y + out.row_step, out.pixel_step, columns, out.filters);
}

/// The same for a count that is no constant, `Most` at most.
template <std::size_t Most>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void sum_some_squares(
    std::int32_t count, const std::byte* squares, std::ptrdiff_t square_bytes,
    std::ptrdiff_t place_bytes, const std::byte* weights, std::int32_t* sums) noexcept {
  if constexpr (Most > 1) {
    if (count < static_cast<std::int32_t>(Most))
      return sum_some_squares<Most - 1>(count, squares, square_bytes, place_bytes, weights, sums);
  }
  sum_squares<Most>(squares, square_bytes, place_bytes, weights, sums);
}

template <class X, class Y>
[[gnu::target("avx2,fma"), gnu::noinline]] void winograd_conv2d(const ConvBlock& block, const X* x,
                                                                const std::byte* packed, Y* y,
                                                                std::byte* scratch) noexcept {
  const WinogradPlan plan = winograd_plan_of(block);
  const WinogradLayout layout = winograd_layout_of(block);
  WinogradHeader header;
  std::memcpy(&header, packed, sizeof header);
  const auto* const multipliers =
      reinterpret_cast<const std::int16_t*>(packed + layout.multipliers);
  auto* const transformed = scratch + plan.band_bytes;
  auto* const sums = reinterpret_cast<std::int32_t*>(transformed + plan.transformed_bytes);
  const std::int32_t height = block.window.y.output;
  const std::int32_t width = block.window.x.output;
  const std::ptrdiff_t row_step = std::ptrdiff_t{width} * block.filters;
  for (std::int32_t row = 0; row < plan.rows; row += plan.band_rows) {
    const std::int32_t rows = std::min(plan.band_rows, plan.rows - row);
    const X* const no_padding = nullptr;
    stage_band<Staged::words>(block, plan.band, x, no_padding, nullptr, 2 * row, 2 * rows, scratch);
    transform_band(plan, block.channels, rows, header.scaled ? multipliers : nullptr,
                   reinterpret_cast<const std::int16_t*>(scratch),
                   reinterpret_cast<std::int16_t*>(transformed));
    const std::int32_t squares = rows * plan.columns;
    const std::ptrdiff_t place_bytes = squares * plan.square_bytes;
    const std::byte* tile = packed + layout.tiles;
    for (std::int32_t first = 0; first < block.filters;
         first += tile_filters, tile += layout.tile_bytes) {
      const auto& constants = *reinterpret_cast<const TileFinish*>(tile);
      for (std::int32_t done = 0; done < squares; done += winograd_together) {
        const std::int32_t count = std::min(winograd_together, squares - done);
        sum_some_squares<winograd_together>(count, transformed + done * plan.square_bytes,
                                            plan.square_bytes, place_bytes,
                                            tile + layout.tile_weights, sums);
        for (std::int32_t i = 0; i < count; ++i) {
          const std::int32_t top = 2 * (row + (done + i) / plan.columns);
          const std::int32_t left = 2 * ((done + i) % plan.columns);
          const SquareOutputs out{
              block.filters, row_step, std::min(height - top, 2), std::min(width - left, 2),
              static_cast<std::size_t>(std::min(tile_filters, block.filters - first))};
          finish_square(block.finish, constants, sums + i * tile_filters,
                        std::ptrdiff_t{count} * tile_filters, out,
                        y + top * row_step + std::ptrdiff_t{left} * block.filters + first);
        }
      }
    }
  }
}

}  // namespace tenon::kernel::x86
#endif
