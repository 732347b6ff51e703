// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/swap_pooling_batch_norm.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Report;

Layer batch_norm(const std::string& from, Json axis, std::vector<float> gamma) {
  return layer("BatchNormalization", "bn", {from}, {{"axis", std::move(axis)}},
               {values("bn/gamma", std::move(gamma)), values("bn/beta", {0, 0}),
                values("bn/moving_mean", {0, 0}), values("bn/moving_variance", {1, 1})});
}

std::string first_inputs(const Graph& graph) {
  std::string shown;
  for (const Layer& l : graph.layers)
    shown += l.name + "(" + (l.inputs().empty() ? "" : text(l.inputs()[0])) + ") ";
  return shown + "-> " + text(graph.outputs.front());
}

TEST_CASE("a BatchNormalization moves before a global average, to the axis of the channels there") {
  Report report;
  const Graph before =
      graph_of({input("in", {4, 4, 2}), layer("GlobalAveragePooling2D", "gap", {"in"}),
                batch_norm("gap", {1}, {1, -2})});
  CHECK(first_inputs(before) == "in() gap(in) bn(gap) -> bn");
  const Graph after = swap_pooling_batch_norm(before, report);
  CHECK(first_inputs(after) == "in() bn(in) gap(bn) -> gap");
  CHECK(after.find("bn")->config["axis"] == Json{3});
  CHECK(report.remarks.empty());
}

TEST_CASE("before a maximum its factors must be positive; else it stays and the layer is named") {
  Report report;
  const auto make = [](float gamma) {
    return graph_of({input("in", {4, 4, 2}), layer("MaxPooling2D", "mp", {"in"}),
                     batch_norm("mp", {3}, {1, gamma})});
  };
  CHECK(first_inputs(swap_pooling_batch_norm(make(0.5F), report)) == "in() bn(in) mp(bn) -> mp");
  CHECK(report.remarks.empty());
  for (const float gamma : {0.0F, -1.0F}) {
    Report refused;
    CHECK(first_inputs(swap_pooling_batch_norm(make(gamma), refused)) == "in() mp(in) bn(mp) -> bn");
    REQUIRE(refused.remarks.size() == 1);
    CHECK(refused.remarks[0].layer == "bn");
  }
}

TEST_CASE("a BatchNormalization without gamma has the factor 1") {
  Report report;
  Graph before = graph_of(
      {input("in", {4, 4, 2}), layer("MaxPooling2D", "mp", {"in"}), batch_norm("mp", -1, {1, 1})});
  before.layers[2].variables.erase(before.layers[2].variables.begin());
  before.layers[2].config["scale"] = false;
  CHECK(first_inputs(swap_pooling_batch_norm(before, report)) == "in() bn(in) mp(bn) -> mp");
}

TEST_CASE("another axis than that of the channels stays") {
  Report report;
  const Graph before = graph_of(
      {input("in", {4, 2, 2}), layer("MaxPooling2D", "mp", {"in"}), batch_norm("mp", {2}, {1, 1})});
  CHECK(text(swap_pooling_batch_norm(before, report)) == text(before));
}

}  // namespace
