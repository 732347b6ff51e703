// SPDX-License-Identifier: Apache-2.0
// Models that the compiler quantized, as firmware has them: constants in flash, an arena and a
// state in RAM. The exit status is the number of outputs that are not those of the reference.
#include <cstddef>
#include <cstdint>
#include <tenon/device.hpp>

#include "model/reference_outputs.hpp"
#include "model/toolkit_models.hpp"

using namespace tenon_test;

constexpr Data<Chain, std::uint8_t> drawn(1);
constexpr Quantized<Chain> net(drawn.weights, drawn.samples, {.num_samples = 6});
static_assert(!net.fault());
static_assert(net.arena_bytes <= 256);

constexpr auto inputs = drawn.inputs;
Quantized<Chain>::Arena arena;

// One that remembers: its constants stay in flash, the state of the stream is beside them.
constexpr Data<Stream, std::uint8_t> stream_drawn(7);
constexpr Quantized<Stream> stream_net(stream_drawn.weights, stream_drawn.samples,
                                       {.batch_size = 2, .epochs = 2});
static_assert(!stream_net.fault());
constexpr auto frames = stream_drawn.inputs;
Quantized<Stream>::Arena stream_arena;
Quantized<Stream>::State stream_state;

extern "C" int application();

int application() {
  int wrong = 0;
  for (std::size_t i = 0; i < input_count; ++i) {
    volatile std::size_t position = i;  // computed here, not by the compiler
    const auto outputs = net(inputs[position], arena);
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      wrong += outputs[k] == reference::chain_outputs[i * outputs.size() + k] ? 0 : 1;
    }
  }
  for (std::size_t i = 0; i < input_count; ++i) {
    volatile std::size_t position = i;
    const auto outputs = stream_net(frames[position], stream_arena, stream_state);
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      wrong += outputs[k] == reference::stream_outputs[i * outputs.size() + k] ? 0 : 1;
    }
  }
  return wrong;
}
