// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/fold_relu_into_add.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Report;

Graph block(Json relu, std::vector<Layer> behind = {}) {
  std::vector<Layer> layers{input("in", {4, 4, 2}), layer("ReLU", "a", {"in"}),
                            layer("Add", "add", {"in", "a"}),
                            layer("ReLU", "r", {"add"}, std::move(relu))};
  for (Layer& l : behind) layers.push_back(std::move(l));
  return graph_of(std::move(layers));
}

TEST_CASE("an Add and an unbounded ReLU are one layer") {
  Report report;
  const Graph before = block({{"max_value", nullptr}}, {layer("Flatten", "f", {"r"})});
  CHECK(text(before) == R"(
in: InputLayer
a: ReLU(in)
add: Add(in, a)
r: ReLU(add) max_value=null
f: Flatten(r)
-> f
)");
  CHECK(text(fold_relu_into_add(before, report)) == R"(
in: InputLayer
a: ReLU(in)
add: Add*(in, a) average=false activation=true
f: Flatten(add)
-> f
)");
  CHECK(report.remarks.empty());
}

TEST_CASE("the Add becomes the output of the model, and an average stays one") {
  Report report;
  Graph before = block({{"max_value", nullptr}});
  before.layers[2].toolkit = true;
  before.layers[2].config["average"] = true;
  const Graph after = fold_relu_into_add(before, report);
  CHECK(text(after.layers.back()) == "add: Add*(in, a) average=true activation=true");
  CHECK(text(after.outputs.front()) == "add");
}

TEST_CASE("a ReLU with a maximum, or one that is averaged, stays") {
  Report report;
  const Graph bounded = block({{"max_value", 6.0}});
  CHECK(text(fold_relu_into_add(bounded, report)) == text(bounded));
  const Graph averaged =
      block({{"max_value", nullptr}}, {layer("GlobalAveragePooling2D", "gap", {"r"})});
  CHECK(text(fold_relu_into_add(averaged, report)) == text(averaged));
}

TEST_CASE("an Add of three inputs, or one that others see, stays") {
  Report report;
  Graph three = block({{"max_value", nullptr}});
  three.layers[2].calls[0].inputs.push_back({"in", 0, 0});
  CHECK(text(fold_relu_into_add(three, report)) == text(three));
  Graph output = block({{"max_value", nullptr}});
  output.outputs.push_back({"add", 0, 0});
  CHECK(text(fold_relu_into_add(output, report)) == text(output));
}

TEST_CASE("a slope is lost as in QuantizeML, and the user is told") {
  Report report;
  const Graph after =
      fold_relu_into_add(block({{"max_value", nullptr}, {"negative_slope", 0.1}}), report);
  CHECK(after.layers.size() == 3);
  REQUIRE(report.remarks.size() == 1);
  CHECK(report.remarks[0].finding == tenon::host::Finding::function_changed);
  CHECK(report.remarks[0].layer == "r");
}

}  // namespace
