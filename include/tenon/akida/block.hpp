// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/akida/layer.hpp>
#include <tenon/akida/pattern.hpp>
#include <tenon/akida/verdict.hpp>

// A model cut into blocks, each of which becomes one hardware layer. Walking back from the output,
// a block ends where an output quantizer ends the one before it.
namespace tenon::akida {

inline constexpr std::int16_t nothing = -1;

struct Block {
  static constexpr std::size_t max_members = 6;
  std::int16_t first = nothing;  ///< skipped layers included
  std::int16_t last = nothing;
  std::array<std::int16_t, max_members> members{};  ///< those that count, in order
  std::size_t member_count = 0;                     ///< may exceed what is stored
  std::int16_t tail = nothing;                      ///< the last of them
  std::array<char, max_members + 1> letters{};
  Node node = Node::none;
  bool reads_image = false;  ///< the HRC runs it

  std::int16_t operation = nothing;  ///< the convolution, dense, merge, …
  std::int16_t pool = nothing;
  std::int16_t average = nothing;
  std::int16_t relu = nothing;
  std::int16_t table = nothing;

  std::array<std::int16_t, 2> producers{nothing, nothing};  ///< blocks; `nothing` is the input
  std::array<std::int16_t, 2> consumers{nothing, nothing};
  std::int32_t producer_count = 0;
  std::int32_t consumer_count = 0;

  [[nodiscard]] constexpr std::int16_t head() const noexcept { return members[0]; }
  [[nodiscard]] constexpr bool activated() const noexcept {
    return relu != nothing || table != nothing;
  }
};

template <std::size_t Capacity>
struct BlockList {
  std::array<Block, Capacity> items{};
  std::size_t count = 0;
  [[nodiscard]] constexpr std::span<Block> all() noexcept { return {items.data(), count}; }
  [[nodiscard]] constexpr std::span<const Block> all() const noexcept {
    return {items.data(), count};
  }
};

/// Who consumes each layer. Layers from the first dequantizer on run in software and are not kept,
/// but they count as consumers.
template <std::size_t Capacity>
struct Consumers {
  std::array<std::int32_t, Capacity> count{};
  std::array<std::int16_t, Capacity> first{};
  std::size_t kept = 0;

