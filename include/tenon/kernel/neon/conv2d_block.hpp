// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__aarch64__)
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/neon/band.hpp>
#include <tenon/kernel/neon/pack.hpp>
#include <tenon/kernel/neon/plan.hpp>
#include <tenon/kernel/neon/products.hpp>
#include <tenon/kernel/neon/tile.hpp>
#include <type_traits>

// Convolution, bias, ReLU and output quantizer of ConvBlock, equal to the reference kernel. Weights are packed once, by `pack`;
// `packed` and `scratch` are aligned to 16 bytes. Nothing is read or written outside of x, y, packed and scratch.
namespace tenon::kernel {

template <class A>
concept Neon = std::derived_from<A, arch::neon>;

namespace neon {

/// Calls use(products) with those that serve a block.
template <class Arch, class Use>
constexpr auto with_products(const ConvBlock& block, const Use& use) noexcept {
  if constexpr (!std::is_same_v<ProductsOf<Arch>, WordProducts>) {
    if (!needs_shifted_inputs(block)) return use(ProductsOf<Arch>{});
  }
  return use(WordProducts{});
}

/// What the band is made of. `Corrected`: its inputs are taken 128 lower than they are; `Unsigned`: they have no sign.
template <bool Corrected, bool Unsigned, bool Lifted>
struct Inputs {
  static constexpr bool corrected = Corrected;
  static constexpr bool is_unsigned = Unsigned;
  static constexpr bool lifted = Lifted;
};

template <class Products, class Band, class X, class Y>
void conv2d_bands(const ConvBlock& block, const MatmulPlan& plan, const X* x, const X* padding, const std::byte* packed, Y* y,
                  std::byte* scratch) noexcept {
  const PackedLayout layout = PackedLayout::of(block, plan);
  const WindowAxis& wy = block.window.y;
  const std::int32_t width = block.filters / block.groups;
  TileJob job;
  job.row_step = wy.stride * plan.row_bytes;
  job.pixel_step = block.window.x.stride * plan.pixel_bytes;
  job.y_step = block.filters;
  job.traits = block.finish;
  for (std::int32_t row = 0; row < wy.output; row += plan.band_rows) {
    const std::int32_t rows = wy.output - row < plan.band_rows ? wy.output - row : plan.band_rows;
    job.rows = rows;
    job.width = block.window.x.output;
    if (job.row_step == job.width * job.pixel_step) {  // rows follow each other without a gap
      job.width *= rows;
      job.rows = 1;
    }
    const auto* input = reinterpret_cast<const std::byte*>(x) + std::ptrdiff_t{row} * wy.stride * plan.row_bytes;
    if (plan.staged) {
      const X* const outside = block.has_padding_value ? padding : nullptr;
      const auto* shifts = block.shifted ? reinterpret_cast<const std::uint8_t*>(packed) : nullptr;
      const auto stage = [&](const auto& band) {
        stage_band(band, block.window, block.channels, plan.band_width, x, outside, row, rows, scratch);
      };
      if constexpr (Products::traits.shifts_inputs)
        stage(WordBand<Band::corrected>{shifts});
      else if constexpr (Band::lifted)
        stage(LiftedBand<Band::corrected>{{}, shifts});
      else
        stage(ByteBand<>{});
      input = scratch;
    }
    Y* const out = y + std::ptrdiff_t{row} * block.window.x.output * block.filters;
    const std::byte* group_at = packed + layout.groups;
    for (std::int32_t group = 0; group < block.groups; ++group, group_at += layout.group_bytes) {
      const auto* header = reinterpret_cast<const GroupHeader*>(group_at);
      job.items = reinterpret_cast<const Item*>(group_at + sizeof *header);
      job.end = job.items + header->items;
      job.shifts = header->shifts != 0;
      job.band = input + group * (plan.pixel_bytes / block.groups);
      const std::byte* at = group_at + layout.tiles;
      for (std::int32_t first = 0; first < width; first += tile_filters, at += layout.tile_bytes) {
        job.header = *reinterpret_cast<const TileHeader*>(at);
        job.constants = reinterpret_cast<const TileConstants*>(at + layout.constants);
        job.weights = at + layout.weights;
        Y* const to = out + group * width + first;
        if (job.header.vectors == 2) {
          run_tiles_of<Products, 2, Band::corrected, Band::is_unsigned>(job, to);
        } else {
          run_tiles_of<Products, 4, Band::corrected, Band::is_unsigned>(job, to);
        }
      }
    }
  }
}

template <class Products, class X, class Y>
[[gnu::always_inline]] inline void conv2d_any(const ConvBlock& block, const MatmulPlan& plan, const X* x, const X* padding,
                                              const std::byte* packed, Y* y, std::byte* scratch) noexcept {
  constexpr bool lowers = Products::lowers_unsigned;
  constexpr bool is_unsigned = std::is_unsigned_v<X>;
  const auto run = [&]<class Band>(Band) { conv2d_bands<Products, Band>(block, plan, x, padding, packed, y, scratch); };
  if constexpr (Products::traits.shifts_inputs) {
    if (is_unsigned && block.shifted) return run(Inputs<is_unsigned, false, false>{});
    run(Inputs<false, false, false>{});
  } else {
    if (lifts_inputs(block, Products::traits)) return run(Inputs<lowers, !lowers, true>{});
    run(Inputs < is_unsigned && lowers, is_unsigned, false > {});
  }
}

}  // namespace neon

template <Neon Arch>
[[nodiscard]] constexpr std::size_t packed_bytes(Arch, const ConvBlock& block) noexcept {
  return neon::with_products<Arch>(block, [&](auto products) {
    const neon::MatmulPlan plan = neon::plan_of(block, products.traits);
    const neon::PackedLayout layout = neon::PackedLayout::of(block, plan);
    return layout.groups + layout.group_bytes * static_cast<std::size_t>(block.groups);
  });
}

template <Neon Arch>
[[nodiscard]] constexpr std::size_t scratch_bytes(Arch, const ConvBlock& block) noexcept {
  return neon::with_products<Arch>(block, [&](auto products) {
    const neon::MatmulPlan plan = neon::plan_of(block, products.traits);
    return plan.staged ? neon::band_bytes(block.window, plan.band_rows, plan.row_bytes) : 0;
  });
}

/// `shifts` may be null where the block is not shifted.
template <Neon Arch>
void pack(Arch, const ConvBlock& block, const signed char* w, const std::uint8_t* shifts, const ChannelFinish* channel_finish,
          std::byte* packed) noexcept {
  neon::with_products<Arch>(block, [&](auto products) {
    neon::pack_matmul<decltype(products)>(block, neon::plan_of(block, products.traits), w, shifts, channel_finish, packed);
  });
}

template <Neon Arch, class X, class Y>
void conv2d_block(Arch, const ConvBlock& block, const X* x, const X* padding, const std::byte* packed, Y* y,
                  std::byte* scratch) noexcept {
  neon::with_products<Arch>(block, [&](auto products) {
    neon::conv2d_any<decltype(products)>(block, neon::plan_of(block, products.traits), x, padding, packed, y, scratch);
  });
}

/// The same for a block that is a constant.
template <ConvBlock Block, Neon Arch, class X, class Y>
void conv2d_block(Arch, const X* x, const X* padding, const std::byte* packed, Y* y, std::byte* scratch) noexcept {
  using Best = neon::ProductsOf<Arch>;
  using Products = std::conditional_t<neon::needs_shifted_inputs(Block), neon::WordProducts, Best>;
  static constexpr ConvBlock block = Block;
  static constexpr neon::MatmulPlan plan = neon::plan_of(Block, Products::traits);
  neon::conv2d_any<Products>(block, plan, x, padding, packed, y, scratch);
}

}  // namespace tenon::kernel
#endif
