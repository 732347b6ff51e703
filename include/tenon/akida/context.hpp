// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/akida/block.hpp>
#include <tenon/akida/rules.hpp>

// What the rules of a block look at: the layers, the other blocks, and the widths between them.
namespace tenon::akida {

[[nodiscard]] constexpr bool is_unsigned(DataType type) noexcept {
  return type == DataType::uint8 || type == DataType::uint16 || type == DataType::uint32;
}
[[nodiscard]] constexpr std::int32_t bits_of(DataType type) noexcept {
  return value_bits_of(type) + (is_unsigned(type) ? 0 : 1);
}

/// Position of the input layer, or `nothing`.
[[nodiscard]] constexpr std::int16_t input_of(std::span<const Layer> layers) noexcept {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].kind == LayerKind::input) return static_cast<std::int16_t>(i);
  }
  return nothing;
}

struct BlockContext {
  std::span<const Layer> layers;
  std::span<const Block> blocks;
  const Rules& rules;

  [[nodiscard]] constexpr const Layer& layer(std::int16_t i) const noexcept {
    return layers[static_cast<std::size_t>(i)];
  }
  [[nodiscard]] constexpr const Block& block(std::int16_t i) const noexcept {
    return blocks[static_cast<std::size_t>(i)];
  }
  [[nodiscard]] constexpr const Layer& operation(const Block& b) const noexcept {
    return layer(b.operation);
  }
};

/// Width of a block's output: of its quantizer, else of its accumulators.
[[nodiscard]] constexpr std::int32_t output_bits_of(const BlockContext& model,
                                                    const Block& block) noexcept {
  const std::int32_t bits = model.layer(block.tail).output_bits;
  return bits > 0 ? bits : block.activated() ? 32 : 28;
}

/// The block whose output this input is, seen through concatenates, which hand on what they read;
/// nullptr is the input of the model.
[[nodiscard]] constexpr const Block* source_of(const BlockContext& model, const Block& block,
                                               std::size_t which = 0) noexcept {
  std::int16_t from = block.producers[which];
  while (from != nothing && model.block(from).node == Node::Concatenate) {
    from = model.block(from).producers[0];
  }
  return from == nothing ? nullptr : &model.block(from);
}

/// Width of what a block reads.
[[nodiscard]] constexpr std::int32_t input_bits_of(const BlockContext& model, const Block& block,
                                                   std::size_t which = 0) noexcept {
  const Block* source = source_of(model, block, which);
  if (source == nullptr) {
    if (model.rules.graph.input_as_four_bits) return 4;
    return bits_of(model.layer(input_of(model.layers)).data_type);
  }
  const std::int32_t bits = model.layer(source->tail).output_bits;
  return bits > 0 ? bits : 28;
}

/// Whether what a block reads has a sign: what a ReLU gives has none below 8 bits.
[[nodiscard]] constexpr bool input_is_signed(const BlockContext& model, const Block& block,
                                             std::size_t which) noexcept {
  const Block* source = source_of(model, block, which);
  return source == nullptr || source->relu == nothing || input_bits_of(model, block, which) >= 8;
}

}  // namespace tenon::akida