  constexpr explicit Consumers(std::span<const Layer> layers) noexcept : kept(layers.size()) {
    for (std::size_t i = layers.size(); i-- > 0;) {
      if (layers[i].kind == LayerKind::dequantizer) kept = i;
      for (std::int16_t k = 0; k < layers[i].inbound_count; ++k) {
        const std::size_t from = at(layers[i].inbound[at(k)]);
        if (first[from] == static_cast<std::int16_t>(i)) continue;  // twice the same tensor
        first[from] = static_cast<std::int16_t>(i);
        ++count[from];
      }
    }
  }
  [[nodiscard]] static constexpr std::size_t at(std::int16_t i) noexcept {
    return static_cast<std::size_t>(i);
  }
};

/// Where the walk back from `last` stops.
[[nodiscard]] constexpr std::int16_t first_of_block(std::span<const Layer> layers,
                                                    std::int16_t last, bool only_on_relu,
                                                    Refusals& refusals) noexcept {
  // A wide output quantizer only serves the activation table behind it.
  constexpr std::int32_t narrow = 8;
  std::int16_t first = last;
  for (;;) {
    const Layer& layer = layers[static_cast<std::size_t>(first)];
    if (layer.inbound_count == 0 || (layer.inbound_count > 1 && !only_on_relu)) return first;
    const std::int16_t before = layer.inbound[0];
    const Layer& previous = layers[static_cast<std::size_t>(before)];
    if (only_on_relu) {
      if (previous.quantizes_output() && previous.kind != LayerKind::relu) {
        refusals.refuse(Category::V1_OUTPUT_QUANTIZER_NOT_ON_RELU, before, word(Word::absent),
                        word(Word::relu));
      }
      if (previous.quantizes_output()) return first;
    } else {
      const bool ends = previous.quantizes_output() &&
                        (previous.output_bits <= narrow || layer.kind == LayerKind::shiftmax);
      if (ends || previous.inbound_count > 1 || previous.kind == LayerKind::extract_token)
        return first;
    }
    first = before;
  }
}

/// Fills the members of a block and finds its operation, pool and activation.
constexpr void describe_block(std::span<const Layer> layers, Block& block) noexcept {
  std::size_t length = 0;
  for (std::int16_t i = block.last;; i = layers[static_cast<std::size_t>(i)].inbound[0]) {
    if (!is_skipped(layers[static_cast<std::size_t>(i)]) && length++ == 0) block.tail = i;
    if (i == block.first) break;
  }
  block.member_count = length;
  for (std::int16_t i = block.last;; i = layers[static_cast<std::size_t>(i)].inbound[0]) {
    const Layer& layer = layers[static_cast<std::size_t>(i)];
    if (!is_skipped(layer) && --length < Block::max_members) {
      block.members[length] = i;
      block.letters[length] = letter_of(layer.kind);
      switch (layer.kind) {
        case LayerKind::max_pooling2d:
          block.pool = i;
          break;
        case LayerKind::global_average_pooling2d:
          block.average = i;
          break;
        case LayerKind::relu:
          block.relu = i;
          break;
        case LayerKind::activation:
          block.table = i;
          break;
        case LayerKind::flatten:
        case LayerKind::reshape:
          break;
        default:
          block.operation = i;
      }
    }
    if (i == block.first) break;
  }
  if (block.operation == nothing) block.operation = block.members[0];
}

/// Cuts the model. Blocks of skipped layers alone are left out.
template <std::size_t Capacity>
constexpr void split(std::span<const Layer> layers, bool only_on_relu,
                     const Consumers<Capacity>& consumers, BlockList<Capacity>& blocks,
                     Refusals& refusals) noexcept {
  std::array<bool, Capacity> covered{};
  std::array<bool, Capacity> begins{};
  BlockList<Capacity> backwards;
  for (std::size_t i = consumers.kept; i-- > 0;) {
    const std::int16_t last = static_cast<std::int16_t>(i);
    const bool consumed = consumers.count[i] > 0;
    const std::size_t next = static_cast<std::size_t>(consumers.first[i]);
    const bool ends = backwards.count == 0 || consumers.count[i] > 1 || (consumed && begins[next]);
    if (!ends && covered[i]) continue;
    const bool before_dequantizer =
        consumers.count[i] == 1 && layers[next].kind == LayerKind::dequantizer;
    if (!ends && !before_dequantizer) {
      refusals.refuse(Category::BLOCK_ORPHAN_LAYER, last, word(Word::absent), {});
    }
    Block block{.first = first_of_block(layers, last, only_on_relu, refusals), .last = last};
    begins[static_cast<std::size_t>(block.first)] = true;
    for (std::int16_t k = last;; k = layers[static_cast<std::size_t>(k)].inbound[0]) {
      covered[static_cast<std::size_t>(k)] = true;
      if (k == block.first) break;
    }
    backwards.items[backwards.count++] = block;
  }
  for (std::size_t b = backwards.count; b-- > 0;) {
    describe_block(layers, backwards.items[b]);
    if (backwards.items[b].member_count > 0) blocks.items[blocks.count++] = backwards.items[b];
  }
}

/// Which block feeds which, seen through skipped layers.
template <std::size_t Capacity>
constexpr void connect(std::span<const Layer> layers, BlockList<Capacity>& blocks) noexcept {
  std::array<std::int16_t, Capacity> ends_block{};
  ends_block.fill(nothing);
  for (std::size_t b = 0; b < blocks.count; ++b) {
    ends_block[static_cast<std::size_t>(blocks.items[b].tail)] = static_cast<std::int16_t>(b);
  }
  for (std::size_t b = 0; b < blocks.count; ++b) {
    Block& block = blocks.items[b];
    const Layer& head = layers[static_cast<std::size_t>(block.head())];
    for (std::size_t k = 0; k < static_cast<std::size_t>(head.inbound_count); ++k) {
      std::int16_t from = head.inbound[k];
      while (ends_block[static_cast<std::size_t>(from)] == nothing &&
             layers[static_cast<std::size_t>(from)].inbound_count > 0) {
        from = layers[static_cast<std::size_t>(from)].inbound[0];
      }
      const std::int16_t producer = ends_block[static_cast<std::size_t>(from)];
      if (k < block.producers.size()) block.producers[k] = producer;
      ++block.producer_count;
      if (producer == nothing) continue;
      Block& source = blocks.items[static_cast<std::size_t>(producer)];
      const std::size_t place = static_cast<std::size_t>(source.consumer_count++);
      if (place < source.consumers.size()) source.consumers[place] = static_cast<std::int16_t>(b);
    }
  }
}

}  // namespace tenon::akida
