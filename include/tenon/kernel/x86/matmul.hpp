// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/x86/matmul_plan.hpp>
#include <tenon/kernel/x86/registers.hpp>
#include <tenon/kernel/x86/stage.hpp>
#include <tenon/kernel/x86/ymm_finish.hpp>

// A tile of filters times a few pixels, for AVX2: filters across the lanes, sums in registers from
// the first step to the finish. Exact: 127 * 127 * 2 and the sums that the packing allowed fit 16
// bits, all others 32.
namespace tenon::kernel::x86 {

/// A tile in memory, as its kernels read it.
struct Tile {
  const Run* runs;
  std::int32_t run_count;
  std::size_t filters;
  const std::int32_t* offsets;
  const std::int32_t* multipliers;
  const std::byte* weights;
  const TileFinish* finish;
};

[[nodiscard]] inline Tile tile_at(const std::byte* packed, const TileLayout& layout) noexcept {
  TileHeader header;
  std::memcpy(&header, packed, sizeof header);
  return {reinterpret_cast<const Run*>(packed + layout.runs),
          header.runs,
          static_cast<std::size_t>(header.filters),
          reinterpret_cast<const std::int32_t*>(packed + layout.offsets),
          reinterpret_cast<const std::int32_t*>(packed + layout.multipliers),
          packed + layout.weights,
          reinterpret_cast<const TileFinish*>(packed + sizeof header)};
}

[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i broadcast_step(
    const std::byte* x) noexcept {
  std::int32_t four;
  std::memcpy(&four, x, sizeof four);
  return _mm256_set1_epi32(four);
}

/// 16 words, or bytes that become words.
template <Products How>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i load_words(
    const std::byte* from) noexcept {
  if constexpr (How == Products::narrow) {
    return to_words(reinterpret_cast<const signed char*>(from));
  } else {
    return load(from);
  }
}

/// `Width` steps for all pixels and filters: one product with the multipliers for all of them.
template <std::size_t Width, std::size_t Pixels, std::size_t Vectors>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void sum_bytes(
    const std::byte* const (&x)[Pixels], const std::int32_t* offsets, const std::byte* weights,
    __m256i multipliers, __m256i (&sums)[Pixels][Vectors]) noexcept {
  __m256i w[Width][Vectors];
#pragma GCC unroll 8
  for (std::size_t k = 0; k < Width; ++k) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < Vectors; ++v) {
      w[k][v] = load(weights + (k * Vectors + v) * 32);
      if (Width == 1) keep_in_register(w[k][v]);
    }
  }
#pragma GCC unroll 8
  for (std::size_t p = 0; p < Pixels; ++p) {
    __m256i products[Vectors];
#pragma GCC unroll 8
    for (std::size_t k = 0; k < Width; ++k) {
      __m256i four = broadcast_step(x[p] + offsets[k]);
      keep_in_register(four);
#pragma GCC unroll 8
      for (std::size_t v = 0; v < Vectors; ++v) {
        const __m256i pairs = _mm256_maddubs_epi16(four, w[k][v]);
        if (k == 0) {
          products[v] = pairs;
        } else {
          add_words(products[v], pairs);
        }
      }
    }
#pragma GCC unroll 8
    for (std::size_t v = 0; v < Vectors; ++v) {
      add_doublewords(sums[p][v], _mm256_madd_epi16(products[v], multipliers));
    }
  }
}

template <std::size_t Width, std::size_t Pixels, std::size_t Vectors>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void sum_run(
    const std::byte* const (&x)[Pixels], std::int32_t count, Tile& at,
    __m256i (&sums)[Pixels][Vectors]) noexcept {
  for (; count > 0; --count) {
    sum_bytes<Width>(x, at.offsets, at.weights, _mm256_set1_epi32(*at.multipliers), sums);
    at.offsets += Width;
    at.weights += Width * Vectors * 32;
    ++at.multipliers;
  }
}

