// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <tenon/device.hpp>

#include "model/reference_outputs.hpp"
#include "model/typed_models.hpp"

using namespace tenon_test;

namespace {

constexpr Data<Chain, std::uint8_t> data(1);
constexpr Quantized<Chain> net(data.weights, data.samples, {.num_samples = 6});

// The compiler calibrates and infers; the integers are those of the reference.
static_assert(!net.fault());
static_assert([] {
  for (std::size_t i = 0; i < input_count; ++i) {
    const auto outputs = net(data.inputs[i]);
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      if (outputs[k] != reference::chain_outputs[i * outputs.size() + k]) return false;
    }
  }
  return true;
}());
static_assert(net.format().frac_bits[0] == reference::chain_frac_bits[0]);
static_assert(net.format().scales[1] == reference::chain_scales[1]);

// By hand: weights 1 and -1 of 2 bits (largest integer 1, scale 1), inputs 5 and 3.
struct Difference : Sequential<Input<struct pair, Shape(2), std::int8_t>,
                               Dense<struct minus, DenseParams{.units = 1, .use_bias = false}>> {};
constexpr Quantized<Difference, QuantizationParams{.input_weight_bits = 2}> difference(
    std::array{1.0F, -1.0F}, std::array<std::int8_t, 2>{100, 50});
static_assert(difference(std::array<std::int8_t, 2>{5, 3})[0] == 2);
static_assert(difference(std::array<std::int8_t, 2>{-128, 127})[0] == -255);
static_assert(difference.to_float(std::array<std::int32_t, 1>{-255})[0] == -255.0F);

// By hand: a ReLU with an 8-bit output, calibrated once with 4. The range moves to 255/256 of 4, so
// 5 of 7 bits are fractional; the rate is 255/256; the scale of the weight 2 is 2/127.
struct Doubled : Sequential<Input<struct one, Shape(1), std::uint8_t>,
                            Dense<struct twice, DenseParams{.units = 1, .use_bias = false}>,
                            ReLU<struct positive>,
                            Dense<struct same, DenseParams{.units = 1, .use_bias = false}>> {};
constexpr Quantized<Doubled> doubled(std::array{2.0F, 1.0F}, std::array<std::uint8_t, 1>{2});
// 2 -> 2 * 127 = 254; times round(2/127 * 255/256 * 2^13) / 2^13 = 128 / 2^13; 32512 / 2^13
// = 3.96875 = 127 / 2^5. The weight 1 / (255/256) is 127 of its scale: 127 * 127.
static_assert(doubled(std::array<std::uint8_t, 1>{2})[0] == 127 * 127);
// 1 -> 127 * 128 / 2^13 = 1.984375, in 32nds 63.5, rounded up to 64.
static_assert(doubled(std::array<std::uint8_t, 1>{1})[0] == 64 * 127);
// 3 is beyond the calibrated range: saturated.
static_assert(doubled(std::array<std::uint8_t, 1>{3})[0] == 127 * 127);

}  // namespace

TEST_CASE("a model of the compiler computes the same at run time, in an arena and on the stack") {
  Quantized<Chain>::Arena arena;
  for (std::size_t i = 0; i < input_count; ++i) {
    volatile std::size_t position = i;  // not for the compiler
    const auto outputs = net(data.inputs[position]);
    const auto in_arena = net(data.inputs[position], arena);
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      CHECK(outputs[k] == reference::chain_outputs[i * outputs.size() + k]);
      CHECK(in_arena[k] == outputs[k]);
    }
  }
}

TEST_CASE("a model quantized at run time has the constants of the compiler's") {
  const Data<Chain, std::uint8_t> drawn(1);
  const Quantized<Chain> again(drawn.weights, drawn.samples, {.num_samples = 6});
  for (std::size_t i = 0; i < input_count; ++i)
    CHECK(again(drawn.inputs[i]) == net(drawn.inputs[i]));
}
