// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <concepts>
#include <cstdint>
#include <tenon/tensor/frame_ring.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// What a layer remembers from one call to the next. It lives inside the model object, one for each stream that is fed
// in parallel; `Values` is an array in typed models and a vector on the host. All zero before the first call.
template <class Values>
struct LayerState {
  Values values{};
  std::int32_t head = 0;  ///< slot of the oldest frame of a ring

  constexpr void reset() noexcept {
    for (auto& v : values) v = 0;
    head = 0;
  }
};

/// Layers with a state: `state_size` elements of it. Temporal convolutions keep inputs as they came, recurrent layers
/// keep outputs, so the elements have the type of those.
template <class Params>
concept StatefulLayer = requires(const Params& params, const Shape& input) {
  { params.state_size(input) } -> std::same_as<std::int64_t>;
};

/// Puts `frame` in the place of the oldest one, and says how the ring stands then.
template <class Values, class X>
[[nodiscard]] constexpr FrameRing push_frame(LayerState<Values>& state, std::int32_t size, const Shape& input,
                                             const X* frame) noexcept {
  FrameRing ring{size, state.head, input.pixels(), input.channels()};
  auto* slot = state.values.data() + ring.frame(0);
  for (std::int64_t i = 0; i < ring.frame_size(); ++i) {
    slot[i] = static_cast<typename Values::value_type>(frame[i]);
  }
  state.head = ring.oldest = state.head + 1 < size ? state.head + 1 : 0;
  return ring;
}

}  // namespace tenon