/// The steps of dot products, from the largest shift down.
template <class Dots, std::size_t Pixels, std::size_t Vectors>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void sum_dots(
    const Tile& tile, const std::byte* const (&x)[Pixels],
    __m256i (&sums)[Pixels][Vectors]) noexcept {
  const std::int32_t* offsets = tile.offsets;
  const std::byte* weights = tile.weights;
  for (std::int32_t r = 0; r < tile.run_count; ++r) {
    const Run run = tile.runs[r];
    if (run.width > 0) {
#pragma GCC unroll 16
      for (std::size_t i = 0; i < Pixels * Vectors; ++i) {
        sums[i / Vectors][i % Vectors] =
            _mm256_slli_epi32(sums[i / Vectors][i % Vectors], run.width);
      }
    }
    for (std::int32_t i = run.count; i > 0; --i, ++offsets, weights += Vectors * 32) {
      __m256i w[Vectors];
#pragma GCC unroll 8
      for (std::size_t v = 0; v < Vectors; ++v) w[v] = load(weights + v * 32);
#pragma GCC unroll 8
      for (std::size_t p = 0; p < Pixels; ++p) {
        const __m256i four = broadcast_step(x[p] + *offsets);
#pragma GCC unroll 8
        for (std::size_t v = 0; v < Vectors; ++v) sums[p][v] = Dots::add(sums[p][v], four, w[v]);
      }
    }
  }
}

/// All steps of a tile.
template <class Dots, Products How, std::size_t Pixels, std::size_t Vectors>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void sum_tile(
    const Tile& tile, const std::byte* const (&x)[Pixels],
    __m256i (&sums)[Pixels][Vectors]) noexcept {
  if constexpr (How == Products::dot) {
    sum_dots<Dots>(tile, x, sums);
  } else if constexpr (How == Products::words || How == Products::narrow) {
    constexpr std::size_t vector_bytes = 8 * step_weight_bytes(How);
    const std::int32_t* offsets = tile.offsets;
    const std::byte* weights = tile.weights;
    for (std::int32_t i = tile.runs[0].count; i > 0;
         --i, ++offsets, weights += Vectors * vector_bytes) {
      __m256i w[Vectors];
#pragma GCC unroll 8
      for (std::size_t v = 0; v < Vectors; ++v) {
        w[v] = load_words<How>(weights + v * vector_bytes);
        keep_in_register(w[v]);
      }
#pragma GCC unroll 8
      for (std::size_t p = 0; p < Pixels; ++p) {
        const __m256i two = broadcast_step(x[p] + *offsets);
#pragma GCC unroll 8
        for (std::size_t v = 0; v < Vectors; ++v) {
          add_doublewords(sums[p][v], _mm256_madd_epi16(two, w[v]));
        }
      }
    }
  } else {
    Tile at = tile;
    for (std::int32_t r = 0; r < tile.run_count; ++r) {
      const Run run = tile.runs[r];
      if (run.width == 4) {
        sum_run<4>(x, run.count, at, sums);
      } else if (run.width == 2) {
        sum_run<2>(x, run.count, at, sums);
      } else {
        sum_run<1>(x, run.count, at, sums);
      }
    }
  }
}

/// Takes what inputs that are 128 larger have added.
template <Products How, std::size_t Pixels, std::size_t Vectors>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void correct(
    const TileFinish& constants, bool offset_inputs, __m256i (&sums)[Pixels][Vectors]) noexcept {
  if (How != Products::dot || !offset_inputs) return;
#pragma GCC unroll 16
  for (std::size_t i = 0; i < Pixels * Vectors; ++i) {
    __m256i& sum = sums[i / Vectors][i % Vectors];
    sum = _mm256_sub_epi32(sum, load(constants.correction + i % Vectors * 8));
  }
}

/// The pixels that one band serves.
struct PixelWalk {
  const std::byte* row;
  std::ptrdiff_t row_step;
  std::ptrdiff_t pixel_step;
  std::int32_t width;
  std::size_t count;
  bool offset_inputs;  ///< inputs are 128 larger than they should be
};

