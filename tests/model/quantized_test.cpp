// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <tenon/device.hpp>
#include <vector>

#include "model/reference_outputs.hpp"
#include "model/typed_models.hpp"

using namespace tenon_test;

namespace {

template <class Net, class Model, class Element>
void check_outputs(const Net& net, const Data<Model, Element>& data,
                   std::span<const std::int32_t> expected) {
  REQUIRE(expected.size() == input_count * Net::output_size);
  const auto arena = std::make_unique<typename Net::Arena>();
  for (std::size_t i = 0; i < input_count; ++i) {
    const auto outputs = net(data.inputs[i]);
    const auto in_arena = net(data.inputs[i], *arena);
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

}  // namespace

TEST_CASE("a chain with a fused block gives the integers of the reference") {
  const Data<Chain, std::uint8_t> data(1);
  const Quantized<Chain> net(data.weights, data.samples, {.num_samples = 6});
  REQUIRE_FALSE(net.fault());
  check_outputs(net, data, reference::chain_outputs);
  check_equal(net.format().frac_bits, reference::chain_frac_bits);
  check_equal(net.format().scales, reference::chain_scales);
}

TEST_CASE("branches, additions and concatenations with 4 bits give the integers of the reference") {
  const Data<Residual, std::uint8_t> data(11);
  using Net = Quantized<Residual, QuantizationParams{.activation_bits = 4, .weight_bits = 4}>;
  const Net net(data.weights, data.samples, {.num_samples = 6, .batch_size = 4, .epochs = 2});
  REQUIRE_FALSE(net.fault());
  check_outputs(net, data, reference::residual_outputs);
  check_equal(net.format().frac_bits, reference::residual_frac_bits);
}

TEST_CASE("a decoder with every transposed layer gives the integers of the reference") {
  const Data<Decoder, std::int8_t> data(3);
  using Net = Quantized<Decoder, QuantizationParams{.last_output_bits = 8}>;
  const Net net(data.weights, data.samples, {.num_samples = 6, .batch_size = 2});
  REQUIRE_FALSE(net.fault());
  check_outputs(net, data, reference::decoder_outputs);
  check_equal(net.format().frac_bits, reference::decoder_frac_bits);
  CHECK(net.format().scales.empty());
}

TEST_CASE("16-bit activations, groups and dilation give the integers of the reference") {
  const Data<Wide, std::int16_t> data(4);
  using Net = Quantized<Wide, QuantizationParams{.activation_bits = 16,
                                                 .output_bits = 12,
                                                 .per_tensor_activations = true,
                                                 .input_weight_bits = 10}>;
  const Net net(data.weights, data.samples, {.num_samples = 3});
  REQUIRE_FALSE(net.fault());
  check_outputs(net, data, reference::wide_outputs);
  check_equal(net.format().frac_bits, reference::wide_frac_bits);
  check_equal(net.format().scales, reference::wide_scales);
}

TEST_CASE("floats are integers times their scale") {
  const Data<Chain, std::uint8_t> data(1);
  const Quantized<Chain> net(data.weights, data.samples, {.num_samples = 6});
  const auto outputs = net(data.inputs[0]);
  const auto floats = net.to_float(outputs);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(floats[i] ==
          static_cast<float>(reference::chain_outputs[i]) / 2.0F * reference::chain_scales[i]);
  }
}

TEST_CASE("spans, vectors and a calibrator of the caller serve as well") {
  const Data<Chain, std::uint8_t> data(1);
  const std::vector<float> weights(data.weights.begin(), data.weights.end());
  const std::vector<std::uint8_t> samples(data.samples.begin(), data.samples.end());
  const auto calibrator = std::make_unique<Calibrator<Chain, QuantizationParams{}>>();
  const std::span<const float> view = weights;
  const Quantized<Chain> net(view, samples, {.num_samples = 6}, *calibrator);
  const Quantized<Chain> again(weights, samples, {.num_samples = 6}, *calibrator);
  check_outputs(net, data, reference::chain_outputs);
  check_outputs(again, data, reference::chain_outputs);
  CHECK(net(std::span(data.inputs[1])) == again(std::span(data.inputs[1])));
}

TEST_CASE("wrong counts are a fault, and a model with a fault returns zeros") {
  const Data<Chain, std::uint8_t> data(1);
  std::vector<float> weights(data.weights.begin(), data.weights.end());
  std::vector<std::uint8_t> samples(data.samples.begin(), data.samples.end());
  weights.pop_back();
  const Quantized<Chain> short_weights(weights, samples);
  CHECK(short_weights.fault() == ModelFault{Fault::weight_count, 0});
  CHECK(short_weights(data.inputs[0]) == Quantized<Chain>::Output{});
  CHECK(short_weights.to_float(short_weights(data.inputs[0])) == std::array<float, 2>{});
  weights.push_back(0);
  samples.pop_back();
  CHECK(Quantized<Chain>(weights, samples).fault() == ModelFault{Fault::sample_count, 0});
  samples.clear();
  CHECK(Quantized<Chain>(weights, samples).fault() == ModelFault{Fault::sample_count, 0});
}

TEST_CASE("a fault names the layer whose numbers do not fit") {
  // A channel that stays 0 next to one with large values: flattening would lose it.
  Data<Chain, std::uint8_t> data(1);
  for (std::size_t i = 0; i < 27; ++i) data.weights[i] = i % 3 == 0 ? 100.0F : 0.0F;
  for (std::size_t i = 27; i < 30; ++i) data.weights[i] = 0;
  const Quantized<Chain> net(data.weights, data.samples);
  CHECK(net.fault() == ModelFault{Fault::flatten_loses_channels, Chain::position<chain_list>});
  Quantized<Chain>::Arena arena;
  CHECK(net(data.inputs[0], arena)[0] == 0);
}
