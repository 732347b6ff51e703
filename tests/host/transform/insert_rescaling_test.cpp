// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/insert_rescaling.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;

TEST_CASE("a Rescaling stands behind the input and feeds all that the input fed") {
  const Graph before =
      graph_of({input("in", {4}), layer("ReLU", "a", {"in"}), layer("Add", "sum", {"in", "a"})});
  CHECK(text(insert_rescaling(before, 0.5, -1)) == R"(
in: InputLayer
rescaling: Rescaling(in) scale=0.5 offset=-1.0
a: ReLU(rescaling)
sum: Add(rescaling, a)
-> sum
)");
}

TEST_CASE("a name that is taken is numbered as Keras does") {
  const Graph before = graph_of({input("in", {4}), layer("Rescaling", "rescaling", {"in"}),
                                 layer("Rescaling", "rescaling_1", {"rescaling"})});
  CHECK(insert_rescaling(before, 1, 0).layers[1].name == "rescaling_2");
}

TEST_CASE("a model that gives its input out gives out the rescaled one") {
  const Graph after =
      insert_rescaling(graph_of({input("in", {4}), layer("ReLU", "a", {"in"})}, {"in", "a"}), 2, 0);
  CHECK(after.outputs[0].layer == "rescaling");
  CHECK(after.outputs[1].layer == "a");
}

TEST_CASE("every input gets a Rescaling, and a Sequential model stays one") {
  Graph two = graph_of({input("x", {4}), input("y", {4}), layer("Add", "sum", {"x", "y"})});
  two.inputs = {{"x", 0, 0}, {"y", 0, 0}};
  const Graph after = insert_rescaling(two, 2, 0);
  CHECK(after.find("sum")->inputs()[0].layer == "rescaling");
  CHECK(after.find("sum")->inputs()[1].layer == "rescaling_1");

  Graph chain = graph_of({input("in", {4}), layer("ReLU", "a", {"in"})});
  chain.sequential = true;
  CHECK(insert_rescaling(chain, 2, 0).sequential);
}

}  // namespace
