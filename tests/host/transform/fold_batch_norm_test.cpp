// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/fold_batch_norm.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Report;

/// Two channels: factor 2 / sqrt(3 + 1) = 1 and 6 / sqrt(8 + 1) = 2, then beta - mean * factor.
Layer batch_norm(const std::string& from, Json axis = {3}) {
  return layer("BatchNormalization", "bn", {from}, {{"axis", std::move(axis)}, {"epsilon", 1.0}},
               {values("bn/gamma", {2, 6}), values("bn/beta", {10, 20}),
                values("bn/moving_mean", {1, 2}), values("bn/moving_variance", {3, 8})});
}

TEST_CASE("a BatchNormalization disappears into kernel and bias") {
  Report report;
  const Graph before =
      graph_of({input("in", {4, 4, 2}), conv("c", "in", 2, 2, {{"use_bias", true}}),
                batch_norm("c"), layer("ReLU", "r", {"bn"})});
  CHECK(text(before) == R"(
in: InputLayer
c: Conv2D(in) filters=2 kernel_size=[1,1] use_bias=true c/kernel:0(1,1,2,2)=1,2,3,4 c/bias:0(2)=1,1
bn: BatchNormalization(c) axis=[3] epsilon=1.0 bn/gamma:0(2)=2,6 bn/beta:0(2)=10,20 bn/moving_mean:0(2)=1,2 bn/moving_variance:0(2)=3,8
r: ReLU(bn)
-> r
)");
  // Filters 0 and 1 by 1 and 2; bias 10 + (1 - 1) * 1 and 20 + (1 - 2) * 2.
  CHECK(text(fold_batch_norm(before, report)) == R"(
in: InputLayer
c: Conv2D(in) filters=2 kernel_size=[1,1] use_bias=true c/kernel:0(1,1,2,2)=1,4,3,8 c/bias:0(2)=10,18
r: ReLU(c)
-> r
)");
  CHECK(report.remarks.empty());
}

TEST_CASE("a layer without bias gets one, and becomes the output of the model") {
  Report report;
  const Graph before = graph_of({input("in", {2}),
                                 layer("Dense", "d", {"in"}, {{"units", 2}, {"use_bias", false}},
                                       {counting("d/kernel", {2, 2})}),
                                 batch_norm("d", {1})});
  CHECK(text(fold_batch_norm(before, report)) == R"(
in: InputLayer
d: Dense(in) units=2 use_bias=true d/kernel:0(2,2)=1,4,3,8 d/bias:0(2)=9,16
-> d
)");
}

TEST_CASE("each kind of kernel is scaled along its own axis of filters") {
  struct Case {
    const char* class_name;
    Json config;
    std::vector<Variable> variables;
    const char* after;
  };
  const Json plain{{"kernel_size", 1}, {"use_bias", false}};
  const std::vector<Case> cases{
      {"Conv2DTranspose",
       {{"filters", 2}, {"kernel_size", 1}, {"use_bias", false}},
       {counting("c/kernel", {1, 1, 2, 3})},
       "c/kernel:0(1,1,2,3)=1,2,3,8,10,12"},
      {"DepthwiseConv2D",
       plain,
       {counting("c/depthwise_kernel", {1, 2, 2, 1})},
       "c/depthwise_kernel:0(1,2,2,1)=1,4,3,8"},
      {"DepthwiseConv2D",
       {{"kernel_size", 1}, {"depth_multiplier", 2}, {"use_bias", false}},
       {counting("c/depthwise_kernel", {1, 2, 1, 2})},
       "c/depthwise_kernel:0(1,2,1,2)=1,4,3,8"},
      {"Custom>DepthwiseConv2DTranspose",
       {{"kernel_size", 1}, {"strides", 2}, {"padding", "same"}, {"use_bias", false}},
       {counting("c/depthwise_kernel", {1, 1, 2, 1})},
       "c/depthwise_kernel:0(1,1,2,1)=1,4"},
      {"Custom>DepthwiseBufferTempConv",
       {{"kernel_size", 2}, {"use_bias", false}},
       {counting("c/kernel", {2, 2})},
       "c/kernel:0(2,2)=1,4,3,8"},
  };
  for (const Case& c : cases) {
    Report report;
    CAPTURE(c.class_name);
    const Graph before =
        graph_of({input("in", {4, 4, 2}), layer(c.class_name, "c", {"in"}, c.config, c.variables),
                  batch_norm("c", -1)});
    const Graph after = fold_batch_norm(before, report);
    REQUIRE(after.layers.size() == 2);
    CHECK(text(after.layers[1].variables.at(0)) == c.after);
    CHECK(text(after.layers[1].variables.at(1)) == "c/bias:0(2)=9,16");
  }
}

