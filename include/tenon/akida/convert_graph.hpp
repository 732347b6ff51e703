// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/akida/context.hpp>
#include <tenon/akida/rules.hpp>

// What the converter asks of the model as a whole.
namespace tenon::akida {

/// Checks the graph; false if it cannot be cut into blocks.
template <std::size_t Capacity>
[[nodiscard]] constexpr bool convert_graph(std::span<const Layer> layers, const GraphRules& rules,
                                           const Consumers<Capacity>& consumers,
                                           Refusals& refusals) noexcept {
  std::int32_t inputs = 0;
  std::int32_t outputs = 0;
  bool sequential = true;
  bool only_skipped = true;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Layer& layer = layers[i];
    const std::int16_t at = static_cast<std::int16_t>(i);
    inputs += layer.kind == LayerKind::input ? 1 : 0;
    if (consumers.count[i] == 0) {
      outputs += layer.kind == LayerKind::dequantizer ? layer.inbound_count : 1;
    }
    if (rules.sequential && layer.inbound_count > 1 && layer.kind != LayerKind::concatenate) {
      refusals.refuse(Category::GRAPH_NOT_SEQUENTIAL, at, number(layer.inbound_count), number(1));
      sequential = false;
    }
    if (layer.dilation != Size2D{1, 1}) {
      refusals.refuse(Category::DILATION, at, pair(layer.dilation.height, layer.dilation.width),
                      pair(1, 1));
    }
    if (i >= consumers.kept) continue;
    only_skipped = only_skipped && is_skipped(layer);
    if (rules.per_tensor_only && layer.quantizes_output() && layer.per_axis) {
      refusals.refuse(Category::V1_PER_TENSOR, at, word(Word::per_axis), word(Word::per_tensor));
    }
  }
  refusals.expect(Category::GRAPH_MULTI_INPUT, nothing, inputs, number(1));
  refusals.expect(Category::GRAPH_MULTI_OUTPUT, nothing, outputs, number(1));
  if (only_skipped)
    refusals.refuse(Category::GRAPH_ONLY_SKIPPABLE, nothing, number(0), at_least(1));
  if (inputs != 1 || outputs != 1 || only_skipped) return false;
  const std::size_t input = static_cast<std::size_t>(input_of(layers));
  refusals.expect(Category::GRAPH_INPUT_FANOUT, static_cast<std::int32_t>(input),
                  consumers.count[input], number(1));
  return sequential;
}

/// Checks how the model begins, once it is known whether the HRC reads the input.
constexpr void convert_input(std::span<const Layer> layers, const GraphRules& rules, bool image,
                             Refusals& refusals) noexcept {
  const std::int16_t at = input_of(layers);
  const Layer& input = layers[static_cast<std::size_t>(at)];
  if (!image || !rules.rank_of_image_free) {
    refusals.expect(Category::INPUT_RANK, at, input.output.rank, rules.input_ranks);
  }
  if (image) return;
  if (is_unsigned(input.data_type)) {
    refusals.refuse(rules.unsigned_input, at, word(Word::unsigned_input), word(Word::signed_input));
  }
  refusals.expect(Category::INPUT_BITS, at, bits_of(input.data_type), rules.input_data_bits);
}

/// The patterns of a version.
[[nodiscard]] constexpr Node node_of(const char* letters, bool image, Version version,
                                     Toolchain toolchain) noexcept {
  if (version == Version::v1) {
    return image ? match(input_patterns_v1, letters, toolchain)
                 : match(patterns_v1, letters, toolchain);
  }
  return image ? match(input_patterns_v2, letters, toolchain)
               : match(patterns_v2, letters, toolchain);
}

/// Finds what each block becomes.
constexpr void convert_patterns(std::span<const Layer> layers, std::span<Block> blocks,
                                Version version, Toolchain toolchain, const Value& image_channels,
                                Refusals& refusals) noexcept {
  const Layer& input = layers[static_cast<std::size_t>(input_of(layers))];
  const bool image =
      input.data_type == DataType::uint8 && image_channels.allows(input.output.channels());
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    Block& block = blocks[b];
    if (block.member_count <= Block::max_members) {
      if (b == 0 && image && block.producers[0] == nothing) {
        block.node = node_of(block.letters.data(), true, version, toolchain);
        block.reads_image = block.node != Node::none;
      }
      if (!block.reads_image) block.node = node_of(block.letters.data(), false, version, toolchain);
    }
    const Layer& operation = layers[static_cast<std::size_t>(block.operation)];
    if (block.node == Node::Dense1D && !operation.input.is_vector()) block.node = Node::Dense2D;
    if (block.node != Node::none) continue;
    Value found{.form = Form::kinds};
    for (std::size_t i = 0; i < block.member_count && i < Block::max_members; ++i) {
      const Layer& member = layers[static_cast<std::size_t>(block.members[i])];
      found.items[found.count++] = static_cast<std::int32_t>(member.kind);
    }
    refusals.refuse(Category::BLOCK_PATTERN, block.head(), found, {});
  }
}

}  // namespace tenon::akida
