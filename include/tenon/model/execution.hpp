// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <tenon/layer/state.hpp>
#include <tenon/model/element_types.hpp>
#include <tenon/model/graph.hpp>
#include <tenon/model/memory_plan.hpp>
#include <tenon/model/static_format.hpp>
#include <tenon/tensor/data_type.hpp>

// Which tensors of a typed model exist in memory, of which element type, and where. A ReLU is
// applied to each sum as it is finished, so the tensor of sums in front of it does not exist;
// layers that only pass elements on share the tensor of their input.
namespace tenon {

inline constexpr std::size_t no_relu = static_cast<std::size_t>(-1);

struct TensorPlan {
  std::size_t holder = 0;      ///< the layer whose memory has the elements; 0 is the model input
  std::size_t relu = no_relu;  ///< the ReLU that this layer applies to its sums
  DataType type = DataType::int8;
  bool computed = false;  ///< something runs for this layer
};

/// Offsets into one piece of memory for the outputs and the scratch space of layers.
template <std::size_t N>
struct TensorMemory {
  std::array<std::int64_t, N> offsets{};
  std::array<std::int64_t, N> scratch_offsets{};
  std::int64_t bytes = 0;
  std::int64_t bound = 0;  ///< no placement needs less
};

/// Bytes that a layer reads and writes besides its tensors, and whether it may write over its
/// inputs.
struct LayerMemory {
  std::int64_t bytes = 0;
  std::int64_t scratch = 0;
  std::array<bool, 3> overwrites{};
  std::int64_t input_at = -1;  ///< where in the output its input may stand from the beginning
};

namespace detail {

/// The only layer that takes the output of `layer`, or 0.
template <std::size_t N>
constexpr std::size_t single_consumer(const std::array<LayerInputs, N>& inputs,
                                      std::size_t layer) noexcept {
  std::size_t found = 0;
  for (std::size_t i = layer + 1; i < N; ++i) {
    for (const std::int32_t p : inputs[i].span()) {
      if (static_cast<std::size_t>(p) != layer) continue;
      if (found != 0) return 0;
      found = i;
    }
  }
  return found;
}

/// The ReLU behind `layer`, alone or behind a max pooling: the largest element stays the largest,
/// since limits, positive factors and shifts keep the order within a channel.
template <std::size_t N>
constexpr std::size_t relu_behind(const std::array<LayerInputs, N>& inputs,
                                  const std::array<LayerKind, N>& kinds,
                                  std::size_t layer) noexcept {
  for (std::size_t at = single_consumer(inputs, layer); at != 0; at = single_consumer(inputs, at)) {
    if (kinds[at] == LayerKind::relu) return at;
    if (kinds[at] != LayerKind::max_pooling2d && kinds[at] != LayerKind::dropout) break;
  }
  return no_relu;
}

template <std::size_t N>
struct ModelFacts {
  std::array<LayerInputs, N> inputs{};
  std::array<LayerKind, N> kinds{};
  std::array<StaticLayer, N> layers{};
  DataType input_type = DataType::uint8;
};

template <std::size_t N>
constexpr std::array<TensorPlan, N> plan_tensors(const ModelFacts<N>& facts) noexcept {
  std::array<TensorPlan, N> plan{};
  std::array<bool, N> applied{};  // ReLUs that are part of a layer in front
  plan[0].type = facts.input_type;
  for (std::size_t i = 1; i < N; ++i) {
    const LayerKind kind = facts.kinds[i];
    const std::size_t from = facts.inputs[i][0];
    const ConstantCounts& counts = facts.layers[i].counts;
    if (applied[i] || kind == LayerKind::dropout || kind == LayerKind::reshape ||
        kind == LayerKind::rescaling || (kind == LayerKind::flatten && !counts.alignment)) {
      plan[i] = plan[from];
      plan[i].relu = no_relu;
      plan[i].computed = false;
      continue;
    }
    plan[i].holder = i;
    plan[i].computed = true;
    plan[i].type = integer_type(facts.layers[i].format.stored_bits);
    if (kind == LayerKind::max_pooling2d || kind == LayerKind::permute ||
        kind == LayerKind::extract_token) {
      plan[i].type = plan[from].type;
    }
    if (finishes_sums(kind) && !counts.has_output) {
      plan[i].relu = relu_behind(facts.inputs, facts.kinds, i);
      if (plan[i].relu == no_relu) continue;
      applied[plan[i].relu] = true;
      plan[i].type = integer_type(facts.layers[plan[i].relu].format.stored_bits);
    }
  }
  return plan;
}

}  // namespace detail

/// Offsets for what the layers write and their scratch space. The output of the model is kept to
/// the end.
template <std::size_t N>
[[nodiscard]] constexpr TensorMemory<N> place_tensors(
    const std::array<LayerInputs, N>& inputs, const std::array<TensorPlan, N>& tensors,
    const std::array<LayerMemory, N>& sizes) noexcept {
  std::array<Lifetime, 2 * N> items{};  // tensors, then scratch
  std::array<std::size_t, N>
      place{};  // the item of a tensor: its own, or that of an input written over
  for (std::size_t i = 0; i < N; ++i) {
    const auto step = static_cast<std::int32_t>(i);
    place[i] = i;
    if (tensors[i].computed || i == 0) items[i] = {sizes[i].bytes, step, step};
    if (!tensors[i].computed) continue;
    items[N + i] = {sizes[i].scratch, step, step};
    for (const std::int32_t p : inputs[i].span()) {
      items[tensors[static_cast<std::size_t>(p)].holder].last = step;
    }
  }
  items[tensors[N - 1].holder].last = static_cast<std::int32_t>(N);
  std::array<std::size_t, N> within{};  // the layer in whose output that of a layer is made, or 0
  for (std::size_t i = 1; i < N; ++i) {
    if (!tensors[i].computed || sizes[i].input_at < 0) continue;
    const std::size_t source = tensors[inputs[i][0]].holder;
    if (source == 0 || items[source].last != static_cast<std::int32_t>(i)) continue;
    within[source] = i;
    items[i].first = items[source].first;
    items[source].bytes = 0;
  }
  for (std::size_t i = 1; i < N; ++i) {
    if (within[i] != 0) continue;
    for (std::size_t k = 0; tensors[i].computed && k < inputs[i].count && place[i] == i; ++k) {
      Lifetime& source = items[place[tensors[inputs[i][k]].holder]];
      const bool dies_here = source.last == static_cast<std::int32_t>(i) && source.bytes > 0;
      if (!sizes[i].overwrites[k] || !dies_here || items[i].bytes > source.bytes) continue;
      // Bytes that are needed for long would keep the room of wider elements.
      if (2 * items[i].bytes <= source.bytes && items[i].last > static_cast<std::int32_t>(i) + 1) {
        continue;
      }
      place[i] = place[tensors[inputs[i][k]].holder];
      source.last = items[i].last;
      items[i].bytes = 0;
    }
  }
  TensorMemory<N> memory;
  std::array<std::int64_t, 2 * N> offsets{};
  memory.bytes = plan_memory(items, offsets);
  memory.bound = lower_bound(items);
  for (std::size_t i = 0; i < N; ++i) {
    memory.offsets[i] = offsets[place[i]];
    memory.scratch_offsets[i] = offsets[N + i];
  }
  for (std::size_t i = N; i-- > 1;) {
    if (within[i] == 0) continue;
    memory.offsets[i] = memory.offsets[within[i]] + sizes[within[i]].input_at;
  }
  return memory;
}

namespace detail {

template <class Model, QuantizationParams Params, std::size_t... I>
constexpr auto facts(std::index_sequence<I...>) noexcept {
  ModelFacts<sizeof...(I)> all;
  all.inputs = Model::inputs;
  all.kinds = {Model::template LayerAt<I>::params.traits.kind...};
  all.layers = {static_layer<Model, Params, I>...};
  all.input_type = Model::template LayerAt<0>::params.type;
  return all;
}

/// Elements of int32 that the integer form of a layer needs; `second` is the shape of its second
/// input, if it has one.
template <class Params>
constexpr std::int64_t scratch_elements(const Params& params, const Shape& input,
                                        const Shape& second,
                                        const ConstantCounts& counts) noexcept {
  std::int64_t elements = counts.alignment ? input.size() : 0;
  if constexpr (std::is_same_v<Params, SeparableConv2DParams>) {
    elements = input.size() + params.window(input).output(input.channels()).size();
  }
  if constexpr (std::is_same_v<Params, GlobalAveragePooling2DParams> ||
                std::is_same_v<Params, BatchNormalizationParams> ||
                std::is_same_v<Params, FlattenParams>) {
    elements = 0;  // these align each element as they read it
  }
  if constexpr (StatefulLayer<Params>) elements = 0;
  if constexpr (std::is_same_v<Params, LayerMadNormalizationParams>) {
    elements = counts.alignment ? input.channels() : 0;
  }
  if constexpr (std::is_same_v<Params, DenseParams>) {
    elements = counts.alignment ? input.channels() : 0;
  }
  if constexpr (std::is_same_v<Params, ShiftmaxParams>) elements = input.channels();
  if constexpr (std::is_same_v<Params, AttentionParams>) elements = second[0];
  return elements;
}

/// Layers that read an element, then write the one in its place, in order; or read all of a token,
/// or push a frame into their state, before they write there.
template <class Params>
constexpr bool goes_by_element(const Params&) noexcept {
  return std::is_same_v<Params, ReLUParams> || std::is_same_v<Params, AddParams> ||
         std::is_same_v<Params, BatchNormalizationParams> ||
         std::is_same_v<Params, FlattenParams> || std::is_same_v<Params, ActivationParams> ||
         std::is_same_v<Params, AddPositionEmbsParams> || std::is_same_v<Params, ShiftmaxParams> ||
         std::is_same_v<Params, LayerMadNormalizationParams> ||
         std::is_same_v<Params, BufferTempConvParams> ||
         std::is_same_v<Params, DepthwiseBufferTempConvParams>;
}

/// An attention is done with the channels of a head of a query when it writes there.
template <class Params>
constexpr bool writes_over_query(const Params&) noexcept {
  return std::is_same_v<Params, AttentionParams>;
}

template <class Model, QuantizationParams Params, std::size_t I, std::size_t N>
constexpr LayerMemory memory_of(const std::array<TensorPlan, N>& tensors) noexcept {
  if constexpr (I == 0) {
    return {};  // the input is the caller's
  } else {
    constexpr auto params = Model::template LayerAt<I>::params;
    constexpr Shape input = Model::shapes[Model::inputs[I][0]];
    LayerMemory memory;
    memory.bytes = Model::shapes[I].size() * size_of(tensors[I].type);
    constexpr Shape second = Model::shapes[Model::inputs[I][Model::inputs[I].count > 1 ? 1 : 0]];
    memory.scratch =
        4 * scratch_elements(params, input, second, static_layer<Model, Params, I>.counts);
    const DataType first = tensors[Model::inputs[I][0]].type;
    if (std::is_same_v<const ClassTokenParams, decltype(params)> && first == tensors[I].type) {
      memory.input_at = input.channels() * size_of(first);
    }
    for (std::size_t k = 0; k < Model::inputs[I].count; ++k) {
      // Bytes may be written over wider elements; other types would alias.
      const DataType from = tensors[Model::inputs[I][k]].type;
      memory.overwrites[k] =
          goes_by_element(params) && (from == tensors[I].type || tensors[I].type == DataType::int8);
      if (k == 0 && writes_over_query(params)) memory.overwrites[0] = from == tensors[I].type;
    }
    return memory;
  }
}

template <class Model, QuantizationParams Params, std::size_t... I>
constexpr auto place_model(const std::array<TensorPlan, sizeof...(I)>& tensors,
                           std::index_sequence<I...>) noexcept {
  return place_tensors(Model::inputs, tensors, std::array{memory_of<Model, Params, I>(tensors)...});
}

template <class Model>
using LayerIndices = std::make_index_sequence<Model::layer_count>;

}  // namespace detail

template <class Model, QuantizationParams Params>
inline constexpr auto tensors_of =
    detail::plan_tensors(detail::facts<Model, Params>(detail::LayerIndices<Model>{}));

template <class Model, QuantizationParams Params>
inline constexpr auto memory_plan_of =
    detail::place_model<Model, Params>(tensors_of<Model, Params>, detail::LayerIndices<Model>{});

}  // namespace tenon
