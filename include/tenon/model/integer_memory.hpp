// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <tenon/model/execution.hpp>
#include <tenon/model/stored_constants.hpp>
#include <tuple>
#include <type_traits>
#include <utility>

// The memory of a typed model: its integer constants, and what an inference works on.
namespace tenon {

namespace detail {

template <DataType Type>
constexpr auto element_of() noexcept {
  if constexpr (Type == DataType::uint8)
    return std::uint8_t{};
  else if constexpr (Type == DataType::int8)
    return std::int8_t{};
  else if constexpr (Type == DataType::uint16)
    return std::uint16_t{};
  else if constexpr (Type == DataType::int16)
    return std::int16_t{};
  else if constexpr (Type == DataType::uint32)
    return std::uint32_t{};
  else if constexpr (Type == DataType::int32)
    return std::int32_t{};
  else
    return std::int64_t{};
}

}  // namespace detail

template <DataType Type>
using ElementOf = decltype(detail::element_of<Type>());

/// Tensors at the offsets of the memory plan, in one aligned piece.
template <class Model, QuantizationParams Params>
class IntegerArena {
  static constexpr const auto& plan = memory_plan_of<Model, Params>;

 public:
  template <std::size_t I>
  [[nodiscard]] auto* tensor() noexcept {
    return reinterpret_cast<ElementOf<tensors_of<Model, Params>[I].type>*>(bytes_ +
                                                                           plan.offsets[I]);
  }
  template <std::size_t I>
  [[nodiscard]] std::int32_t* scratch() noexcept {
    return reinterpret_cast<std::int32_t*>(bytes_ + plan.scratch_offsets[I]);
  }
  /// Behind a layer: memory changes its type from tensor to tensor, so no access may move across.
  void next_layer() noexcept { asm volatile("" : : "r"(bytes_) : "memory"); }

 private:
  alignas(16) std::byte bytes_[plan.bytes > 0 ? plan.bytes : 1];
};

namespace detail {

/// Each tensor and each scratch space as an array of its own: constant expressions know no other
/// memory.
template <class Model, QuantizationParams Params, class Indices>
class TypedTensors;
template <class Model, QuantizationParams Params, std::size_t... I>
class TypedTensors<Model, Params, std::index_sequence<I...>> {
  static constexpr const auto& tensors = tensors_of<Model, Params>;
  template <std::size_t L>
  static constexpr std::size_t elements = tensors[L].computed
                                              ? static_cast<std::size_t>(Model::shapes[L].size())
                                              : 0;
  template <std::size_t L>
  static constexpr auto scratch_size =
      tensors[L].computed
          ? static_cast<std::size_t>(memory_of<Model, Params, L>(tensors).scratch / 4)
          : std::size_t{0};

 public:
  template <std::size_t L>
  [[nodiscard]] constexpr auto* tensor() noexcept {
    return std::get<L>(tensors_).data();
  }
  template <std::size_t L>
  [[nodiscard]] constexpr std::int32_t* scratch() noexcept {
    return std::get<L>(scratch_).data();
  }
  constexpr void next_layer() noexcept {}

 private:
  std::tuple<std::array<ElementOf<tensors[I].type>, elements<I>>...> tensors_{};
  std::tuple<std::array<std::int32_t, scratch_size<I>>...> scratch_{};
};

/// What `prepare` fills before only what is needed is stored.
template <class Model, QuantizationParams Params, std::size_t I>
struct PreparingStorage {
  static constexpr const StaticLayer& known = static_layer<Model, Params, I>;

  template <class T>
  using Channels = StaticVector<T, known.capacity>;
  using Weights =
      StaticVector<std::conditional_t<(known.counts.weight_bits <= 8), std::int8_t, std::int16_t>,
                   larger(known.counts.weights, known.counts.pointwise)>;
  using Table = StaticVector<std::int32_t, known.counts.table>;
};

/// The layer that applies the output quantizer of layer i: itself, or the one whose sums its ReLU
/// is applied to. 0 if nothing does.
template <std::size_t N>
constexpr std::size_t output_applier(const std::array<TensorPlan, N>& tensors,
                                     std::size_t i) noexcept {
  if (tensors[i].computed && tensors[i].relu == no_relu) return i;
  for (std::size_t k = 1; k < N; ++k) {
    if (tensors[k].computed && tensors[k].relu == i) return k;
  }
  return 0;
}

template <class Model, QuantizationParams Params, std::size_t I>
constexpr auto constants_of_layer() noexcept {
  constexpr TensorPlan tensor = tensors_of<Model, Params>[I];
  if constexpr (!tensor.computed) {
    return std::tuple<>{};
  } else if constexpr (tensor.relu == no_relu) {
    constexpr const ConstantCounts& own = static_layer<Model, Params, I>.counts;
    return StoredConstants<own, own, false>{};
  } else {
    return StoredConstants<static_layer<Model, Params, I>.counts,
                           static_layer<Model, Params, tensor.relu>.counts, true>{};
  }
}

template <class Model, QuantizationParams Params, class Indices>
struct ModelConstants;
template <class Model, QuantizationParams Params, std::size_t... I>
struct ModelConstants<Model, Params, std::index_sequence<I...>> {
  using Type = std::tuple<decltype(constants_of_layer<Model, Params, I>())...>;
};
template <class Model, QuantizationParams Params, class Indices>
using ConstantsOfModel = typename ModelConstants<Model, Params, Indices>::Type;

template <class Model, QuantizationParams Params, std::size_t... I>
constexpr std::size_t largest_capacity(std::index_sequence<I...>) noexcept {
  std::size_t most = 1;
  ((most = larger(most, static_layer<Model, Params, I>.capacity)), ...);
  return most;
}

template <class Model, QuantizationParams Params, std::size_t... I>
constexpr std::size_t count_weight_bytes(std::index_sequence<I...>) noexcept {
  const auto bytes = [](const ConstantCounts& c) {
    return (c.weights + c.pointwise) * (c.weight_bits <= 8 ? 1 : 2);
  };
  return (bytes(static_layer<Model, Params, I>.counts) + ...);
}

}  // namespace detail

template <class Model, QuantizationParams Params>
using TypedMemory =
    detail::TypedTensors<Model, Params, std::make_index_sequence<Model::layer_count>>;

}  // namespace tenon
