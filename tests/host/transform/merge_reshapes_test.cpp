// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/merge_reshapes.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Report;

TEST_CASE("of a chain of Reshape and Flatten the last one stays, whatever the names contain") {
  Report report;
  const Graph before =
      graph_of({input("in", {4, 6}), layer("Reshape", "reshape", {"in"}, {{"target_shape", {24}}}),
                layer("Flatten", "flat", {"reshape"}),
                layer("Reshape", "reshape_1", {"flat"}, {{"target_shape", {2, 12}}}),
                layer("Dense", "d", {"reshape_1"})});
  CHECK(text(before) == R"(
in: InputLayer
reshape: Reshape(in) target_shape=[24]
flat: Flatten(reshape)
reshape_1: Reshape(flat) target_shape=[2,12]
d: Dense(reshape_1)
-> d
)");
  CHECK(text(merge_reshapes(before, report)) == R"(
in: InputLayer
reshape_1: Reshape(in) target_shape=[2,12]
d: Dense(reshape_1)
-> d
)");
}

TEST_CASE("a reshape that something else sees stays") {
  Report report;
  const Graph two_consumers = graph_of({input("in", {4, 6}), layer("Flatten", "a", {"in"}),
                                        layer("Flatten", "b", {"a"}), layer("Dense", "d", {"a"})},
                                       {"b", "d"});
  CHECK(text(merge_reshapes(two_consumers, report)) == text(two_consumers));
  const Graph output =
      graph_of({input("in", {4, 6}), layer("Flatten", "a", {"in"}), layer("Flatten", "b", {"a"})},
               {"a", "b"});
  CHECK(text(merge_reshapes(output, report)) == text(output));
}

}  // namespace
