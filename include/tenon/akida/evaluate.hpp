// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/akida/convert_graph.hpp>
#include <tenon/akida/map_graph.hpp>
#include <tenon/akida/map_input.hpp>
#include <tenon/akida/rules_v1.hpp>
#include <tenon/akida/rules_v2.hpp>

// Whether a described model converts and maps. The same function answers a static_assert and the
// command.
namespace tenon::akida {

[[nodiscard]] constexpr Rules rules_for(Version version, Toolchain toolchain) noexcept {
  const bool newer = toolchain >= Toolchain::v2_19;
  if (version == Version::v1) return newer ? newer_v1(rules_v1) : rules_v1;
  return newer ? newer_v2(rules_v2) : rules_v2;
}

namespace detail {

/// Applies the mapper's rules of one block on one device.
constexpr void map_block(const BlockContext& model, const Block& block, const DeviceFacts& device,
                         bool skips, Usage& usage, Refusals& refusals) noexcept {
  const Layer& layer = model.operation(block);
  refusals.limit(Category::FANOUT_MAX, block.operation, block.consumer_count,
                 model.rules.fanout_max);
  if (block.node == Node::Stem) {
    map_stem(layer, block.operation, refusals);
  } else if (block.reads_image) {
    map_input(model, block, refusals);
  } else if (rules_of(model.rules, layer.kind) != nullptr) {
    map_processor(model, block, device, usage, refusals);
  } else if (block.node == Node::Dense1D || block.node == Node::FullyConnected) {
    map_dense(model, block, device, usage, refusals);
  } else if (is_temporal(layer.kind)) {
    map_temporal(model, block, device, skips, usage, refusals);
  } else if (layer.is_merge()) {
    map_merge(model, block, refusals);
  } else if (block.node != Node::BatchNormalization || !model.rules.batch_norm_rewritten) {
    refusals.refuse(
        Category::LAYER_TYPE, block.operation,
        {.form = Form::kinds, .count = 1, .items = {static_cast<std::int32_t>(layer.kind)}}, {});
  }
}

[[nodiscard]] constexpr Unit unit_of(const BlockContext& model, const Block& block,
                                     const Usage& usage) noexcept {
  const Layer& layer = model.operation(block);
  if (block.node == Node::none) return Unit::software;
  if (block.reads_image) return Unit::image_input;
  if (rules_of(model.rules, layer.kind) != nullptr) return Unit::convolution;
  if (block.node == Node::Dense1D || block.node == Node::FullyConnected) {
    return is_large(model.rules.dense, usage) ? Unit::external_dense : Unit::internal_dense;
  }
  if (is_temporal(layer.kind)) return Unit::temporal;
  return layer.is_merge() ? Unit::skip : Unit::software;
}

template <std::size_t Capacity>
constexpr void map_devices(const BlockContext& model, Verdict<Capacity>& verdict,
                           Refusals& refusals) noexcept {
  bool skips = false;
  for (const Block& block : model.blocks) skips = skips || model.operation(block).is_merge();
  refusals.stage = Stage::map;
  const std::uint8_t at_conversion = refusals.refused_devices();
  for (std::size_t d = 0; d < verdict.device_count; ++d) {
    DeviceVerdict<Capacity>& on = verdict.devices[d];
    const DeviceFacts& device = facts_of(on.device);
    refusals.devices = static_cast<std::uint8_t>(1U << d);
    for (std::size_t b = 0; b < model.blocks.size(); ++b) {
      if (model.blocks[b].node == Node::none) continue;
      map_block(model, model.blocks[b], device, skips, on.usage[b], refusals);
    }
    const std::span<const Usage> usage{on.usage.data(), model.blocks.size()};
    map_dense_chains<Capacity>(model, device, usage, refusals);
    on.processors = map_capacity(model, device, usage, refusals);
    on.maps = at_conversion == 0 && (refusals.refused_devices() & refusals.devices) == 0;
  }
  for (std::size_t b = 0; b < model.blocks.size(); ++b) {
    const Block& block = model.blocks[b];
    verdict.blocks[b] = {block.first, block.last, block.operation, block.node,
                         unit_of(model, block, verdict.devices[0].usage[b])};
  }
  verdict.block_count = model.blocks.size();
}

}  // namespace detail

/// Evaluates a description of at most `Capacity` layers, in topological order.
template <std::size_t Capacity>
[[nodiscard]] constexpr Verdict<Capacity> evaluate(
    std::span<const Layer> layers, Version version,
    Toolchain toolchain = Toolchain::v2_14) noexcept {
  Verdict<Capacity> verdict{};
  verdict.version = version;
  verdict.toolchain = toolchain;
  for (const DeviceFacts& device : devices) {
    if (is_known(device, version, toolchain)) {
      verdict.devices[verdict.device_count++].device = device.device;
    }
  }
  const Rules rules = rules_for(version, toolchain);
  Refusals refusals{verdict.refusals};
  refusals.devices = static_cast<std::uint8_t>((1U << verdict.device_count) - 1U);
  const Consumers<Capacity> consumers{layers};
  BlockList<Capacity> blocks{};
  if (convert_graph(layers, rules.graph, consumers, refusals)) {
    split(layers, rules.graph.quantizer_only_on_relu, consumers, blocks, refusals);
    connect(layers, blocks);
    const BlockContext model{layers, blocks.all(), rules};
    convert_patterns(layers, blocks.all(), version, toolchain, rules.input.channels, refusals);
    convert_input(layers, rules.graph, blocks.items[0].reads_image, refusals);
    for (const Block& block : model.blocks) {
      if (block.node != Node::none) convert_block(model, block, refusals);
    }
    verdict.converts = refusals.count() == 0;
    detail::map_devices(model, verdict, refusals);
  }
  verdict.refusal_count = refusals.count();
  verdict.more_refusals = refusals.overflow;
  return verdict;
}

}  // namespace tenon::akida
