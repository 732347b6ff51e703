// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/swap_activation_max_pool.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Report;

TEST_CASE("a maximum comes before a ReLU, and the output of the model follows") {
  Report report;
  const Graph before = graph_of(
      {input("in", {4, 4, 2}), layer("ReLU", "r", {"in"}), layer("MaxPooling2D", "mp", {"r"})});
  CHECK(text(before) == R"(
in: InputLayer
r: ReLU(in)
mp: MaxPooling2D(r)
-> mp
)");
  CHECK(text(swap_activation_max_pool(before, report)) == R"(
in: InputLayer
mp: MaxPooling2D(in)
r: ReLU(mp)
-> r
)");
}

TEST_CASE("each pair is swapped once: a pair that the swap makes stays") {
  Report report;
  const Graph before = graph_of(
      {input("in", {8, 8, 2}), layer("ReLU", "r1", {"in"}), layer("MaxPooling2D", "m1", {"r1"}),
       layer("Custom>Activation", "r2", {"m1"}, {{"activation", "leaky_relu"}}),
       layer("MaxPooling2D", "m2", {"r2"}), layer("MaxPooling2D", "m3", {"m2"})});
  CHECK(text(swap_activation_max_pool(before, report)) == R"(
in: InputLayer
m1: MaxPooling2D(in)
r1: ReLU(m1)
m2: MaxPooling2D(r1)
r2: Activation*(m2) activation="leaky_relu"
m3: MaxPooling2D(r2)
-> m3
)");
}

TEST_CASE("what falls somewhere, or is seen by others, stays") {
  Report report;
  const Graph gelu = graph_of({input("in", {4, 4, 2}),
                               layer("Custom>Activation", "a", {"in"}, {{"activation", "gelu"}}),
                               layer("MaxPooling2D", "mp", {"a"})});
  CHECK(text(swap_activation_max_pool(gelu, report)) == text(gelu));
  const std::vector<Layer> layers{input("in", {4, 4, 2}), layer("ReLU", "r", {"in"}),
                                  layer("MaxPooling2D", "mp", {"r"})};
  const Graph output = graph_of(layers, {"r", "mp"});
  CHECK(text(swap_activation_max_pool(output, report)) == text(output));
}

}  // namespace
