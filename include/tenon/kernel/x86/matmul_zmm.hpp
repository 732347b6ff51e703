// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/x86/dot_kernels.hpp>
#include <tenon/kernel/x86/matmul.hpp>
#include <tenon/kernel/x86/zmm_finish.hpp>
#include <type_traits>

// Tiles of 16 or 32 filters and some pixels for AVX512-VNNI. Exact: products of four bytes are
// summed up in 32 bits that wrap, and the sums that count fit.
namespace tenon::kernel::x86 {

template <class Dots, std::size_t Pixels, std::size_t Vectors>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline void sum_zmm(
    const Tile& tile, const std::byte* const (&x)[Pixels],
    typename Dots::Vector (&sums)[Pixels][Vectors]) noexcept {
  const std::int32_t* offsets = tile.offsets;
  const std::byte* weights = tile.weights;
  for (std::int32_t r = 0; r < tile.run_count; ++r) {
    const Run run = tile.runs[r];
    if (run.width > 0) {
#pragma GCC unroll 16
      for (std::size_t i = 0; i < Pixels * Vectors; ++i) {
        sums[i / Vectors][i % Vectors] = Dots::left(sums[i / Vectors][i % Vectors], run.width);
      }
    }
    for (std::int32_t i = run.count; i > 0; --i, ++offsets, weights += Vectors * 64) {
      typename Dots::Vector w[Vectors];
#pragma GCC unroll 2
      for (std::size_t v = 0; v < Vectors; ++v) w[v] = Dots::load(weights + v * 64);
#pragma GCC unroll 8
      for (std::size_t p = 0; p < Pixels; ++p) {
        std::int32_t four;
        std::memcpy(&four, x[p] + *offsets, sizeof four);
#pragma GCC unroll 2
        for (std::size_t v = 0; v < Vectors; ++v)
          sums[p][v] = Dots::dots(sums[p][v], Dots::all(four), w[v]);
      }
    }
  }
}

template <class Dots, std::size_t Vectors>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline void add_step_zmm(
    const std::byte* x, const std::byte* weights, typename Dots::Vector (&sums)[Vectors]) noexcept {
  std::int32_t four;
  std::memcpy(&four, x, sizeof four);
  const auto inputs = Dots::all(four);
#pragma GCC unroll 2
  for (std::size_t v = 0; v < Vectors; ++v)
    sums[v] = Dots::dots(sums[v], inputs, Dots::load(weights + v * 64));
}

/// One pixel: its steps go into four sums by turns, since each product waits for the sum that it
/// adds to.
template <class Dots, std::size_t Vectors>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline void sum_pixel_zmm(
    const Tile& tile, const std::byte* x, typename Dots::Vector (&sums)[Vectors]) noexcept {
  constexpr std::int32_t parts = 4;
  constexpr std::ptrdiff_t step_bytes = Vectors * 64;
  const std::int32_t* offsets = tile.offsets;
  const std::byte* weights = tile.weights;
  typename Dots::Vector part[parts][Vectors];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < parts * Vectors; ++i) part[i / Vectors][i % Vectors] = Dots::zero();
  for (std::int32_t r = 0; r < tile.run_count; ++r) {
    const Run run = tile.runs[r];
    if (run.width > 0) {
#pragma GCC unroll 8
      for (std::size_t i = 0; i < parts * Vectors; ++i) {
        part[i / Vectors][i % Vectors] = Dots::left(part[i / Vectors][i % Vectors], run.width);
      }
    }
    std::int32_t i = 0;
    for (; i + parts <= run.count; i += parts) {
#pragma GCC unroll 4
      for (std::int32_t k = 0; k < parts; ++k)
        add_step_zmm<Dots>(x + offsets[i + k], weights + (i + k) * step_bytes, part[k]);
    }
    for (; i < run.count; ++i)
      add_step_zmm<Dots>(x + offsets[i], weights + i * step_bytes, part[0]);
    offsets += run.count;
    weights += run.count * step_bytes;
  }
#pragma GCC unroll 2
  for (std::size_t v = 0; v < Vectors; ++v) {
    sums[v] = Dots::add(Dots::add(part[0][v], part[1][v]), Dots::add(part[2][v], part[3][v]));
  }
}

