// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/blocks.hpp>
#include <type_traits>

// How a typed model calls the kernel of a block. One function for each block, element types and architecture: stages that are
// equal but for their constants share its code. Some architectures have the weights packed once, when the model is made; some
// work in scratch memory; the others read the weights where they stand.
namespace tenon::detail {

/// The constants of a stage as its kernel takes them; null where the block has none.
struct BlockData {
  const signed char* weights = nullptr;
  const kernel::ChannelFinish* finish = nullptr;
  const std::uint8_t* shifts = nullptr;
  const void* padding = nullptr;  ///< of the element type of the input
  const kernel::AddShifts* add_shifts = nullptr;
};

template <class Constants>
inline constexpr BlockData block_data = [] {
  BlockData data;
  data.finish = Constants::finish;
  if constexpr (requires { Constants::weights; }) data.weights = Constants::weights;
  if constexpr (requires { Constants::shifts; }) data.shifts = Constants::shifts;
  if constexpr (requires { Constants::padding; }) data.padding = Constants::padding;
  if constexpr (requires { Constants::add_shifts; }) data.add_shifts = Constants::add_shifts;
  return data;
}();

// Found by the namespace of the block, since the kernels of some architectures have neither.
template <class Arch, auto Block>
concept PackedBlock = requires { packed_bytes(Arch{}, Block); };
template <class Arch, auto Block>
concept ScratchBlock = requires { scratch_bytes(Arch{}, Block); };

template <class Arch, auto Block>
constexpr std::size_t block_packed_bytes() noexcept {
  if constexpr (PackedBlock<Arch, Block>) return packed_bytes(Arch{}, Block);
  return 0;
}
template <class Arch, auto Block>
constexpr std::size_t block_scratch_bytes() noexcept {
  if constexpr (ScratchBlock<Arch, Block>) return scratch_bytes(Arch{}, Block);
  return 0;
}

template <class Arch, auto Block>
void pack_block(const BlockData& data, std::byte* packed) noexcept {
  using Type = std::remove_cvref_t<decltype(Block)>;
  if constexpr (std::is_same_v<Type, kernel::ConvBlock> || std::is_same_v<Type, kernel::DenseBlock>) {
    pack(Arch{}, Block, data.weights, data.shifts, data.finish, packed);
  } else if constexpr (std::is_same_v<Type, kernel::AddBlock>) {
    pack(Arch{}, Block, data.add_shifts, data.finish, packed);
  } else {
    pack(Arch{}, Block, data.weights, data.finish, packed);
  }
}

/// What a kernel takes behind its inputs: packed constants, or the constants themselves.
template <class X>
struct BlockInputs {
  const BlockData& data;
  const std::byte* packed;
  const X* x;
  const X* second;
  std::byte* scratch;
};
/// clang 16 deduces the arguments of aggregates only where it is told how.
template <class X>
BlockInputs(const BlockData&, const std::byte*, const X*, const X*, std::byte*) -> BlockInputs<X>;

template <class Arch, kernel::ConvBlock Block, class X, class Y>
[[gnu::noinline]] void call_block(const BlockInputs<X>& in, Y* y) noexcept {
  const auto* padding = static_cast<const X*>(in.data.padding);
  if constexpr (PackedBlock<Arch, Block>) {
    kernel::conv2d_block<Block>(Arch{}, in.x, padding, in.packed, y, in.scratch);
  } else if constexpr (ScratchBlock<Arch, Block>) {
    kernel::conv2d_block(Arch{}, Block, in.x, padding, in.data.shifts, in.data.weights, in.data.finish, y,
                         reinterpret_cast<std::int32_t*>(in.scratch));
  } else {
    kernel::conv2d_block(Arch{}, Block, in.x, padding, in.data.shifts, in.data.weights, in.data.finish, y);
  }
}

template <class Arch, kernel::DenseBlock Block, class X, class Y>
[[gnu::noinline]] void call_block(const BlockInputs<X>& in, Y* y) noexcept {
  if constexpr (PackedBlock<Arch, Block>) {
    kernel::dense_block<Block>(Arch{}, in.x, in.packed, y, in.scratch);
  } else if constexpr (ScratchBlock<Arch, Block>) {
    kernel::dense_block(Arch{}, Block, in.x, in.data.shifts, in.data.weights, in.data.finish, y,
                        reinterpret_cast<std::int32_t*>(in.scratch));
  } else {
    kernel::dense_block(Arch{}, Block, in.x, in.data.shifts, in.data.weights, in.data.finish, y);
  }
}

template <class Arch, kernel::DepthwiseBlock Block, class X, class Y>
[[gnu::noinline]] void call_block(const BlockInputs<X>& in, Y* y) noexcept {
  if constexpr (PackedBlock<Arch, Block>) {
    kernel::depthwise_conv2d_block<Block>(Arch{}, in.x, in.packed, y, in.scratch);
  } else if constexpr (ScratchBlock<Arch, Block>) {
    kernel::depthwise_conv2d_block(Arch{}, Block, in.x, in.data.weights, in.data.finish, y,
                                   reinterpret_cast<std::int32_t*>(in.scratch));
  } else {
    kernel::depthwise_conv2d_block(Arch{}, Block, in.x, in.data.weights, in.data.finish, y);
  }
}

template <class Arch, kernel::AddBlock Block, class X, class Y>
[[gnu::noinline]] void call_block(const BlockInputs<X>& in, Y* y) noexcept {
  if constexpr (PackedBlock<Arch, Block>) {
    kernel::add_block<Block>(Arch{}, in.x, in.second, in.packed, y);
  } else {
    kernel::add_block(Arch{}, Block, in.x, in.second, in.data.add_shifts, in.data.finish, y);
  }
}

template <class Arch, kernel::PoolBlock Block, class X, class Y>
[[gnu::noinline]] void call_block(const BlockInputs<X>& in, Y* y) noexcept {
  kernel::global_average_pool_block(Arch{}, Block, in.x, in.data.finish, y);
}

}  // namespace tenon::detail
