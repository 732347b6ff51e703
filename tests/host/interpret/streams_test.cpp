// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/host/interpret/run_all.hpp>

#include "support/graphs.hpp"

using namespace tenon;
using namespace tenon::host;

namespace {

/// A quantized BufferTempConv on integers, with weights 127 and 1 of the scale 1: y(t) = x(t) + 127 x(t - 1).
Graph quantized_net() {
  Graph graph = test::graph_of(
      {test::input("x", {1, 1, 1}),
       test::layer("Custom>QuantizedBufferTempConv", "btc", {"x"},
                   {{"filters", 1},
                    {"kernel_size", 2},
                    {"use_bias", false},
                    {"quant_config", {{"weight_quantizer", {{"bitwidth", 8}}}, {"buffer_bitwidth", 32}}}},
                   {{"btc/kernel:0", {1, 1, 2, 1}, {127, 1}}}),
       test::layer("Custom>Dequantizer", "dequantizer", {"btc"})});
  graph.layers[0].config["dtype"] = "uint8";
  return graph;
}

Graph attention_net(bool mask_is_output) {
  const auto token = [](const char* name) {
    return test::layer("Custom>Shiftmax", name, {"x"});  // passes tokens on as floats
  };
  Graph graph = test::graph_of({test::input("x", {2, 2}), token("q"), token("k"), token("v"),
                                test::layer("Custom>Attention", "attention", {"q", "k", "v"},
                                            {{"num_heads", 1}, {"softmax", "shiftmax"}})});
  if (mask_is_output) graph.outputs.push_back({"attention", 0, 1});
  return graph;
}

}  // namespace

TEST_CASE("streams run from a reset state, step after step, each with its own") {
  const Program program = make_program(quantized_net());
  CHECK(program.stateful());
  CHECK(program.streaming());
  CHECK_FALSE(program.recurrent());
  // Three steps of two streams: 1, 2, 3 and 10, 20, 30.
  const Samples samples{std::vector<float>{1, 10, 2, 20, 3, 30}, Shape{1, 1, 1}, 6};
  const std::vector<float> expected{1, 10, 2 + 127, 20 + 1270, 3 + 254, 30 + 2540};
  for (int again = 0; again < 2; ++again) {
    const Results results = run_all(program, samples, Streams{2, 3}, true);
    CHECK(results.outputs.at(0) == expected);
    CHECK(results.values.at(1).narrow == std::vector<std::int32_t>(expected.begin(), expected.end()));
  }
  // The same samples as six streams of one step.
  CHECK(run_all(program, samples, false).outputs.at(0) == std::get<std::vector<float>>(samples.data));
}

TEST_CASE("the mask of an attention can be an output") {
  // Tokens (0, -1) and (-1, 0) become (1, 1/2) and (1/2, 1) over the power of two nearest to 3/2.
  const Samples samples{std::vector<float>{0, -1, -1, 0}, Shape{2, 2}, 1};
  const Program plain = make_program(attention_net(false));
  const Program both = make_program(attention_net(true));
  REQUIRE(both.outputs().size() == 2);
  CHECK(both.values()[both.outputs()[1]].layer == "attention/mask");
  CHECK(both.values()[both.outputs()[1]].shape == Shape{1, 2, 2});
  const Results results = run_all(both, samples, false);
  CHECK(run_all(plain, samples, false).outputs.at(0) == results.outputs.at(0));
  // Scores lie between 0 and 1, so all are 0 without their fractions, and both tokens weigh one half.
  CHECK(results.outputs.at(1) == std::vector<float>{0.5F, 0.5F, 0.5F, 0.5F});
  CHECK(results.outputs.at(0)[0] == results.outputs.at(0)[2]);
}
