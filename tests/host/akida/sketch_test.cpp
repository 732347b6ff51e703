// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <functional>
#include <host/akida/sketches.hpp>
#include <string>
#include <tenon/host/akida/sketch.hpp>

using namespace tenon;
using namespace tenon::host;

namespace {

using Change = std::function<void(nlohmann::json&)>;

/// The text of the error that a changed sketch gives.
std::string error_of(const Change& change) {
  nlohmann::json sketch = classifier_sketch();
  change(sketch);
  try {
    (void)mapping::read_sketch(sketch);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

void refuses(const char* number, const char* layer, const char* field, const Change& change) {
  const std::string text = error_of(change);
  CAPTURE(text);
  CHECK(text.find(number) == 0);
  CHECK(text.find(layer) != text.npos);
  CHECK(text.find(field) != text.npos);
}

}  // namespace

TEST_CASE("a sketch becomes a description with names") {
  const mapping::NamedModel model = mapping::read_sketch(classifier_sketch());
  REQUIRE(model.layers.size() == 5);
  CHECK(model.names[1] == "conv");
  CHECK(model.layers[0].data_type == DataType::uint8);
  CHECK(model.layers[1].kind == LayerKind::conv2d);
  CHECK(model.layers[1].filters == 8);
  CHECK(model.layers[1].kernel == Size2D{3, 3});
  CHECK(model.layers[1].inbound[0] == 0);
  CHECK(model.layers[2].output_bits == 8);
  CHECK(model.layers[2].per_axis);
  CHECK(model.layers[2].bounded);
  CHECK_FALSE(model.layers[3].quantizes_output());
  CHECK(model.layers[4].kind == LayerKind::dequantizer);
}

TEST_CASE("what a sketch leaves out has the defaults of Keras and of its quantization") {
  nlohmann::json sketch = classifier_sketch();
  sketch["quantization"]["input_weight_bits"] = 4;
  sketch["quantization"]["weight_bits"] = 2;
  for (const char* field : {"strides", "padding", "weight_bits"}) sketch["layers"][1].erase(field);
  sketch["layers"][3].erase("weight_bits");
  sketch["layers"][2].erase("max_value");
  sketch["layers"][0].erase("dtype");
  const mapping::NamedModel model = mapping::read_sketch(sketch);
  CHECK(model.layers[0].data_type == DataType::uint8);
  CHECK(model.layers[1].strides == Size2D{1, 1});
  CHECK(model.layers[1].padding == Padding::valid);
  CHECK(model.layers[1].weight_bits == 4);
  CHECK(model.layers[3].weight_bits == 2);
  CHECK_FALSE(model.layers[2].bounded);
}

TEST_CASE("shapes that a sketch leaves out are computed") {
  nlohmann::json sketch = classifier_sketch();
  for (nlohmann::json& layer : sketch["layers"]) {
    layer.erase("in");
    layer.erase("out");
  }
  sketch["layers"][1]["strides"] = {2, 2};
  const mapping::NamedModel model = mapping::read_sketch(sketch);
  CHECK(model.layers[0].output == Shape{16, 16, 3});
  CHECK(model.layers[1].output == Shape{8, 8, 8});
  CHECK(model.layers[3].input == Shape{8, 8, 8});
  CHECK(model.layers[4].output == Shape{8, 8, 4});
}

TEST_CASE("a pool without strides strides by its size") {
  nlohmann::json sketch = classifier_sketch();
  sketch["layers"][2] = {{"cls", "QuantizedMaxPool2D"}, {"name", "relu"},
                         {"inbound", {"conv"}},         {"out", {5, 5, 8}},
                         {"pool_size", {3, 3}},         {"strides", nullptr}};
  CHECK(mapping::read_sketch(sketch).layers[2].strides == Size2D{3, 3});
}

TEST_CASE("an unknown layer is described, for the rules to refuse") {
  nlohmann::json sketch = classifier_sketch();
  sketch["layers"][2]["cls"] = "QuantizedMystery";
  CHECK(mapping::read_sketch(sketch).layers[2].kind == LayerKind::unsupported);
}

TEST_CASE("a missing field is named with its layer") {
  refuses("TN5061", "conv", "kernel_size", [](auto& s) { s["layers"][1].erase("kernel_size"); });
  refuses("TN5061", "relu", "inbound", [](auto& s) { s["layers"][2].erase("inbound"); });
  refuses("TN5061", "relu", "out", [](auto& s) {
    s["layers"][2]["cls"] = "QuantizedMystery";
    s["layers"][2].erase("out");
    s["layers"][2]["in"] = {4, 4};
  });
  refuses("TN5061", "number 2", "name", [](auto& s) { s["layers"][1].erase("name"); });
  refuses("TN5061", "head", "weight_bits", [](auto& s) {
    s["layers"][3].erase("weight_bits");
    s["quantization"].erase("weight_bits");
  });
}

TEST_CASE("a wrong value is named with its layer and what it should be") {
  refuses("TN5062", "conv", "kernel_size", [](auto& s) { s["layers"][1]["kernel_size"] = {3, 0}; });
  refuses("TN5062", "conv", "filters", [](auto& s) { s["layers"][1]["filters"] = 1e30; });
  refuses("TN5062", "conv", "filters", [](auto& s) { s["layers"][1]["filters"] = UINT64_MAX; });
  refuses("TN5062", "conv", "filters", [](auto& s) { s["layers"][1]["filters"] = "8"; });
  refuses("TN5062", "conv", "padding", [](auto& s) { s["layers"][1]["padding"] = "full"; });
  refuses("TN5062", "conv", "in", [](auto& s) { s["layers"][1]["in"] = {1, 2, 3, 4, 5, 6}; });
  refuses("TN5062", "conv", "in", [](auto& s) { s["layers"][1]["in"] = {-1, 2, 3}; });
  refuses("TN5062", "conv", "2^31", [](auto& s) { s["layers"][1]["in"] = {65536, 65536, 65536}; });
  refuses("TN5062", "conv", "inbound", [](auto& s) { s["layers"][1]["inbound"] = {"head"}; });
  refuses("TN5062", "relu", "bits", [](auto& s) { s["layers"][2]["out_quantizer"]["bits"] = 0; });
  refuses("TN5062", "relu", "axis", [](auto& s) { s["layers"][2]["out_quantizer"]["axis"] = 3; });
  refuses("TN5062", "image", "dtype", [](auto& s) { s["layers"][0]["dtype"] = "float16"; });
  refuses("TN5062", "two layers", "relu", [](auto& s) { s["layers"][3]["name"] = "relu"; });
  refuses("TN5062", "conv", "inbound",
          [](auto& s) { s["layers"][1]["inbound"] = nlohmann::json::array(); });
}

TEST_CASE("what is no sketch is refused") {
  refuses("TN5060", "layers", "list", [](auto& s) { s = nlohmann::json::array(); });
  refuses("TN5060", "0 layers", "1 to", [](auto& s) { s["layers"] = nlohmann::json::array(); });
  refuses("TN5060", "number 2", "object", [](auto& s) { s["layers"][1] = 3; });
  refuses("TN5060", "quantization", "object", [](auto& s) { s["quantization"] = 8; });
}
