// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <tenon/layer/state.hpp>
#include <tenon/model/integer_memory.hpp>
#include <tuple>
#include <type_traits>
#include <utility>

// What a typed model remembers from one call to the next: a ring of frames for each temporal
// convolution, two numbers a channel for each recurrent layer, in the element type of the tensors
// that they keep. One object for each stream that is fed.
namespace tenon {

namespace detail {

/// Whether layer I keeps a state, and how many elements of it.
template <class Model, std::size_t I>
constexpr std::size_t state_elements() noexcept {
  constexpr auto params = Model::template LayerAt<I>::params;
  if constexpr (StatefulLayer<std::remove_const_t<decltype(params)>>) {
    return static_cast<std::size_t>(params.state_size(Model::shapes[Model::inputs[I][0]]));
  } else {
    return 0;
  }
}

template <class Model, std::size_t... I>
constexpr bool has_state(std::index_sequence<I...>) noexcept {
  return ((state_elements<Model, I>() > 0) || ...);
}

/// Of a layer without one; a type for each layer, so that they take no room.
template <std::size_t I>
struct NoState {
  constexpr void reset() noexcept {}
};

template <std::size_t I, class Element, std::size_t Elements>
using StateOf = std::conditional_t<Elements == 0, NoState<I>,
                                   LayerState<std::array<Element, Elements == 0 ? 1 : Elements>>>;

/// Recurrent layers keep outputs, temporal convolutions inputs.
template <class Model, QuantizationParams Params, std::size_t I>
constexpr DataType state_type() noexcept {
  constexpr bool outputs =
      Model::template LayerAt<I>::params.traits.kind == LayerKind::stateful_recurrent;
  return tensors_of<Model, Params>[outputs ? I : Model::inputs[I][0]].type;
}

template <class... States>
constexpr std::size_t bytes_of_states() noexcept {
  return ((std::is_empty_v<States> ? 0 : sizeof(States)) + ... + 0);
}

}  // namespace detail

/// A model whose outputs depend on earlier inputs.
template <class Model>
inline constexpr bool is_stateful = detail::has_state<Model>(detail::LayerIndices<Model>{});

/// The states of all layers, all zero before the first input of a stream.
template <class... States>
class StatesOfLayers {
 public:
  static constexpr std::size_t bytes = detail::bytes_of_states<States...>();

  template <std::size_t I>
  [[nodiscard]] constexpr auto& layer() noexcept {
    return std::get<I>(states_);
  }
  constexpr void reset() noexcept {
    std::apply([](auto&... state) { (state.reset(), ...); }, states_);
  }

 private:
  std::tuple<States...> states_{};
};

namespace detail {

template <class Model, QuantizationParams Params, std::size_t... I>
constexpr auto integer_states(std::index_sequence<I...>) noexcept {
  if constexpr (is_stateful<Model>) {
    return StatesOfLayers<
        StateOf<I, ElementOf<state_type<Model, Params, I>()>, state_elements<Model, I>()>...>{};
  } else {
    return StatesOfLayers<>{};  // short in messages
  }
}
template <class Model, std::size_t... I>
constexpr auto float_states(std::index_sequence<I...>) noexcept {
  if constexpr (is_stateful<Model>) {
    return StatesOfLayers<StateOf<I, float, state_elements<Model, I>()>...>{};
  } else {
    return StatesOfLayers<>{};
  }
}

}  // namespace detail

template <class Model, QuantizationParams Params>
using ModelState = decltype(detail::integer_states<Model, Params>(detail::LayerIndices<Model>{}));
template <class Model>
using FloatModelState = decltype(detail::float_states<Model>(detail::LayerIndices<Model>{}));

}  // namespace tenon
