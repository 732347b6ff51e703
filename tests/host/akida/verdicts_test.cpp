// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <tenon/host/akida/category_text.hpp>
#include <tenon/host/akida/question.hpp>
#include <tenon/host/akida/sketch.hpp>

using namespace tenon;
using namespace tenon::host;

namespace {

bool refuses(const mapping::HostVerdict& verdict, const std::string& category) {
  for (const akida::Refusal& refusal : verdict.all_refusals()) {
    if (mapping::text_of(refusal.category).name == category) return true;
  }
  return false;
}

/// Compares one measured verdict. Per-axis activations are refused on v1 although the tool chain
/// takes them.
void check(const mapping::NamedModel& model, const mapping::Question& question,
           const nlohmann::json& measured, bool with_categories) {
  const auto verdict = mapping::evaluate(model.layers, question);
  bool per_axis = false;
  for (const akida::Layer& layer : model.layers) {
    per_axis = per_axis || (layer.quantizes_output() && layer.per_axis);
  }
  if (question.version == akida::v1 && per_axis) {
    CHECK_FALSE(verdict->converts);
    if (measured["converts"] == true) CHECK(refuses(*verdict, "V1_PER_TENSOR"));
    return;
  }
  CHECK(verdict->converts == measured["converts"].get<bool>());
  if (with_categories && measured.contains("category")) {
    CHECK(refuses(*verdict, measured["category"].get<std::string>()));
  }
  if (!measured.contains("maps")) return;
  for (const auto& [name, maps] : measured["maps"].items()) {
    for (const akida::DeviceFacts& device : akida::devices) {
      if (name != device.name) continue;
      CAPTURE(name);
      CHECK(verdict->maps(device.device) == maps.get<bool>());
    }
  }
  if (!measured.contains("map_categories")) return;
  for (const auto& [name, category] : measured["map_categories"].items()) {
    CHECK(refuses(*verdict, category.get<std::string>()));
  }
}

}  // namespace

TEST_CASE("the measured verdicts of both tool chains are reproduced") {
  std::ifstream file("tests/akida/verdicts.json");
  REQUIRE(file.good());
  const nlohmann::json cases = nlohmann::json::parse(file)["cases"];
  REQUIRE(cases.size() == 334);
  for (const nlohmann::json& each : cases) {
    const std::string id = each["id"].get<std::string>();
    CAPTURE(id);
    const mapping::NamedModel model = mapping::read_sketch(each);
    for (const auto version : {akida::v1, akida::v2}) {
      const char* name = version == akida::v1 ? "v1" : "v2";
      mapping::Question question{.version = version};
      check(model, question, each[name], true);
      question.toolchain = akida::Toolchain::v2_19;
      if (each.contains("2.19")) check(model, question, each["2.19"][name], false);
    }
  }
}
