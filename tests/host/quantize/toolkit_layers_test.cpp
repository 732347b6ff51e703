// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/host/quantize/quantize.hpp>

#include "support/graphs.hpp"

using namespace tenon;
using namespace tenon::host;
using test::counting;
using test::layer;

namespace {

Layer dense(const std::string& name, const std::string& from, std::size_t inputs, std::size_t units) {
  return layer("Dense", name, {from}, {{"units", units}, {"use_bias", false}}, {counting(name + "/kernel", {inputs, units})});
}

Samples ramp(Shape shape, std::size_t count) {
  std::vector<float> values;
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.size()) * count; ++i) {
    values.push_back(static_cast<float>(i * 37 % 101));
  }
  return {std::move(values), shape, count};
}

QuantizeOptions options(Samples samples) {
  QuantizeOptions o;
  o.calibration.num_samples = static_cast<std::int64_t>(samples.count);
  o.calibration.batch_size = static_cast<std::int64_t>(samples.count);
  o.samples = std::move(samples);
  return o;
}

Json config_of(const Graph& graph, const char* name) { return graph.find(name)->config.value("quant_config", Json()); }

/// Tokens of four channels through what a transformer is made of.
Graph transformer() {
  return test::graph_of({test::input("x", {2, 4}), dense("embedding", "x", 4, 4),
                         layer("Custom>ClassToken", "cls", {"embedding"}, Json::object(), {counting("cls/cls", {1, 1, 4})}),
                         layer("Custom>AddPositionEmbs", "pos", {"cls"}, Json::object(),
                               {counting("pos/pos_embedding", {1, 3, 4})}),
                         layer("Custom>LayerMadNormalization", "norm", {"pos"}, {{"axis", {2}}},
                               {counting("norm/gamma", {4}), counting("norm/beta", {4})}),
                         dense("query", "norm", 4, 4), dense("key", "norm", 4, 4), dense("value", "norm", 4, 4),
                         layer("Custom>Attention", "attention", {"query", "key", "value"},
                               {{"num_heads", 2}, {"softmax", "shiftmax"}}),
                         dense("mlp", "attention", 4, 3), layer("Custom>Activation", "gelu", {"mlp"}, {{"activation", "gelu"}}),
                         layer("Custom>ExtractToken", "token", {"gelu"}, {{"token", 0}, {"axis", 1}}),
                         dense("head", "token", 3, 2)});
}

Graph recurrent(int steps, Json batch) {
  Graph graph = test::graph_of(
      {test::input("x", {steps, 1}),
       layer("Custom>StatefulProjection", "in", {"x"}, {{"units", 2}, {"use_bias", false}}, {counting("in/kernel", {1, 2})}),
       layer("Custom>StatefulRecurrent", "state", {"in"}, Json::object(),
             {test::values("state/A_real", {0.5F, 0.25F}), test::values("state/A_imag", {0, 0.5F})}),
       layer("Custom>StatefulProjection", "out", {"state"}, {{"units", 2}, {"use_bias", false}, {"downshape", {steps, 4}}},
             {counting("out/kernel", {4, 2})})});
  graph.layers[0].config["batch_input_shape"][0] = batch;
  return graph;
}

}  // namespace

