// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/x86/dot_kernels.hpp>
#include <tenon/kernel/x86/matmul.hpp>
#include <type_traits>

// Tiles of 16 or 32 filters and some pixels for AVX512-VNNI. Exact: products of four bytes are
// summed up in 32 bits that wrap, and the sums that count fit. A test that stands in for the
// instructions compiles these functions for the processor it has.
#if !defined(TENON_ZMM_TARGET)
#define TENON_ZMM_TARGET gnu::target("avx2,fma,avx512f,avx512bw,avx512vl,avx512vnni")
#endif

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

/// finish() of block.hpp for 16 filters from `f` on, and where it goes.
template <class Dots, class Y>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline void finish_zmm(const FinishTraits& traits,
                                                                const TileFinish& constants,
                                                                std::size_t f, bool offset_inputs,
                                                                typename Dots::Vector sum, Y* y,
                                                                std::size_t filters) noexcept {
  if (offset_inputs) sum = Dots::subtract(sum, Dots::load(constants.correction + f));
  const auto offset = Dots::load(constants.offset + f);
  if (traits.raw) {
    if constexpr (std::is_same_v<Y, std::int32_t>) Dots::store(y, Dots::add(sum, offset), filters);
    return;
  }
  if (traits.limit_bits < 31) {
    const std::int32_t top = (std::int32_t{1} << traits.limit_bits) - 1;
    sum = Dots::most(Dots::least(sum, Dots::all(top)), Dots::all(-top - 1));
  }
  const auto product = Dots::add(Dots::multiply(sum, Dots::load(constants.multiplier + f)), offset);
  const auto scaled = Dots::right(product, Dots::load(constants.shift + f));
  const auto high = Dots::load_bytes(constants.high + f);
  Dots::store(y, Dots::most(Dots::least(scaled, high), Dots::all(traits.low)), filters);
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
      const std::byte* const x[1] = {cursor.next()};
      typename Dots::Vector one[1][Vectors];
#pragma GCC unroll 2
      for (std::size_t v = 0; v < Vectors; ++v) one[0][v] = Dots::zero();
      sum_zmm<Dots>(tile, x, one);
#pragma GCC unroll 2
      for (std::size_t v = 0; v < Vectors; ++v) sums[0][v] = one[0][v];
    } else {
      const std::byte* x[pixels];
      cursor.take(x);
      sum_zmm<Dots>(tile, x, sums);
    }
#pragma GCC unroll 8
    for (std::size_t p = 0; p < pixels; ++p) {
      if (p >= now) break;
#pragma GCC unroll 2
      for (std::size_t v = 0; v < Vectors; ++v) {
        const std::size_t rest = tile.filters - 16 * v;
        finish_zmm<Dots>(traits, *tile.finish, 16 * v, walk.offset_inputs, sums[p][v], y + 16 * v,
                         rest < 16 ? rest : 16);
      }
      y += step;
    }
  }
}

}  // namespace tenon::kernel::x86
#endif
