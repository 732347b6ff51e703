// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/replace_function_layers.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Report;

/// A TensorFlow function with the arguments of its call.
Layer function(const std::string& name, const std::string& what,
               const std::vector<std::string>& inputs, Json arguments) {
  Layer made = layer("TFOpLambda", name, inputs, {{"function", what}});
  made.calls[0].arguments = std::move(arguments);
  return made;
}

TEST_CASE("Activation layers become ReLU or the toolkit's Activation where there is one") {
  Report report;
  std::vector<Layer> layers{input("in", {4})};
  for (const char* name :
       {"relu", "gelu", "silu", "swish", "leaky_relu", "hard_silu", "tanh", "relu6"}) {
    layers.push_back(layer("Activation", name, {layers.back().name}, {{"activation", name}}));
  }
  CHECK(text(replace_function_layers(graph_of(layers), report)) == R"(
in: InputLayer
relu: ReLU(in) max_value=null negative_slope=0.0 threshold=0.0
gelu: Activation*(relu) activation="gelu" alpha=0.2
silu: Activation*(gelu) activation="swish" alpha=0.2
swish: Activation*(silu) activation="swish" alpha=0.2
leaky_relu: Activation*(swish) activation="leaky_relu" alpha=0.2
hard_silu: Activation*(leaky_relu) activation="hard_silu" alpha=0.2
tanh: Activation(hard_silu) activation="tanh"
relu6: Activation(tanh) activation="relu6"
-> relu6
)");
  CHECK(report.remarks.empty());
}

TEST_CASE("an addition takes its second input from the keyword arguments") {
  Report report;
  Layer add =
      function("tf.math.add", "math.add", {"a", "b"}, {{"y", {"b", 0, 0}}, {"name", nullptr}});
  const Graph before =
      graph_of({input("in", {4}), layer("ReLU", "a", {"in"}), layer("ReLU", "b", {"in"}), add});
  CHECK(text(before.layers.back()) ==
        R"(tf.math.add: TFOpLambda(a, b){"y":["b",0,0],"name":null} function="math.add")");
  CHECK(text(replace_function_layers(before, report).layers.back()) == "tf.math.add: Add(a, b)");
}

TEST_CASE(
    "reshape and transpose lose the entry of the batch, unless it is asked for as QuantizeML keeps "
    "it") {
  const Graph before =
      graph_of({input("in", {4, 4, 6}), function("f", "nn.relu", {"in"}, {{"name", nullptr}}),
                function("rs", "reshape", {"f"}, {{"shape", {-1, 16, 6}}}),
                function("tr", "compat.v1.transpose", {"rs"},
                         {{"perm", {0, 2, 1}}, {"name", "transpose"}, {"conjugate", false}}),
                layer("Flatten", "fl", {"tr"})});
  Report report;
  CHECK(text(replace_function_layers(before, report)) == R"(
in: InputLayer
f: ReLU(in) max_value=null negative_slope=0.0 threshold=0.0
rs: Reshape(f) target_shape=[16,6]
transpose: Permute(rs) dims=[2,1]
fl: Flatten(transpose)
-> fl
)");
  CHECK(text(replace_function_layers_with_batch(before, report)) == R"(
in: InputLayer
f: ReLU(in) max_value=null negative_slope=0.0 threshold=0.0
rs: Reshape(f) target_shape=[-1,16,6]
transpose: Permute(rs) dims=[1,3,2]
fl: Flatten(transpose)
-> fl
)");
  CHECK(report.remarks.empty());
}

TEST_CASE("a reshape that mixes samples keeps its whole shape") {
  Report report;
  const Graph before =
      graph_of({input("in", {4, 6}), function("rs", "reshape", {"in"}, {{"shape", {-1, 6}}})});
  CHECK(text(replace_function_layers(before, report).layers.back()) ==
        "rs: Reshape(in) target_shape=[-1,6]");
}

TEST_CASE("activation functions keep their parameters") {
  Report report;
  const Graph before =
      graph_of({input("in", {4}), function("a", "nn.leaky_relu", {"in"}, {{"alpha", 0.3}}),
                function("b", "nn.silu", {"a"}, Json::object()),
                function("c", "nn.gelu", {"b"}, {{"approximate", false}})});
  CHECK(text(replace_function_layers(before, report)) == R"(
in: InputLayer
a: Activation*(in) activation="leaky_relu" alpha=0.3
b: Activation*(a) activation="swish" alpha=0.2
c: Activation*(b) activation="gelu" alpha=0.2
-> c
)");
}

TEST_CASE("functions without an equivalent stay and are reported") {
  const std::vector<Layer> stay{
      function("f", "math.square", {"in"}, Json::object()),
      function("f", "math.add", {"in"}, {{"y", 1.0}}),
      function("f", "nn.gelu", {"in"}, {{"approximate", true}}),
      function("f", "nn.silu", {"in"}, {{"beta", 2.0}}),
      function("f", "transpose", {"in"}, {{"perm", {1, 0}}}),
      function("f", "transpose", {"in"}, {{"perm", nullptr}}),
      function("f", "transpose", {"in"}, {{"perm", {0, 2, 1}}, {"conjugate", true}}),
      function("f", "reshape", {"in"}, {{"shape", {Json{"in", 0, 0}, 24}}}),
  };
  for (const Layer& f : stay) {
    Report report;
    const Graph before = graph_of({input("in", {4, 6}), f});
    CAPTURE(text(f));
    CHECK(text(replace_function_layers(before, report)) == text(before));
    REQUIRE(report.remarks.size() == 1);
    CHECK(report.remarks[0].finding == tenon::host::Finding::left_alone);
    CHECK(report.remarks[0].layer == "f");
  }
}

}  // namespace
