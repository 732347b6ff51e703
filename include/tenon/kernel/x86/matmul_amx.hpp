// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/amx_plan.hpp>
#include <tenon/kernel/x86/matmul_zmm.hpp>
#include <tenon/kernel/x86/stage.hpp>
#include <tenon/kernel/x86/tiles.hpp>

// Convolutions with matrix tiles (AMX): sums of 32 places and 32 filters in four tiles. The
// products of one such group are made while the sums of the one before, in memory that stays in the
// first cache, are finished in vectors.
namespace tenon::kernel::x86 {

inline constexpr std::int32_t amx_group = 2 * amx_places;

/// Places that are a constant step apart.
struct AmxSegment {
  const std::byte* x;
  std::ptrdiff_t step;
  std::int32_t places;
};

/// Sums of a group that are still to be finished: 32 places by the filters of a pair.
template <class Y>
struct AmxSums {
  const std::int32_t* sums = nullptr;
  const TileFinish* finish = nullptr;
  Y* y = nullptr;           ///< first output of the segment
  std::int32_t first = 0;   ///< place in the segment
  std::int32_t count = 0;   ///< places
  std::int32_t filter = 0;  ///< the first
};

template <class T, class X, std::int32_t PlaceTiles, std::int32_t FilterTiles>
[[gnu::always_inline]] inline void multiply_tiles(const std::byte* x, std::ptrdiff_t step,
                                                  const std::int32_t* offsets, std::int32_t steps,
                                                  const std::byte* weights,
                                                  std::size_t tile) noexcept {
  T::template clear<0>();
  if constexpr (FilterTiles == 2) T::template clear<1>();
  if constexpr (PlaceTiles == 2) T::template clear<2>();
  if constexpr (PlaceTiles == 2 && FilterTiles == 2) T::template clear<3>();
  for (std::int32_t s = 0; s < steps; ++s, weights += 2 * tile) {
    T::template load<4>(x + offsets[s], step);
    T::template load<6>(weights, 64);
    T::template multiply<X, 0, 4, 6>();
    if constexpr (FilterTiles == 2) {
      T::template load<7>(weights + tile, 64);
      T::template multiply<X, 1, 4, 7>();
    }
    if constexpr (PlaceTiles == 2) {
      T::template load<5>(x + offsets[s] + amx_places * step, step);
      T::template multiply<X, 2, 5, 6>();
      if constexpr (FilterTiles == 2) T::template multiply<X, 3, 5, 7>();
    }
  }
}

template <class T, std::int32_t PlaceTiles, std::int32_t FilterTiles>
[[gnu::always_inline]] inline void store_tiles(std::int32_t* sums) noexcept {
  constexpr std::ptrdiff_t row = FilterTiles * amx_filters;
  T::template store<0>(sums, 4 * row);
  if constexpr (FilterTiles == 2) T::template store<1>(sums + amx_filters, 4 * row);
  if constexpr (PlaceTiles == 2) T::template store<2>(sums + amx_places * row, 4 * row);
  if constexpr (PlaceTiles == 2 && FilterTiles == 2)
    T::template store<3>(sums + amx_places * row + amx_filters, 4 * row);
}

/// The outputs of the places that are kept.
template <class Dots, std::size_t FilterTiles, class Y>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline void finish_sums(const FinishTraits& traits,
                                                                 const AmxPlan& plan,
                                                                 std::int32_t width,
                                                                 const AmxSums<Y>& made,
                                                                 std::int32_t filters) noexcept {
  constexpr std::int32_t row = static_cast<std::int32_t>(FilterTiles) * amx_filters;
  constexpr std::int32_t together = 4 / static_cast<std::int32_t>(FilterTiles);
  const std::int32_t left = filters - made.filter;
  const auto kept = static_cast<std::size_t>(left < row ? left : row);
  std::int32_t column = made.first % plan.pitch;
  Y* to =
      made.y + (std::ptrdiff_t{made.first / plan.pitch} * width + column) * filters + made.filter;
  for (std::int32_t i = 0; i < made.count;) {
    if (column >= width) {  // to the next output row
      to -= std::ptrdiff_t{column - width} * filters;
      i += plan.pitch - column;
      column = 0;
      continue;
    }
    std::int32_t now = together < made.count - i ? together : made.count - i;
    if (now > width - column) now = width - column;
    typename Dots::Vector four[4];
#pragma GCC unroll 4
    for (std::int32_t v = 0; v < 4; ++v) {
      constexpr auto vectors = static_cast<std::int32_t>(FilterTiles);
      const std::int32_t place = i + v / vectors < made.count ? i + v / vectors : made.count - 1;
      four[v] = Dots::load(made.sums + std::ptrdiff_t{place} * row + v % vectors * amx_filters);
    }
    finish_zmm<Dots, FilterTiles>(traits, *made.finish, four, to, filters,
                                  static_cast<std::size_t>(now), kept);
    to += std::ptrdiff_t{now} * filters;
    column += now;
    i += now;
  }
}

template <class Dots, class Y>
[[TENON_ZMM_TARGET, gnu::noinline]] void finish_group(const FinishTraits& traits,
                                                      const AmxPlan& plan, std::int32_t width,
                                                      const AmxSums<Y>& made,
                                                      std::int32_t filters) noexcept {
  if (made.count == 0) return;
  if (filters - made.filter > amx_filters) {
    finish_sums<Dots, 2>(traits, plan, width, made, filters);
  } else {
    finish_sums<Dots, 1>(traits, plan, width, made, filters);
  }
}

/// Two groups of sums: those that are made, and those before them.
template <class Y>
struct AmxMemory {
  alignas(64) std::int32_t sums[2][amx_group * 2 * amx_filters];
  AmxSums<Y> before{};
  std::int32_t turn = 0;
};

/// Makes the sums of a group, and meanwhile finishes those before them.
template <class Dots, class T, class X, std::int32_t PlaceTiles, std::int32_t FilterTiles, class Y>
[[gnu::always_inline]] inline void amx_group_of(const ConvBlock& block, const AmxPlan& plan,
                                                const AmxSegment& segment, const std::byte* packed,
                                                const AmxSums<Y>& made,
                                                AmxMemory<Y>& memory) noexcept {
  const AmxLayout layout = amx_layout_of(plan);
  const std::byte* const weights = reinterpret_cast<const std::byte*>(made.finish) + layout.weights;
  multiply_tiles<T, X, PlaceTiles, FilterTiles>(segment.x + made.first * segment.step, segment.step,
                                                reinterpret_cast<const std::int32_t*>(packed),
                                                plan.steps, weights, layout.tile);
  finish_group<Dots>(block.finish, plan, block.window.x.output, memory.before, block.filters);
  store_tiles<T, PlaceTiles, FilterTiles>(memory.sums[memory.turn]);
  memory.before = made;
  memory.turn ^= 1;
}

/// All filters for the places of a segment; y points to its first output.
template <class Dots, class T, class X, class Y>
[[gnu::noinline]] void amx_over_places(const ConvBlock& block, const AmxPlan& plan,
                                       const AmxSegment& segment, const std::byte* packed,
                                       AmxMemory<Y>& memory, Y* y) noexcept {
  const AmxLayout layout = amx_layout_of(plan);
  for (std::int32_t done = 0; done < segment.places;) {
    // The last group begins earlier where it would not be full: its first outputs are made again.
    const bool two = segment.places - done > amx_places && segment.places >= amx_group;
    const std::int32_t tiles = two ? amx_group : amx_places;
    const std::int32_t last = segment.places - tiles;
    const std::int32_t first = done < last ? done : last;
    done += tiles;
    const std::byte* pair = packed + layout.offsets;
    for (std::int32_t f = 0; f < block.filters; f += 2 * amx_filters, pair += layout.pair) {
      const AmxSums<Y> made{
          memory.sums[memory.turn], reinterpret_cast<const TileFinish*>(pair), y, first, tiles, f};
      const bool wide = block.filters - f > amx_filters;
      if (two && wide) {
        amx_group_of<Dots, T, X, 2, 2>(block, plan, segment, packed, made, memory);
      } else if (two) {
        amx_group_of<Dots, T, X, 2, 1>(block, plan, segment, packed, made, memory);
      } else if (wide) {
        amx_group_of<Dots, T, X, 1, 2>(block, plan, segment, packed, made, memory);
      } else {
        amx_group_of<Dots, T, X, 1, 1>(block, plan, segment, packed, made, memory);
      }
    }
  }
}

[[nodiscard]] inline TileShapes amx_shapes(const AmxPlan& plan) noexcept {
  TileShapes shapes;
  for (std::size_t t = 0; t < 8; ++t) {
    shapes.rows[t] = t < 6 ? amx_places : static_cast<std::uint8_t>(plan.chunk / 4);
    shapes.row_bytes[t] = t < 4 || t > 5 ? 64 : static_cast<std::uint16_t>(plan.chunk);
  }
  return shapes;
}

template <class Dots, class T, class X, class Y>
[[gnu::target("avx2,fma")]] void conv2d_amx(const ConvBlock& block, const AmxPlan& plan, const X* x,
                                            const X* padding, const std::byte* packed, Y* y,
                                            std::byte* scratch) noexcept {
  packed += amx_plan_bytes;
  const WindowAxis& wy = block.window.y;
  const std::int32_t width = block.window.x.output;
  const X* const outside = block.has_padding_value ? padding : nullptr;
  AmxMemory<Y> memory;
  T::configure(amx_shapes(plan));
  for (std::int32_t done = 0; done < wy.output; done += plan.band.band_rows) {
    // All bands are full: the last one makes some rows again where the others leave too few.
    const std::int32_t rows = plan.band.band_rows;
    const std::int32_t row = done < wy.output - rows ? done : wy.output - rows;
    const auto* band = reinterpret_cast<const std::byte*>(x) +
                       std::ptrdiff_t{row} * wy.stride * plan.band.row_bytes;
    if (plan.band.staged) {
      stage_band<Staged::bytes>(block, plan.band, x, outside, nullptr, row, rows, scratch);
      band = scratch;
    }
    const std::ptrdiff_t step = block.window.x.stride * plan.band.pixel_bytes;
    const std::int32_t segments = plan.by_row ? rows : 1;
    for (std::int32_t s = 0; s < segments; ++s, band += wy.stride * plan.band.row_bytes) {
      const AmxSegment segment{band, step, (rows / segments - 1) * plan.pitch + width};
      amx_over_places<Dots, T, X>(block, plan, segment, packed, memory,
                                  y + std::ptrdiff_t{row + s} * width * block.filters);
    }
  }
  finish_group<Dots>(block.finish, plan, width, memory.before, block.filters);
  T::release();
}

}  // namespace tenon::kernel::x86
#endif
