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
#include <tenon/kernel/x86/conv2d_block.hpp>
#include <tenon/kernel/x86/dense_block.hpp>
#include <tenon/kernel/x86/matmul_amx.hpp>

// Convolutions and dense layers where matrix tiles are to be had, equal to the reference kernels:
// those that gain from tiles use them, if the system lets this process when the weights are packed;
// all others are done in vectors.
namespace tenon::kernel {

template <class A>
concept X86Amx = X86<A> && std::derived_from<A, arch::amx_int8>;

namespace x86 {

/// In front of the packed constants: whether they are packed for tiles.
inline constexpr std::size_t amx_choice_bytes = 64;

}  // namespace x86

template <X86Amx Arch>
[[nodiscard]] constexpr std::size_t packed_bytes(Arch, const ConvBlock& block) noexcept {
  const std::size_t vectors = x86::matmul_packed_bytes(block, x86::DotsOf<Arch>::dot);
  const x86::AmxPlan plan = x86::amx_plan_of(block);
  return x86::amx_choice_bytes +
         (plan.used ? std::max(vectors, x86::amx_packed_bytes(plan)) : vectors);
}

template <X86Amx Arch>
[[nodiscard]] constexpr std::size_t scratch_bytes(Arch, const ConvBlock& block) noexcept {
  const std::size_t vectors = x86::band_bytes(block, x86::plan_of(block, x86::DotsOf<Arch>::dot));
  const x86::AmxPlan plan = x86::amx_plan_of(block);
  return plan.used ? std::max(vectors, x86::band_bytes(block, plan.band)) : vectors;
}

template <X86Amx Arch>
void pack(Arch, const ConvBlock& block, const signed char* w, const std::uint8_t* shifts,
          const ChannelFinish* channel_finish, std::byte* packed) noexcept {
  const x86::AmxPlan plan = x86::amx_plan_of(block);
  const bool tiles = plan.used && x86::TilesOf<Arch>::request();
  packed[0] = static_cast<std::byte>(tiles);
  packed += x86::amx_choice_bytes;
  if (tiles) return x86::pack_amx(block, plan, w, channel_finish, packed);
  x86::pack_any_matmul(block, x86::DotsOf<Arch>::dot, w, shifts, channel_finish, packed);
}

template <X86Amx Arch, class X, class Y>
void conv2d_block(Arch, const ConvBlock& block, const X* x, const X* padding,
                  const std::byte* packed, Y* y, std::byte* scratch) noexcept {
  using Dots = x86::DotsOf<Arch>;
  const bool tiles = packed[0] != std::byte{0};
  packed += x86::amx_choice_bytes;
  if (!tiles) return x86::conv2d_at_run_time<Dots>(block, x, padding, packed, y, scratch);
  x86::AmxPlan plan;
  std::memcpy(&plan, packed, sizeof plan);
  x86::conv2d_amx<Dots, x86::TilesOf<Arch>>(block, plan, x, padding, packed, y, scratch);
}

template <ConvBlock Block, X86Amx Arch, class X, class Y>
[[gnu::target("avx2,fma")]] void conv2d_block(Arch, const X* x, const X* padding,
                                              const std::byte* packed, Y* y,
                                              std::byte* scratch) noexcept {
  using Dots = x86::DotsOf<Arch>;
  static constexpr x86::AmxPlan plan = x86::amx_plan_of(Block);
  [[maybe_unused]] const bool tiles = packed[0] != std::byte{0};
  packed += x86::amx_choice_bytes;
  if constexpr (plan.used) {
    if (tiles)
      return x86::conv2d_amx<Dots, x86::TilesOf<Arch>>(Block, plan, x, padding, packed, y, scratch);
    // Without the tiles it need not be the fastest code, but no more of it than is needed.
    x86::conv2d_at_run_time<Dots>(Block, x, padding, packed, y, scratch);
  } else {
    static constexpr x86::MatmulPlan vectors = x86::plan_of(Block, Dots::dot);
    x86::conv2d_any<Dots>(Block, vectors, x, padding, packed, y, scratch);
  }
}

template <X86Amx Arch, class X, class Y>
void dense_block(Arch arch, const DenseBlock& block, const X* x, const std::byte* packed, Y* y,
                 std::byte* scratch) noexcept {
  conv2d_block(arch, convolution_of(block), x, static_cast<const X*>(nullptr), packed, y, scratch);
}

template <DenseBlock Block, X86Amx Arch, class X, class Y>
[[gnu::target("avx2,fma")]] void dense_block(Arch arch, const X* x, const std::byte* packed, Y* y,
                                             std::byte* scratch) noexcept {
  conv2d_block<convolution_of(Block)>(arch, x, static_cast<const X*>(nullptr), packed, y, scratch);
}

}  // namespace tenon::kernel
#endif
