// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/split_activations.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Report;

TEST_CASE("an activation of a layer becomes a layer behind it") {
  Report report;
  const Graph before = graph_of(
      {input("in", {4}), layer("Dense", "d", {"in"}, {{"units", 2}, {"activation", "relu"}}),
       layer("Dense", "e", {"d"}, {{"units", 2}, {"activation", "linear"}})});
  CHECK(text(before) == R"(
in: InputLayer
d: Dense(in) units=2 activation="relu"
e: Dense(d) units=2 activation="linear"
-> e
)");
  CHECK(text(split_activations(before, report)) == R"(
in: InputLayer
d: Dense(in) units=2 activation="linear"
d_activ: Activation(d) activation="relu"
e: Dense(d_activ) units=2 activation="linear"
-> e
)");
  CHECK(report.remarks.empty());
}

TEST_CASE(
    "the output of the model moves to the activation, also where other layers take the same "
    "result") {
  Report report;
  const Graph before =
      graph_of({input("in", {4}), layer("Dense", "d", {"in"}, {{"activation", "softmax_v2"}}),
                layer("Flatten", "f", {"d"})},
               {"d", "f"});
  CHECK(text(split_activations(before, report)) == R"(
in: InputLayer
d: Dense(in) activation="linear"
d_activ: Activation(d) activation="softmax"
f: Flatten(d_activ)
-> d_activ f
)");
}

TEST_CASE("a shared layer gets a shared activation, each call behind its own") {
  Report report;
  Graph before = graph_of({input("in", {4}), layer("Dense", "d", {"in"}, {{"activation", "tanh"}}),
                           layer("ReLU", "r", {"d"})});
  before.layers[1].calls.push_back({{{"r", 0, 0}}, Json::object()});
  before.outputs = {{"d", 1, 0}};
  CHECK(text(split_activations(before, report)) == R"(
in: InputLayer
d: Dense(in)(r) activation="linear"
d_activ: Activation(d)(d#1) activation="tanh"
r: ReLU(d_activ)
-> d_activ#1
)");
}

TEST_CASE("the inner activation of a recurrent layer is split too, and the user is told") {
  Report report;
  const Graph before =
      graph_of({input("in", {4, 2}), layer("LSTM", "l", {"in"}, {{"activation", "tanh"}})});
  CHECK(text(split_activations(before, report)) == R"(
in: InputLayer
l: LSTM(in) activation="linear"
l_activ: Activation(l) activation="tanh"
-> l_activ
)");
  REQUIRE(report.remarks.size() == 1);
  CHECK(report.remarks[0].finding == tenon::host::Finding::function_changed);
  CHECK(report.remarks[0].layer == "l");
}

TEST_CASE("activations that are layers, flags or inside other layers stay") {
  Report report;
  const Graph before = graph_of(
      {input("in", {4}), layer("Activation", "a", {"in"}, {{"activation", "relu"}}),
       layer("Custom>Activation", "b", {"a"}, {{"activation", "gelu"}}),
       layer("Custom>Add", "c", {"a", "b"}, {{"activation", true}}),
       layer("TimeDistributed", "t", {"c"}, {{"layer", {{"config", {{"activation", "relu"}}}}}})});
  CHECK(text(split_activations(before, report)) == text(before));
}

}  // namespace
