// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/graph/order.hpp>

#include "host/import/damage.hpp"
#include "support/graphs.hpp"

namespace {

using namespace tenon::test;

std::string names(const Graph& graph) {
  std::string shown;
  for (const Layer& l : graph.layers) shown += l.name + " ";
  return shown;
}

TEST_CASE(
    "layers come by their distance to the output, then as a walk from the output meets them") {
  // The add meets b first. a is one step farther from the output than b; both chains begin at in.
  const Graph graph =
      graph_of({layer("Add", "add", {"b", "a2"}), layer("ReLU", "b", {"in"}),
                layer("ReLU", "a2", {"a"}), layer("ReLU", "a", {"in"}), input("in", {4})},
               {"add"});
  CHECK(names(keras_order(graph)) == "in a b a2 add ");
}

TEST_CASE("layers that no output needs come last") {
  const Graph graph = graph_of(
      {input("in", {4}), layer("ReLU", "unused", {"in"}), layer("ReLU", "r", {"in"})}, {"r"});
  CHECK(names(keras_order(graph)) == "in r unused ");
}

TEST_CASE("a shared layer stands where its first use is") {
  Graph graph =
      graph_of({input("in", {4}), layer("ReLU", "r", {"s"}), layer("Dense", "s", {"in"})});
  graph.layers[2].calls.push_back({{{"r", 0, 0}}, Json::object()});
  graph.outputs = {{"s", 1, 0}};
  CHECK(names(keras_order(graph)) == "in s r ");
}

TEST_CASE("Keras calls the layers of a list again and again until each had its inputs") {
  const Graph graph =
      graph_of({layer("ReLU", "c", {"b"}), layer("ReLU", "d", {"in"}), layer("ReLU", "b", {"a"}),
                layer("ReLU", "a", {"in"}), input("in", {4})},
               {"c", "d"});
  CHECK(names(call_order(graph)) == "in d a b c ");
}

TEST_CASE("cycles, missing layers, missing calls and double names are refused") {
  const auto refused = [](Graph graph) {
    graph.outputs = {{"b", 0, 0}};
    return error_number([&] { (void)keras_order(graph); });
  };
  CHECK(refused(graph_of(
            {input("in", {4}), layer("ReLU", "a", {"b"}), layer("ReLU", "b", {"a"})})) == 5033);
  CHECK(refused(graph_of({input("in", {4}), layer("ReLU", "b", {"nothing"})})) == 5033);
  CHECK(refused(graph_of(
            {input("in", {4}), layer("ReLU", "b", {"in"}), layer("ReLU", "b", {"in"})})) == 5033);
  Graph call = graph_of({input("in", {4}), layer("ReLU", "b", {"in"})});
  call.layers[1].calls[0].inputs[0].node = 1;
  CHECK(refused(call) == 5033);
  CHECK(error_number([] {
          (void)call_order(graph_of({input("in", {4}), layer("ReLU", "a", {"a"})}));
        }) == 5033);
}

}  // namespace