TEST_CASE("each layer of a transformer gets the configuration that QuantizeML dumps") {
  const Graph q = quantize(transformer(), options(ramp(Shape{2, 4}, 4))).graph;
  const auto out = [](const char* axis) { return Json{{"bitwidth", 8}, {"axis", axis}, {"buffer_bitwidth", 32}}; };
  CHECK(q.find("embedding")->class_name == "QuantizedDense");
  CHECK_FALSE(config_of(q, "embedding").contains("output_quantizer"));  // it goes behind the position embeddings
  CHECK(config_of(q, "cls") == Json{{"buffer_bitwidth", 32}});
  CHECK(config_of(q, "pos") == Json{{"output_quantizer", out("per-axis")}, {"buffer_bitwidth", 32}});
  CHECK(q.find("norm")->class_name == "QuantizedLayerNormalization");
  CHECK(config_of(q, "norm") ==
        Json{{"output_quantizer", out("per-axis")}, {"gamma_quantizer", {{"bitwidth", 8}}}, {"buffer_bitwidth", 32}});
  CHECK(config_of(q, "query")["output_quantizer"] == out("per-tensor"));
  CHECK(config_of(q, "key")["output_quantizer"] == out("per-tensor"));
  CHECK(config_of(q, "value")["output_quantizer"] == out("per-axis"));
  CHECK(config_of(q, "attention") == Json{{"output_quantizer", out("per-axis")}, {"buffer_bitwidth", 32}});
  Json eleven = out("per-tensor");
  eleven["bitwidth"] = 11;
  CHECK(config_of(q, "mlp")["output_quantizer"] == eleven);
  CHECK(config_of(q, "gelu") == Json{{"output_quantizer", out("per-axis")}, {"lut_bitwidth", 14}});
  CHECK(config_of(q, "token").is_null());
  CHECK(q.find("token")->class_name == "QuantizedExtractToken");
}

TEST_CASE("a given configuration of an attention reaches its shiftmax") {
  QuantizeOptions o = options(ramp(Shape{2, 4}, 4));
  o.q_config = {{"attention",
                 {{"output_quantizer", {{"bitwidth", 8}}}, {"softmax", {{"exp_bitwidth", 6}, {"buffer_bitwidth", 20}}}}}};
  const Graph q = quantize(transformer(), o).graph;
  const LayerQuantizers quantizers = quantizers_of(*q.find("attention"), LayerKind::attention);
  CHECK(quantizers.exp_bitwidth == 6);
  CHECK(quantizers.softmax_buffer_bitwidth == 20);
  CHECK(quantizers.buffer_bitwidth == 32);
  o.q_config = {{"attention", {{"softmax", {{"bits", 6}}}}}};
  CHECK_THROWS_WITH_AS((void)quantize(transformer(), o), doctest::Contains("TN5040"), Error);
}

TEST_CASE("a recurrent model keeps its batch size and its steps, whatever the length of its samples") {
  const Graph q = quantize(recurrent(2, 3), options(ramp(Shape{6, 1}, 3))).graph;
  CHECK(q.layers[0].config["batch_input_shape"] == Json{3, 2, 1});
  const Json state{{"output_quantizer", {{"bitwidth", 8}, {"axis", "per-tensor"}, {"buffer_bitwidth", 32}}},
                   {"a_quantizer", {{"bitwidth", 8}, {"axis", nullptr}, {"fp_quantizer", true}}},
                   {"buffer_bitwidth", 32}};
  CHECK(config_of(q, "state") == state);
  CHECK(q.find("state")->variable("output_quantizer/range_max")->data.size() == 1);
  CHECK(q.find("state")->variable("output_quantizer/range_max")->data[0] > 1);
  CHECK_FALSE(config_of(q, "in").contains("output_quantizer"));  // a recurrence takes scales
}

TEST_CASE("an attention with softmax and a projection that mixes its units") {
  Graph softmax = transformer();
  softmax.find("attention")->config["softmax"] = "softmax";
  CHECK_THROWS_WITH_AS((void)quantize(softmax, options(ramp(Shape{2, 4}, 4))), doctest::Contains("TN3016"), Error);

  Graph up = test::graph_of({test::input("x", {2, 1}),
                             layer("Custom>StatefulProjection", "up", {"x"}, {{"units", 4}, {"use_bias", false}, {"upshape", {4, 2}}},
                                   {counting("up/kernel", {1, 4})}),
                             dense("head", "up", 2, 1)});
  const Graph q = quantize(up, options(ramp(Shape{2, 1}, 3))).graph;
  CHECK(config_of(q, "up")["weight_quantizer"] == Json{{"bitwidth", 8}, {"axis", nullptr}});
}