TEST_CASE("a separable convolution is scaled in its pointwise kernel") {
  Report report;
  const Graph before = graph_of({input("in", {4, 4, 1}),
                                 layer("SeparableConv2D", "c", {"in"},
                                       {{"filters", 2}, {"kernel_size", 1}, {"use_bias", false}},
                                       {counting("c/depthwise_kernel", {1, 1, 1, 1}),
                                        counting("c/pointwise_kernel", {1, 1, 1, 2})}),
                                 batch_norm("c")});
  const Graph after = fold_batch_norm(before, report);
  CHECK(text(after.layers[1].variables.at(0)) == "c/depthwise_kernel:0(1,1,1,1)=1");
  CHECK(text(after.layers[1].variables.at(1)) == "c/pointwise_kernel:0(1,1,1,2)=1,4");
  CHECK(text(after.layers[1].variables.at(2)) == "c/bias:0(2)=9,16");
}

TEST_CASE("a missing gamma is 1 and a missing beta is 0") {
  Report report;
  Graph before = graph_of({input("in", {4, 4, 2}), conv("c", "in", 2, 2), batch_norm("c")});
  before.layers[2].variables.erase(before.layers[2].variables.begin(),
                                   before.layers[2].variables.begin() + 2);
  const Graph after = fold_batch_norm(before, report);
  // 1 / sqrt(4) and 1 / sqrt(9), in float32.
  CHECK(after.layers[1].variables[0].data ==
        std::vector<float>{0.5F, 2 * (1.0F / 3.0F), 1.5F, 4 * (1.0F / 3.0F)});
  CHECK(after.layers[1].variables[1].data == std::vector<float>{-0.5F, -2 * (1.0F / 3.0F)});
}

TEST_CASE("of two in a row only the first is folded") {
  Report report;
  Layer second = batch_norm("bn");
  second.name = "bn2";
  const Graph before =
      graph_of({input("in", {4, 4, 2}), conv("c", "in", 2, 2), batch_norm("c"), second});
  const Graph after = fold_batch_norm(before, report);
  REQUIRE(after.layers.size() == 3);
  CHECK(after.layers[2].name == "bn2");
  CHECK(text(after.layers[2].inputs()[0]) == "c");
}

TEST_CASE(
    "what cannot be folded stays: a gamma of 0, another axis, an activation between, two "
    "consumers") {
  Graph null_gamma = graph_of({input("in", {4, 4, 2}), conv("c", "in", 2, 2), batch_norm("c")});
  null_gamma.layers[2].variables[0].data[1] = 0;
  const Graph axis =
      graph_of({input("in", {2, 2, 2}), conv("c", "in", 2, 2), batch_norm("c", {1})});
  const Graph active = graph_of(
      {input("in", {4, 4, 2}), conv("c", "in", 2, 2, {{"activation", "relu"}}), batch_norm("c")});
  for (const Graph& before : {null_gamma, axis, active}) {
    Report report;
    CHECK(text(fold_batch_norm(before, report)) == text(before));
    REQUIRE(report.remarks.size() == 1);
    CHECK(report.remarks[0].layer == "bn");
  }
  Report report;
  const Graph branch = graph_of({input("in", {4, 4, 2}), conv("c", "in", 2, 2), batch_norm("c"),
                                 layer("Add", "add", {"c", "bn"})});
  CHECK(text(fold_batch_norm(branch, report)) == text(branch));
  CHECK(report.remarks.empty());
}

}  // namespace
