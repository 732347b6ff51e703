// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/split_concatenate.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Report;

TEST_CASE("a Concatenate of four becomes a chain named after the second inputs") {
  Report report;
  const Graph before = graph_of({input("in", {4, 4, 2}), layer("ReLU", "a", {"in"}),
                                 layer("ReLU", "b", {"in"}), layer("ReLU", "c", {"in"}),
                                 layer("Concatenate", "cat", {"a", "b", "c", "in"}, {{"axis", -1}}),
                                 layer("Flatten", "f", {"cat"})});
  CHECK(text(before.layers[4]) == "cat: Concatenate(a, b, c, in) axis=-1");
  CHECK(text(split_concatenate(before, report)) == R"(
in: InputLayer
a: ReLU(in)
b: ReLU(in)
c: ReLU(in)
cat_b: Concatenate(a, b) axis=-1
cat_c: Concatenate(cat_b, c) axis=-1
cat: Concatenate(cat_c, in) axis=-1
f: Flatten(cat)
-> f
)");
}

TEST_CASE("a Concatenate of two stays") {
  Report report;
  const Graph before = graph_of({input("in", {4, 4, 2}), layer("ReLU", "a", {"in"}),
                                 layer("Concatenate", "cat", {"a", "in"})});
  CHECK(text(split_concatenate(before, report)) == text(before));
}

}  // namespace
