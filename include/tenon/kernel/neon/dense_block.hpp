// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__aarch64__)
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/neon/conv2d_block.hpp>

// Products with a matrix, bias, ReLU and output quantizer of DenseBlock, equal to the reference kernel: a 1x1 convolution with a
// pixel for each row. `packed` and `scratch` as for convolutions.
namespace tenon::kernel {

template <Neon Arch>
[[nodiscard]] constexpr std::size_t packed_bytes(Arch arch, const DenseBlock& block) noexcept {
  return packed_bytes(arch, convolution_of(block));
}

template <Neon Arch>
[[nodiscard]] constexpr std::size_t scratch_bytes(Arch arch, const DenseBlock& block) noexcept {
  return scratch_bytes(arch, convolution_of(block));
}

/// `shifts` may be null where the block is not shifted.
template <Neon Arch>
void pack(Arch arch, const DenseBlock& block, const signed char* w, const std::uint8_t* shifts,
          const ChannelFinish* channel_finish, std::byte* packed) noexcept {
  pack(arch, convolution_of(block), w, shifts, channel_finish, packed);
}

template <Neon Arch, class X, class Y>
void dense_block(Arch arch, const DenseBlock& block, const X* x, const std::byte* packed, Y* y, std::byte* scratch) noexcept {
  conv2d_block(arch, convolution_of(block), x, static_cast<const X*>(nullptr), packed, y, scratch);
}

/// The same for a block that is a constant.
template <DenseBlock Block, Neon Arch, class X, class Y>
void dense_block(Arch arch, const X* x, const std::byte* packed, Y* y, std::byte* scratch) noexcept {
  conv2d_block<convolution_of(Block)>(arch, x, static_cast<const X*>(nullptr), packed, y, scratch);
}

}  // namespace tenon::kernel
#endif
