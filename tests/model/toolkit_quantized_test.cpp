// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <tenon/device.hpp>
#include <vector>

#include "model/reference_outputs.hpp"
#include "model/toolkit_models.hpp"

using namespace tenon_test;

namespace {

/// The inputs in turn, computed on the stack and in an arena, in the model and in a state of the
/// test: all give what is expected.
template <class Net, class Model, class Element>
void check_outputs(Net& net, const Data<Model, Element>& data,
                   std::span<const std::int32_t> expected) {
  REQUIRE_FALSE(net.fault());
  REQUIRE(expected.size() == input_count * Net::output_size);
  const auto arena = std::make_unique<typename Net::Arena>();
  typename Net::State state;
  net.reset();
  for (std::size_t i = 0; i < input_count; ++i) {
    const auto outputs = net(data.inputs[i]);
    const auto in_arena = net(data.inputs[i], *arena, state);
    for (std::size_t k = 0; k < Net::output_size; ++k) {
      CHECK(outputs[k] == expected[i * Net::output_size + k]);
      CHECK(in_arena[k] == outputs[k]);
    }
  }
}

template <class Numbers, class Expected>
void check_equal(const Numbers& numbers, const Expected& expected) {
  REQUIRE(numbers.size() == std::size(expected));
  CHECK(std::equal(numbers.begin(), numbers.end(), std::begin(expected)));
}

using Recurrent16 =
    Quantized<Recurrent, QuantizationParams{.activation_bits = 16, .output_bits = 16}>;

}  // namespace

TEST_CASE("a transformer gives the integers of the reference") {
  const Data<Transformer, std::uint8_t> data(5);
  Quantized<Transformer> net(data.weights, data.samples, {.num_samples = 6, .batch_size = 3});
  check_outputs(net, data, reference::transformer_outputs);
  check_equal(net.format().frac_bits, reference::transformer_frac_bits);
  check_equal(net.format().scales, reference::transformer_scales);
}

TEST_CASE("a transformer with 4 bits gives the integers of the reference") {
  const Data<TransformerShares, std::uint8_t> data(6);
  Quantized<TransformerShares, QuantizationParams{.activation_bits = 4, .weight_bits = 4}> net(
      data.weights, data.samples, {.num_samples = 6, .batch_size = 6});
  check_outputs(net, data, reference::transformer4_outputs);
}

TEST_CASE(
    "temporal convolutions, calibrated on parallel clips, give the integers of the reference") {
  const Data<Stream, std::uint8_t> data(7);
  Quantized<Stream> net(data.weights, data.samples, {.batch_size = 2, .epochs = 2});
  check_outputs(net, data, reference::stream_outputs);
  check_equal(net.format().frac_bits, reference::stream_frac_bits);
  check_equal(net.format().scales, reference::stream_scales);
}

TEST_CASE("one stream of signed frames with 4 bits gives the integers of the reference") {
  const Data<SignedStream, std::int8_t> data(8);
  Quantized<SignedStream,
            QuantizationParams{
                .activation_bits = 4, .per_tensor_activations = true, .weight_bits = 4}>
      net(data.weights, data.samples, {.batch_size = 1});
  check_outputs(net, data, reference::stream4_outputs);
  check_equal(net.format().scales, reference::stream4_scales);
}

TEST_CASE("recurrent layers, calibrated on sequences, give the integers of the reference") {
  const Data<Recurrent, std::int8_t> data(9);
  Recurrent16 net(data.weights, data.samples, {.epochs = 2, .steps = 2});
  check_outputs(net, data, reference::recurrent_outputs);
  check_equal(net.format().frac_bits, reference::recurrent_frac_bits);
}

TEST_CASE("a reset forgets the stream, a copy of the model goes on with it") {
  const Data<Stream, std::uint8_t> data(7);
  Quantized<Stream> net(data.weights, data.samples, {.batch_size = 2});
  const auto first = net(data.inputs[0]);
  const auto second = net(data.inputs[1]);
  CHECK(second != net(data.inputs[1]));
  net.reset();
  CHECK(net(data.inputs[0]) == first);
  Quantized<Stream> copy = net;
  CHECK(net(data.inputs[1]) == second);
  CHECK(copy(data.inputs[1]) == second);
}

TEST_CASE("a constant model serves several streams, each with a state of its own") {
  const Data<Recurrent, std::int8_t> data(9);
  const Recurrent16 net(data.weights, data.samples, {.steps = 2});
  Recurrent16 own = net;
  Recurrent16::State left;
  Recurrent16::State right;
  const auto first = net(data.inputs[0], left);
  (void)net(data.inputs[2], right);
  CHECK(first == own(data.inputs[0]));
  CHECK(net(data.inputs[1], left) == own(data.inputs[1]));
  left.reset();
  CHECK(net(data.inputs[0], left) == first);
}

TEST_CASE("samples that make no whole clips or sequences are a fault") {
  const Data<Stream, std::uint8_t> data(7);
  Quantized<Stream> net(data.weights, data.samples, {.batch_size = 4});
  CHECK(net.fault() == ModelFault{Fault::clip_count, 0});
  const Data<Recurrent, std::int8_t> steps(9);
  CHECK(Recurrent16(steps.weights, steps.samples, {.steps = 4}).fault() ==
        ModelFault{Fault::clip_count, 0});
}