/// Finishes four vectors of 16 filters, of one pixel or of several, and writes those of the first
/// `pixels`.
template <class Dots, std::size_t Vectors, class Y>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline void finish_zmm(
    const FinishTraits& traits, const TileFinish& constants, typename Dots::Vector (&sums)[4], Y* y,
    std::ptrdiff_t step, std::size_t pixels, std::size_t filters) noexcept {
  constexpr std::size_t width = 16 * Vectors;
  constexpr std::size_t most = 64 / width;
  alignas(64) Y staged[64];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t f = i % Vectors * 16;
    const ZmmFinish<Dots> scale{traits, Dots::load(constants.offset + f),
                                Dots::load(constants.multiplier + f),
                                Dots::load(constants.shift + f)};
    sums[i] = scale.any(sums[i]);
    if constexpr (std::is_same_v<Y, std::int32_t>) {
      const auto high = Dots::load_bytes(constants.high + f);
      if (!traits.raw) sums[i] = Dots::most(Dots::least(sums[i], high), Dots::all(traits.low));
      Dots::store_all(staged + 16 * i, sums[i]);
    }
  }
  if constexpr (std::is_same_v<Y, std::int8_t>) {
    const auto bytes = bytes_of<Dots>(sums, Dots::load_twice(constants.high), traits.low);
    if (filters == width && pixels >= most) {
      const std::ptrdiff_t second = Vectors == 2 ? 16 : step;
      Y* const next = y + 2 / static_cast<std::ptrdiff_t>(Vectors) * step;
      Dots::template store_quarter<0>(y, bytes);
      Dots::template store_quarter<1>(y + second, bytes);
      Dots::template store_quarter<2>(next, bytes);
      Dots::template store_quarter<3>(next + second, bytes);
      return;
    }
    Dots::store_all(staged, bytes);
  }
  for (std::size_t p = 0; p < pixels && p < most; ++p, y += step)
    std::memcpy(y, staged + p * width, filters * sizeof(Y));
}

/// As tile_over_pixels().
template <class Dots, std::size_t Vectors, class Y>
[[TENON_ZMM_TARGET, gnu::noinline]] void tile_over_pixels_zmm(const FinishTraits& traits,
                                                              const Tile& tile, PixelWalk walk,
                                                              Y* y, std::ptrdiff_t step) noexcept {
  constexpr std::size_t pixels = 8;
  PixelCursor cursor(walk);
  while (cursor.left > 0) {
    const std::size_t now = cursor.left < pixels ? cursor.left : pixels;
    typename Dots::Vector sums[pixels][Vectors];
#pragma GCC unroll 16
    for (std::size_t i = 0; i < pixels * Vectors; ++i)
      sums[i / Vectors][i % Vectors] = Dots::zero();
    if (now == 1) {
      sum_pixel_zmm<Dots>(tile, cursor.next(), sums[0]);
    } else {
      const std::byte* x[pixels];
      cursor.take(x);
      sum_zmm<Dots>(tile, x, sums);
    }
    constexpr std::size_t each = 4 / Vectors;
    const typename Dots::Vector correction[2] = {
        Dots::load(tile.finish->correction),
        Dots::load(tile.finish->correction + 16 * (Vectors - 1))};
#pragma GCC unroll 4
    for (std::size_t p = 0; p < pixels; p += each) {
      if (p >= now) break;
      typename Dots::Vector four[4];
#pragma GCC unroll 4
      for (std::size_t i = 0; i < 4; ++i) {
        four[i] = sums[p + i / Vectors][i % Vectors];
        if (walk.offset_inputs) four[i] = Dots::subtract(four[i], correction[i % Vectors]);
      }
      finish_zmm<Dots, Vectors>(traits, *tile.finish, four,
                                y + static_cast<std::ptrdiff_t>(p) * step, step, now - p,
                                tile.filters);
    }
    y += static_cast<std::ptrdiff_t>(now) * step;
  }
}

}  // namespace tenon::kernel::x86
#endif