/// Goes through them.
struct PixelCursor {
  explicit PixelCursor(const PixelWalk& walk) noexcept
      : left(walk.count), walk_(walk), at_(walk.row) {
    if (walk_.width == 1) walk_.pixel_step = walk_.row_step;
    if (walk_.width * walk_.pixel_step == walk_.row_step) {
      walk_.width = static_cast<std::int32_t>(walk_.count);  // one long row
    }
  }

  std::size_t left;

  [[nodiscard]] const std::byte* next() noexcept {
    const std::byte* const here = at_;
    at_ += walk_.pixel_step;
    if (++column_ == walk_.width) {
      column_ = 0;
      at_ = walk_.row += walk_.row_step;
    }
    --left;
    return here;
  }
  /// As many as there are; the last one again where there are fewer.
  template <std::size_t Pixels>
  [[gnu::always_inline]] void take(const std::byte* (&x)[Pixels]) noexcept {
    if (static_cast<std::int32_t>(Pixels) < walk_.width - column_) {
#pragma GCC unroll 8
      for (std::size_t p = 0; p < Pixels; ++p, at_ += walk_.pixel_step) x[p] = at_;
      column_ += static_cast<std::int32_t>(Pixels);
      left -= Pixels;
      return;
    }
#pragma GCC unroll 8
    for (std::size_t p = 0; p < Pixels; ++p) x[p] = p == 0 || left > 0 ? next() : x[p - 1];
  }

 private:
  PixelWalk walk_;
  const std::byte* at_;
  std::int32_t column_ = 0;
};

/// A tile of filters for the next `Pixels` of a band, or as many as there are.
template <class Dots, Products How, std::size_t Vectors, std::size_t Pixels, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void tile_over_some(
    const FinishTraits& traits, const Tile& tile, bool offset_inputs, PixelCursor& cursor, Y*& y,
    std::ptrdiff_t step) noexcept {
  const std::size_t now = cursor.left < Pixels ? cursor.left : Pixels;
  const std::byte* x[Pixels];
  cursor.take(x);
  __m256i sums[Pixels][Vectors] = {};
  sum_tile<Dots, How>(tile, x, sums);
  correct<How>(*tile.finish, offset_inputs, sums);
  finish_tile(traits, *tile.finish, sums, y, step, now, tile.filters);
  y += static_cast<std::ptrdiff_t>(now) * step;
}

/// A tile of filters for all pixels of a band; y points to the first output of the tile. Not part
/// of its caller: the registers are all needed here. Takes copies: outputs are bytes, which may
/// stand for anything, so what is behind references would be read again after each.
template <class Dots, Products How, std::size_t Vectors, class Y>
[[gnu::target("avx2,fma"), gnu::noinline]] void tile_over_pixels(const FinishTraits traits,
                                                                 const Tile tile, PixelWalk walk,
                                                                 Y* y,
                                                                 std::ptrdiff_t step) noexcept {
  // As many sums as registers hold beside weights and inputs; bytes have sums of 16 bits, too.
  constexpr std::size_t pixels = How == Products::narrow  ? 1
                                 : Vectors == 1           ? 8
                                 : How == Products::bytes ? 4
                                                          : 6;
  const bool offset = walk.offset_inputs;
  PixelCursor cursor(walk);
  if constexpr (pixels > 1) {
    constexpr std::size_t half = pixels / 2;
    while (cursor.left > half)
      tile_over_some<Dots, How, Vectors, pixels>(traits, tile, offset, cursor, y, step);
    if (cursor.left > 1)
      tile_over_some<Dots, How, Vectors, half>(traits, tile, offset, cursor, y, step);
  }
  while (cursor.left > 0)
    tile_over_some<Dots, How, Vectors, 1>(traits, tile, offset, cursor, y, step);
}

}  // namespace tenon::kernel::x86
#endif
