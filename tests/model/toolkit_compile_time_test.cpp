// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <tenon/device.hpp>

#include "model/reference_outputs.hpp"
#include "model/toolkit_models.hpp"

using namespace tenon_test;

namespace {

constexpr Data<Stream, std::uint8_t> data(7);
constexpr Quantized<Stream> net(data.weights, data.samples, {.batch_size = 2, .epochs = 2});

// The compiler calibrates on parallel clips and feeds a stream; the integers are the reference's.
static_assert(!net.fault());
static_assert([] {
  Quantized<Stream>::State state;
  for (std::size_t i = 0; i < input_count; ++i) {
    const auto outputs = net(data.inputs[i], state);
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      if (outputs[k] != reference::stream_outputs[i * outputs.size() + k]) return false;
    }
  }
  return true;
}());
static_assert(net.format().scales[1] == reference::stream_scales[1]);

// A ring of frames keeps them as they came: three of bytes, two of bytes, two of one pixel.
static_assert(Quantized<Stream>::stateful && !Quantized<Transformer>::stateful);
static_assert(Quantized<Stream>::state_bytes == (3 * 12 + 4) + (2 * 24 + 4) + (2 * 2 * 3 + 4));
static_assert(Quantized<Transformer>::state_bytes == 0);

// By hand: weights 1 and -1 of 2 bits on two frames of one number each: what the last step was.
struct Step
    : Sequential<
          Input<struct level, Shape{1, 1, 1}, std::int8_t>,
          BufferTempConv<struct change, BufferTempConvParams{.filters = 1, .kernel_size = 2}>> {};
constexpr Quantized<Step, QuantizationParams{.input_weight_bits = 2}> step(
    std::array{-1.0F, 1.0F}, std::array<std::int8_t, 1>{100});
static_assert([] {
  auto stream = step;
  const auto next = [&](std::int8_t level) { return stream(std::array{level})[0]; };
  const bool steps = next(5) == 5 && next(7) == 2 && next(-3) == -10;
  stream.reset();
  return steps && next(9) == 9;
}());

// By hand: two tokens, each its own query, key and value of 2 bits. Scores are products of one
// channel; token 0 looks at itself, the shares are 2^0 and 2^-1 of the power of two nearest to
// their sum 1.5, that is 2.
struct Look : Graph<Input<struct tokens, Shape{2, 1}, std::int8_t>,
                    Dense<struct q, DenseParams{.units = 1, .use_bias = false}, tokens>,
                    Dense<struct k, DenseParams{.units = 1, .use_bias = false}, tokens>,
                    Dense<struct v, DenseParams{.units = 1, .use_bias = false}, tokens>,
                    Attention<struct shares_of_two, AttentionParams{}, q, k, v>> {};
constexpr Quantized<Look> look(std::array{1.0F, 1.0F, 1.0F}, std::array<std::int8_t, 2>{1, 0});
static_assert(!look.fault());
// Ranges of 1 leave 7 fractional bits; q, k, v of token 0 saturate just below 1: 127. Its scores
// are 127 * 127 / 2^14, floored to 0, and 0: equal shares of a half, 512 of 1024.
static_assert(look(std::array<std::int8_t, 2>{1, 0})[0] == 512 * 127);
static_assert(look(std::array<std::int8_t, 2>{1, 0})[1] == 512 * 127);
// Token 1 is at -1: its score with itself is 2^14 / 2^14 = 1 against -127 / 2^7, floored to -1:
// shares of 2^0 and 2^-2 of 1.25, nearest 1.
static_assert(look(std::array<std::int8_t, 2>{1, -1})[1] == 1024 * -128 + 256 * 127);

}  // namespace

TEST_CASE("a constant stream model computes at run time what the compiler computes") {
  Quantized<Stream>::State state;
  Quantized<Stream>::Arena arena;
  for (std::size_t i = 0; i < input_count; ++i) {
    volatile std::size_t position = i;  // not for the compiler
    const auto outputs = net(data.inputs[position], arena, state);
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      CHECK(outputs[k] == reference::stream_outputs[i * outputs.size() + k]);
    }
  }
}
