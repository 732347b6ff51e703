// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <host/akida/sketches.hpp>
#include <string>
#include <tenon/host/akida/report.hpp>
#include <tenon/host/akida/table.hpp>

using namespace tenon;
using namespace tenon::host;

namespace {

nlohmann::json json_on(const nlohmann::json& sketch, const mapping::Question& question) {
  const mapping::NamedModel model = mapping::read_sketch(sketch);
  const auto verdict = mapping::evaluate(model.layers, question);
  return mapping::json_of(mapping::report_on(model, question, *verdict));
}
std::string table_on(const nlohmann::json& sketch, const mapping::Question& question) {
  const mapping::NamedModel model = mapping::read_sketch(sketch);
  const auto verdict = mapping::evaluate(model.layers, question);
  return mapping::table_of(mapping::report_on(model, question, *verdict));
}

}  // namespace

TEST_CASE("the report of a model that maps says where everything runs") {
  const nlohmann::json report = json_on(classifier_sketch(), {});
  CHECK(report["converts"] == true);
  CHECK(report["maps"] == nlohmann::json{{"TwoNodesIPv2", true}, {"SixNodesIPv2", true}});
  CHECK(report["refusals"].empty());
  REQUIRE(report["placement"].size() == 3);
  const nlohmann::json& first = report["placement"][0];
  CHECK(first["becomes"] == "InputConv2D");
  CHECK(first["unit"] == "HRC");
  CHECK(first["layers"] == nlohmann::json{"image", "conv", "relu"});
  const nlohmann::json& head = report["placement"][1];
  CHECK(head["unit"] == "CNP");
  // 16 rows of 16 bytes for each of 8 channels; two words a channel for up to 24 filters.
  CHECK(head["devices"]["TwoNodesIPv2"] ==
        nlohmann::json{{"processors", 1}, {"input_bytes", 2048}, {"weight_words", 16}});
  CHECK(report["placement"][2]["unit"] == "host");
  CHECK(report["placement"][2]["becomes"] == "Dequantizer");
}

TEST_CASE("a refusal has layer, found, allowed and the devices") {
  nlohmann::json sketch = classifier_sketch();
  sketch["layers"][1]["kernel_size"] = {9, 9};
  const nlohmann::json report = json_on(sketch, {});
  REQUIRE(report["refusals"].size() == 1);
  const nlohmann::json& refusal = report["refusals"][0];
  CHECK(refusal["category"] == "KERNEL_SIZE");
  CHECK(refusal["number"] == "TN4102");
  CHECK(refusal["stage"] == "map");
  CHECK(refusal["layer"] == "conv");
  CHECK(refusal["found"] == 9);
  CHECK(refusal["allowed"] == nlohmann::json{3, 4, 5, 7});
  CHECK(refusal["devices"] == nlohmann::json{"TwoNodesIPv2", "SixNodesIPv2"});
  CHECK(report["suggestions"] ==
        nlohmann::json::array(
            {{{"layer", "conv"}, {"change", "kernel 7"}, {"cures", "KERNEL_SIZE"}}}));
  CHECK(report["maps_with_suggestions"]["TwoNodesIPv2"] == true);
}

TEST_CASE("a signed input is input data, and stays apart from the first block") {
  nlohmann::json sketch = classifier_sketch();
  sketch["layers"][0]["dtype"] = "int8";
  const nlohmann::json report = json_on(sketch, {});
  REQUIRE(report["placement"].size() == 4);
  CHECK(report["placement"][0]["becomes"] == "InputData");
  CHECK(report["placement"][1]["layers"] == nlohmann::json{"conv", "relu"});
}

TEST_CASE("the table names the layer, what was found, what is allowed, and the cure") {
  const std::string table = table_on(classifier_sketch(), {.version = akida::v1});
  CAPTURE(table);
  CHECK(table.find("TN4043 V1_PER_TENSOR (conversion) relu: the range of activations is per-axis, "
                   "allowed is per-tensor; quantize with per_tensor_activations") != table.npos);
  CHECK(table.find("AKD1000: does not map") != table.npos);
  CHECK(table.find("make it map") != table.npos);
}

TEST_CASE("notes tell where the hardware's integers differ") {
  nlohmann::json sketch = classifier_sketch();
  CHECK(json_on(sketch, {})["notes"].empty());
  sketch["layers"][3] = {{"cls", "QuantizedFlatten"},
                         {"name", "head"},
                         {"inbound", {"relu"}},
                         {"in", {16, 16, 8}},
                         {"out", {2048}}};
  nlohmann::json dense = {{"cls", "QuantizedDense"},
                          {"name", "dense"},
                          {"inbound", {"head"}},
                          {"in", {2048}},
                          {"out", {4}},
                          {"units", 4},
                          {"weight_bits", 8}};
  sketch["layers"].insert(sketch["layers"].begin() + 4, dense);
  sketch["layers"][5]["inbound"] = {"dense"};
  const nlohmann::json report = json_on(sketch, {});
  REQUIRE(report["notes"].size() == 1);
  CHECK(report["notes"][0].get<std::string>().find("head: ") == 0);
}
