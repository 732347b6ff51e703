// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/conv2d_block.hpp>

// Products with a matrix, bias, ReLU and output quantizer of DenseBlock, equal to the reference
// kernel; a 1x1 convolution with a pixel for each row. `packed` and `scratch` are aligned to 64
// bytes.
namespace tenon::kernel {

template <X86 Arch>
[[nodiscard]] constexpr std::size_t packed_bytes(Arch arch, const DenseBlock& block) noexcept {
  return packed_bytes(arch, convolution_of(block));
}

template <X86 Arch>
[[nodiscard]] constexpr std::size_t scratch_bytes(Arch arch, const DenseBlock& block) noexcept {
  return scratch_bytes(arch, convolution_of(block));
}

/// `shifts` may be null where the block is not shifted.
template <X86 Arch>
void pack(Arch arch, const DenseBlock& block, const signed char* w, const std::uint8_t* shifts,
          const ChannelFinish* channel_finish, std::byte* packed) noexcept {
  pack(arch, convolution_of(block), w, shifts, channel_finish, packed);
}

template <X86 Arch, class X, class Y>
void dense_block(Arch, const DenseBlock& block, const X* x, const std::byte* packed, Y* y,
                 std::byte* scratch) noexcept {
  x86::conv2d_at_run_time<x86::DotsOf<Arch>>(convolution_of(block), x,
                                             static_cast<const X*>(nullptr), packed, y, scratch);
}

/// The same for a block that is a constant.
template <DenseBlock Block, X86 Arch, class X, class Y>
[[gnu::target("avx2,fma")]] void dense_block(Arch, const X* x, const std::byte* packed, Y* y,
                                             std::byte* scratch) noexcept {
  static constexpr ConvBlock conv = convolution_of(Block);
  static constexpr x86::MatmulPlan plan = x86::plan_of(conv, x86::DotsOf<Arch>::dot);
  x86::conv2d_any<x86::DotsOf<Arch>>(conv, plan, x, static_cast<const X*>(nullptr), packed, y,
                                     scratch);
}

}  // namespace tenon::kernel
#endif
