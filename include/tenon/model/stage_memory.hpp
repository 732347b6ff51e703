// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <tenon/layer/any_layer.hpp>
#include <tenon/model/memory_plan.hpp>
#include <tenon/tensor/shape.hpp>
#include <type_traits>

// The static memory plan of an exported model: what its stages need, and where that is.
namespace tenon::detail {

/// Elements of int32 that a layer works on besides its tensors, when it is no block.
template <class Arch, class Constants>
constexpr std::int64_t layer_scratch_elements(const Shape& input, const Shape& second) noexcept {
  using Params = std::remove_const_t<decltype(Constants::params)>;
  const auto& params = Constants::params;
  if constexpr (std::is_same_v<Params, SeparableConv2DParams>) {
    return input.size() + params.window(input).output(input.channels()).size();
  } else if constexpr (std::is_same_v<Params, AttentionParams>) {
    return attention_scratch(Arch{}, params.shape(input, second), Constants::exp_bits);
  } else if constexpr (std::is_same_v<Params, LayerMadNormalizationParams>) {
    return input.channels();
  } else if constexpr (std::is_same_v<Params, StatefulProjectionParams> || std::is_same_v<Params, ShiftmaxParams> ||
                       std::is_same_v<Params, ExtractTokenParams>) {
    return input.size();
  } else if constexpr (std::is_same_v<Params, GlobalAveragePooling2DParams> || std::is_same_v<Params, FlattenParams> ||
                       std::is_same_v<Params, BatchNormalizationParams>) {
    return 0;  // these align each element as they read it
  } else {
    return Constants::input_shift.empty() ? 0 : input.size();
  }
}

template <class Constants>
inline constexpr bool goes_in_place = [] {
  using Params = std::remove_const_t<decltype(Constants::params)>;
  return std::is_same_v<Params, AddParams> || std::is_same_v<Params, ReLUParams> ||
         std::is_same_v<Params, BatchNormalizationParams> || std::is_same_v<Params, FlattenParams>;
}();

/// The lifetimes of outputs and scratch memory, and where they are.
template <std::size_t N>
struct StageMemory {
  std::array<std::int64_t, N> offsets{};
  std::array<std::int64_t, N> scratch_offsets{};
  std::int64_t bytes = 0;
  std::int64_t bound = 0;
};

template <std::size_t N>
struct StageNeeds {
  std::array<std::int64_t, N> bytes{};
  std::array<std::int64_t, N> scratch{};
  std::array<std::array<std::int32_t, 3>, N> inputs{};  ///< positions of stages, -1 behind the last
  std::array<bool, N> overwrites{};  ///< may write an element where it read one
  std::array<bool, N> kept{};        ///< an output of the model
};

template <std::size_t N>
constexpr StageMemory<N> place_stages(const StageNeeds<N>& needs) noexcept {
  std::array<Lifetime, 2 * N> items{};  // outputs, then scratch
  std::array<std::size_t, N> place{};
  for (std::size_t i = 1; i < N; ++i) {
    const auto step = static_cast<std::int32_t>(i);
    place[i] = i;
    items[i] = {needs.bytes[i], step, needs.kept[i] ? static_cast<std::int32_t>(N) : step};
    items[N + i] = {needs.scratch[i], step, step};
    for (const std::int32_t p : needs.inputs[i]) {
      if (p <= 0) continue;
      Lifetime& source = items[static_cast<std::size_t>(p)];
      source.last = source.last > step ? source.last : step;
    }
  }
  for (std::size_t i = 1; i < N; ++i) {  // a tensor that is used for the last time may be written over
    for (const std::int32_t p : needs.inputs[i]) {
      if (p <= 0 || !needs.overwrites[i] || place[i] != i) continue;
      Lifetime& source = items[place[static_cast<std::size_t>(p)]];
      if (source.last != static_cast<std::int32_t>(i) || items[i].bytes > source.bytes) continue;
      place[i] = place[static_cast<std::size_t>(p)];
      source.last = items[i].last;
      items[i].bytes = 0;
    }
  }
  StageMemory<N> memory;
  std::array<std::int64_t, 2 * N> offsets{};
  memory.bytes = plan_memory(items, offsets);
  memory.bound = lower_bound(items);
  for (std::size_t i = 1; i < N; ++i) {
    memory.offsets[i] = offsets[place[i]];
    memory.scratch_offsets[i] = offsets[N + i];
  }
  return memory;
}

}  // namespace tenon::detail
