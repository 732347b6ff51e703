// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <tenon/layer/any_layer.hpp>
#include <tenon/layer/state.hpp>
#include <type_traits>
#include <variant>
#include <vector>

// What the interpreter needs to know of layers of the toolkit: their variables and their states.
namespace tenon::host {

struct SizedVariable {
  std::span<const float> data;
  std::int64_t wanted = 0;
  std::string_view name;
};

/// The variables of a layer that has no kernel, and how many elements each of them must have.
template <class Params>
[[nodiscard]] std::vector<SizedVariable> toolkit_variables(const Params&, const FloatVariables& v,
                                                           const Shape& input) {
  const std::int64_t channels = input.channels();
  if constexpr (std::is_same_v<Params, ClassTokenParams>) return {{v.cls, channels, "cls"}};
  if constexpr (std::is_same_v<Params, AddPositionEmbsParams>) {
    return {{v.pos_embedding, input.size(), "pos_embedding"}};
  }
  if constexpr (std::is_same_v<Params, LayerMadNormalizationParams>) {
    return {{v.gamma, v.gamma.empty() ? 0 : channels, "gamma"}, {v.beta, v.beta.empty() ? 0 : channels, "beta"}};
  }
  if constexpr (std::is_same_v<Params, StatefulRecurrentParams>) {
    return {{v.a_real, channels, "A_real"}, {v.a_imag, channels, "A_imag"}};
  }
  return {};
}

/// The state of one layer for one stream; one of the two is in use, or none.
struct StreamState {
  LayerState<std::vector<std::int32_t>> integers;
  LayerState<std::vector<float>> floats;

  void reset() {
    integers.reset();
    floats.reset();
  }
};

[[nodiscard]] inline bool is_stateful(const LayerParams& params) {
  return std::visit([](const auto& p) { return StatefulLayer<std::decay_t<decltype(p)>>; }, params);
}

/// As after a reset.
[[nodiscard]] inline StreamState make_state(const LayerParams& params, const Shape& input, bool integers) {
  StreamState state;
  std::visit(
      [&](const auto& p) {
        if constexpr (StatefulLayer<std::decay_t<decltype(p)>>) {
          const auto size = static_cast<std::size_t>(p.state_size(input));
          integers ? state.integers.values.resize(size) : state.floats.values.resize(size);
        }
      },
      params);
  return state;
}

}  // namespace tenon::host
