// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <host/akida/sketches.hpp>
#include <string>
#include <tenon/host/akida/report.hpp>
#include <tenon/host/akida/suggest.hpp>

using namespace tenon;
using namespace tenon::host;

namespace {

struct Advice {
  std::string text;  ///< the changes, "layer: change; …"
  bool maps = false;
};

Advice advice_on(const mapping::NamedModel& model, const mapping::Question& question) {
  const auto verdict = mapping::evaluate(model.layers, question);
  const mapping::Suggestions found = mapping::suggest(model, *verdict, question);
  Advice advice;
  for (const mapping::Suggestion& s : found.changes) {
    advice.text += (s.layer.empty() ? "model" : s.layer) + ": " + s.change + "; ";
  }
  advice.maps = found.verdict && question.answered_by(*found.verdict);
  return advice;
}
Advice advice_on(const nlohmann::json& sketch, const mapping::Question& question) {
  return advice_on(mapping::read_sketch(sketch), question);
}

constexpr mapping::Question on_v1{.version = akida::v1};
constexpr mapping::Question on_v2{};

}  // namespace

TEST_CASE("a model that maps needs no change") {
  const Advice advice = advice_on(classifier_sketch(), on_v2);
  CHECK(advice.text.empty());
}

TEST_CASE("a kernel becomes the nearest one that maps") {
  nlohmann::json sketch = classifier_sketch();
  sketch["layers"][1]["kernel_size"] = {9, 9};
  const Advice advice = advice_on(sketch, on_v2);
  CHECK(advice.text == "conv: kernel 7; ");
  CHECK(advice.maps);
}

TEST_CASE("a v2 model is led to v1 by per-tensor activations and 4 bits") {
  const Advice advice = advice_on(classifier_sketch(), on_v1);
  CHECK(advice.maps);
  CHECK(advice.text.find("model: per_tensor_activations") != advice.text.npos);
  CHECK(advice.text.find("model: weight_bits 4") != advice.text.npos);
  CHECK(advice.text.find("model: activation_bits 4") != advice.text.npos);
}

TEST_CASE("a 1x1 convolution is suggested between a pool and a dense layer") {
  nlohmann::json sketch = classifier_sketch();
  nlohmann::json& layers = sketch["layers"];
  layers[1]["out"] = {16, 16, 8};
  const nlohmann::json pool = {{"cls", "QuantizedMaxPool2D"},
                               {"name", "pool"},
                               {"inbound", {"conv"}},
                               {"in", {16, 16, 8}},
                               {"out", {8, 8, 8}},
                               {"pool_size", {2, 2}},
                               {"padding", "same"}};
  layers.insert(layers.begin() + 2, pool);
  layers[3]["inbound"] = {"pool"};
  layers[3]["in"] = layers[3]["out"] = {8, 8, 8};
  layers[4] = {{"cls", "QuantizedFlatten"},
               {"name", "head"},
               {"inbound", {"relu"}},
               {"in", {8, 8, 8}},
               {"out", {512}}};
  const nlohmann::json dense = {{"cls", "QuantizedDense"},
                                {"name", "dense"},
                                {"inbound", {"head"}},
                                {"in", {512}},
                                {"out", {4}},
                                {"units", 4},
                                {"weight_bits", 8}};
  layers.insert(layers.begin() + 5, dense);
  layers[6]["inbound"] = {"dense"};
  const Advice advice = advice_on(sketch, on_v2);
  CHECK(advice.text == "relu: add a 1x1 convolution behind it; ");
  CHECK(advice.maps);
}

TEST_CASE("fewer filters are suggested, and the shapes behind follow") {
  nlohmann::json sketch = classifier_sketch();
  sketch["layers"][1]["filters"] = 600;
  for (const int i : {1, 2}) sketch["layers"][static_cast<std::size_t>(i)]["out"][2] = 600;
  for (const int i : {2, 3}) sketch["layers"][static_cast<std::size_t>(i)]["in"][2] = 600;
  const Advice advice = advice_on(sketch, on_v2);
  CHECK(advice.text == "conv: filters 512; ");
  CHECK(advice.maps);
}

TEST_CASE("nothing is suggested where no change is known to help") {
  nlohmann::json sketch = classifier_sketch();
  sketch["layers"][2]["cls"] = "QuantizedMystery";
  const Advice advice = advice_on(sketch, on_v2);
  CHECK_FALSE(advice.maps);
}

TEST_CASE("a named device is what the changes aim at") {
  nlohmann::json sketch = classifier_sketch();
  // 1x1 over 2048 channels: 24 filters a processor; 250 filters take 11 of the 8 of two nodes.
  nlohmann::json& layers = sketch["layers"];
  layers[0] = {{"cls", "InputLayer"},
               {"name", "image"},
               {"inbound", nlohmann::json::array()},
               {"dtype", "int8"},
               {"out", {1, 1, 2048}}};
  layers[1]["in"] = {1, 1, 2048};
  layers[1]["kernel_size"] = {1, 1};
  layers[1]["filters"] = 250;
  layers[1]["out"] = layers[2]["in"] = layers[2]["out"] = layers[3]["in"] = {1, 1, 250};
  layers[3]["out"] = layers[4]["in"] = layers[4]["out"] = {1, 1, 4};
  const mapping::NamedModel model = mapping::read_sketch(sketch);
  mapping::Question question;
  CHECK(question.answered_by(*mapping::evaluate(model.layers, question)));
  question.device = akida::Device::TwoNodesIPv2;
  const auto verdict = mapping::evaluate(model.layers, question);
  CHECK_FALSE(question.answered_by(*verdict));
  CHECK(verdict->has(akida::Category::NOT_ENOUGH_NPS));
}

TEST_CASE("every category has a name and number of its own") {
  for (std::size_t i = 1; i < mapping::category_texts.size(); ++i) {
    const mapping::CategoryText& before = mapping::category_texts[i - 1];
    const mapping::CategoryText& here = mapping::category_texts[i];
    CHECK(before.category < here.category);
    CHECK_FALSE(here.what.empty());
    CHECK_FALSE(here.cure.empty());
  }
}
