// SPDX-License-Identifier: Apache-2.0
// A model that the compiler quantized, as firmware has it: constants in flash, one arena. The exit
// status is the number of outputs that are not those of the reference.
#include <cstddef>
#include <cstdint>
#include <tenon/device.hpp>

#include "model/reference_outputs.hpp"
#include "model/typed_models.hpp"

using namespace tenon_test;

constexpr Data<Chain, std::uint8_t> drawn(1);
constexpr Quantized<Chain> net(drawn.weights, drawn.samples, {.num_samples = 6});
static_assert(!net.fault());
static_assert(net.arena_bytes <= 256);

constexpr auto inputs = drawn.inputs;
Quantized<Chain>::Arena arena;

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
  return wrong;
}
