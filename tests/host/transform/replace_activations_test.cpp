// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/replace_activations.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Report;

TEST_CASE("leaky ReLUs of one slope become the toolkit's Activation, PReLU without its variable") {
  Report report;
  const Graph before = graph_of(
      {input("in", {2, 2, 2}), layer("LeakyReLU", "a", {"in"}, {{"alpha", 0.125}}),
       layer("LeakyReLU", "b", {"a"}, {{"alpha", {{"class_name", "__numpy__"}, {"value", 0.25}}}}),
       layer("PReLU", "c", {"b"}, {{"shared_axes", {1, 2}}}, {values("c/alpha", {0.5, 0.5})}),
       layer("PReLU", "d", {"c"}, {{"shared_axes", {1, 2}}}, {values("d/alpha", {0.5, 0.25})})});
  CHECK(text(before) == R"(
in: InputLayer
a: LeakyReLU(in) alpha=0.125
b: LeakyReLU(a) alpha={"class_name":"__numpy__","value":0.25}
c: PReLU(b) shared_axes=[1,2] c/alpha:0(2)=0.5,0.5
d: PReLU(c) shared_axes=[1,2] d/alpha:0(2)=0.5,0.25
-> d
)");
  CHECK(text(replace_activations(before, report)) == R"(
in: InputLayer
a: Activation*(in) activation="leaky_relu" alpha=0.125
b: Activation*(a) activation="leaky_relu" alpha=0.25
c: Activation*(b) activation="leaky_relu" alpha=0.5
d: PReLU(c) shared_axes=[1,2] d/alpha:0(2)=0.5,0.25
-> d
)");
}

}  // namespace
