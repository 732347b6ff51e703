// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/reference/conv2d_block.hpp>
#include <tenon/kernel/x86/dot_kernels.hpp>
#include <tenon/kernel/x86/matmul.hpp>
#include <tenon/kernel/x86/matmul_pack.hpp>
#include <tenon/kernel/x86/matmul_zmm.hpp>
#include <tenon/kernel/x86/stage.hpp>
#include <tenon/kernel/x86/winograd.hpp>

// Convolution, bias, ReLU and output quantizer of ConvBlock, equal to the reference kernel. Weights
// are packed once, by `pack`; `packed` and `scratch` are aligned to 64 bytes. Nothing is read or
// written outside of x, y, packed and scratch.
namespace tenon::kernel {

/// AVX2 and what is better.
template <class A>
concept X86 = std::derived_from<A, arch::avx2>;

namespace x86 {

[[nodiscard]] constexpr std::size_t matmul_packed_bytes(const ConvBlock& block, Dot dot) noexcept {
  const MatmulPlan plan = plan_of(block, dot);
  if (plan.products == Products::winograd) return plan_bytes + winograd_layout_of(block).bytes;
  if (plan.products == Products::slow) {
    return plan_bytes + raw_weight_bytes(block) +
           to_cache_line(static_cast<std::size_t>(block.channels)) +
           static_cast<std::size_t>(block.filters) * sizeof(ChannelFinish);
  }
  return plan_bytes + order_bytes(block, plan) +
         layout_of(plan).bytes * static_cast<std::size_t>(plan.tiles * block.groups);
}

inline void pack_any_matmul(const ConvBlock& block, Dot dot, const signed char* w,
                            const std::uint8_t* shifts, const ChannelFinish* channel_finish,
                            std::byte* packed) noexcept {
  const MatmulPlan plan = plan_of(block, dot);
  std::memcpy(packed, &plan, sizeof plan);
  packed += plan_bytes;
  if (plan.products == Products::winograd) {
    return pack_winograd(block, w, shifts, channel_finish, packed);
  }
  if (plan.products != Products::slow) {
    return pack_matmul(block, plan, w, shifts, channel_finish, packed);
  }
  std::memcpy(
      packed, w,
      row_bytes(block.row_weights(), block.weight_bits) * static_cast<std::size_t>(block.filters));
  packed += raw_weight_bytes(block);
  for (std::int32_t c = 0; c < block.channels; ++c) {
    packed[c] = static_cast<std::byte>(block.shifted ? shifts[c] : 0);
  }
  packed += to_cache_line(static_cast<std::size_t>(block.channels));
  std::memcpy(packed, channel_finish,
              static_cast<std::size_t>(block.filters) * sizeof(ChannelFinish));
}

}  // namespace x86

template <X86 Arch>
[[nodiscard]] constexpr std::size_t packed_bytes(Arch, const ConvBlock& block) noexcept {
  return x86::matmul_packed_bytes(block, x86::DotsOf<Arch>::dot);
}

template <X86 Arch>
[[nodiscard]] constexpr std::size_t scratch_bytes(Arch, const ConvBlock& block) noexcept {
  const x86::MatmulPlan plan = x86::plan_of(block, x86::DotsOf<Arch>::dot);
  if (plan.products == x86::Products::winograd) return x86::winograd_plan_of(block).scratch_bytes();
  return x86::band_bytes(block, plan);
}

/// `shifts` may be null where the block is not shifted.
template <X86 Arch>
void pack(Arch, const ConvBlock& block, const signed char* w, const std::uint8_t* shifts,
          const ChannelFinish* channel_finish, std::byte* packed) noexcept {
  x86::pack_any_matmul(block, x86::DotsOf<Arch>::dot, w, shifts, channel_finish, packed);
}

namespace x86 {

/// The tile function of an architecture.
template <class Dots, Products How, std::size_t Vectors, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void run_tile(const FinishTraits& traits,
                                                                     const Tile& tile,
                                                                     const PixelWalk& walk, Y* y,
                                                                     std::ptrdiff_t step) noexcept {
  if constexpr (How == Products::dot && Dots::dot == Dot::zmm) {
    tile_over_pixels_zmm<Dots, Vectors>(traits, tile, walk, y, step);
  } else if constexpr (How == Products::narrow) {
    tile_over_pixels<Dots, How, 2 * Vectors>(traits, tile, walk, y, step);
  } else {
    tile_over_pixels<Dots, How, Vectors>(traits, tile, walk, y, step);
  }
}

template <class Dots, Products How, Staged In, class X, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void conv2d_steps(
    const ConvBlock& block, const MatmulPlan& plan, const X* x, const X* padding,
    const std::byte* packed, Y* y, std::byte* scratch) noexcept {
  const TileLayout layout = layout_of(plan);
  const WindowAxis& wy = block.window.y;
  const std::int32_t width = block.filters / block.groups;
  const X* const outside = block.has_padding_value ? padding : nullptr;
  for (std::int32_t row = 0; row < wy.output; row += plan.band_rows) {
    const std::int32_t rows = wy.output - row < plan.band_rows ? wy.output - row : plan.band_rows;
    const std::byte* band = scratch;
    if (plan.staged) {
      stage_band<In>(block, plan, x, outside, packed, row, rows, scratch);
    } else {
      band =
          reinterpret_cast<const std::byte*>(x) + std::ptrdiff_t{row} * wy.stride * plan.row_bytes;
    }
    const PixelWalk walk{
        band,
        wy.stride * plan.row_bytes,
        block.window.x.stride * plan.pixel_bytes,
        block.window.x.output,
        static_cast<std::size_t>(rows) * static_cast<std::size_t>(block.window.x.output),
        In == Staged::flipped};
    Y* const out = y + std::ptrdiff_t{row} * block.window.x.output * block.filters;
    const std::byte* at = packed + order_bytes(block, plan);
    for (std::int32_t group = 0; group < block.groups; ++group) {
      for (std::int32_t first = 0; first < width; first += plan.tile, at += layout.bytes) {
        const Tile tile = tile_at(at, layout);
        Y* const to = out + group * width + first;
        if (2 * static_cast<std::int32_t>(tile.filters) <= plan.tile) {
          run_tile<Dots, How, 1>(block.finish, tile, walk, to, block.filters);
        } else {
          run_tile<Dots, How, 2>(block.finish, tile, walk, to, block.filters);
        }
      }
    }
  }
}

template <class Dots, class X, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void conv2d_any(
    const ConvBlock& block, const MatmulPlan& plan, const X* x, const X* padding,
    const std::byte* packed, Y* y, std::byte* scratch) noexcept {
  packed += plan_bytes;
  if constexpr (Dots::dot != Dot::none) {
    if (plan.products == Products::dot) {
      if (std::is_signed_v<X> && !block.non_negative) {
        return conv2d_steps<Dots, Products::dot, Staged::flipped>(block, plan, x, padding, packed,
                                                                  y, scratch);
      }
      return conv2d_steps<Dots, Products::dot, Staged::bytes>(block, plan, x, padding, packed, y,
                                                              scratch);
    }
  } else if (plan.products == Products::winograd) {
    return winograd_conv2d(block, x, packed, y, scratch);
  } else if (plan.products == Products::bytes) {
    return conv2d_steps<NoDots, Products::bytes, Staged::bytes>(block, plan, x, padding, packed, y,
                                                                scratch);
  } else if (plan.products == Products::narrow) {
    return conv2d_steps<NoDots, Products::narrow, Staged::words>(block, plan, x, padding, packed, y,
                                                                 scratch);
  }
  if (plan.products == Products::words) {
    return conv2d_steps<NoDots, Products::words, Staged::words>(block, plan, x, padding, packed, y,
                                                                scratch);
  }
  const std::byte* const shifts = packed + raw_weight_bytes(block);
  const std::byte* const finishes =
      shifts + to_cache_line(static_cast<std::size_t>(block.channels));
  kernel::conv2d_block(arch::reference{}, block, x, padding,
                       reinterpret_cast<const std::uint8_t*>(shifts),
                       reinterpret_cast<const signed char*>(packed),
                       reinterpret_cast<const ChannelFinish*>(finishes), y);
}

[[nodiscard]] inline MatmulPlan packed_plan(const std::byte* packed) noexcept {
  MatmulPlan plan;
  std::memcpy(&plan, packed, sizeof plan);
  return plan;
}

/// For a block that is no constant: compiled once for all architectures and layers with such dot
/// products.
template <class Dots, class X, class Y>
[[gnu::target("avx2,fma"), gnu::noinline]] void conv2d_at_run_time(const ConvBlock& block,
                                                                   const X* x, const X* padding,
                                                                   const std::byte* packed, Y* y,
                                                                   std::byte* scratch) noexcept {
  conv2d_any<Dots>(block, packed_plan(packed), x, padding, packed, y, scratch);
}

}  // namespace x86

template <X86 Arch, class X, class Y>
void conv2d_block(Arch, const ConvBlock& block, const X* x, const X* padding,
                  const std::byte* packed, Y* y, std::byte* scratch) noexcept {
  x86::conv2d_at_run_time<x86::DotsOf<Arch>>(block, x, padding, packed, y, scratch);
}

/// The same for a block that is a constant.
template <ConvBlock Block, X86 Arch, class X, class Y>
[[gnu::target("avx2,fma")]] void conv2d_block(Arch, const X* x, const X* padding,
                                              const std::byte* packed, Y* y,
                                              std::byte* scratch) noexcept {
  static constexpr x86::MatmulPlan plan = x86::plan_of(Block, x86::DotsOf<Arch>::dot);
  x86::conv2d_any<x86::DotsOf<Arch>>(Block, plan, x, padding, packed, y, scratch);
}

}  // namespace tenon::kernel
#endif
