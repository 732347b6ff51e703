// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/align_rescaling.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Report;

Layer rescaling(Json scale, Json offset) {
  return layer("Rescaling", "rs", {"in"},
               {{"scale", std::move(scale)}, {"offset", std::move(offset)}});
}

TEST_CASE("an offset goes into the bias, and -offset around a 'same' convolution") {
  Report report;
  const Graph before = graph_of(
      {input("in", {4, 4, 2}), rescaling(0.5, -1.0), conv("c", "in", 2, 2, {{"padding", "same"}})});
  Graph connected = before;
  connected.layers[2].calls[0].inputs[0].layer = "rs";
  CHECK(text(connected) == R"(
in: InputLayer
rs: Rescaling(in) scale=0.5 offset=-1.0
c: Conv2D(rs) filters=2 kernel_size=[1,1] use_bias=false padding="same" c/kernel:0(1,1,2,2)=1,2,3,4
-> c
)");
  // Bias of filter 0: (1 + 3) * -1, of filter 1: (2 + 4) * -1.
  CHECK(text(align_rescaling(connected, report)) == R"(
in: InputLayer
rs: Rescaling(in) scale=0.5 offset=0
c: PaddedConv2D*(rs) filters=2 kernel_size=[1,1] use_bias=true padding="valid" padding_value=[1.0] c/kernel:0(1,1,2,2)=1,2,3,4 c/bias:0(2)=-4,-6
-> c
)");
}

TEST_CASE("a scale for each channel goes into the kernel, and divides the padding values") {
  Report report;
  const Graph before = graph_of({input("in", {4, 4, 2}), rescaling({2.0, 4.0}, {1.0, -2.0}),
                                 conv("c", "rs", 2, 1, {{"padding", "same"}, {"use_bias", true}})});
  // Kernel 1, 2 becomes 1 * 2, 2 * 4; bias 1 + 1 * 1 + 2 * -2; padding -1 / 2, 2 / 4.
  CHECK(text(align_rescaling(before, report)) == R"(
in: InputLayer
rs: Rescaling(in) scale=1 offset=0
c: PaddedConv2D*(rs) filters=1 kernel_size=[1,1] use_bias=true padding="valid" padding_value=[-0.5,0.5] c/kernel:0(1,1,2,1)=2,8 c/bias:0(1)=-2
-> c
)");
}

TEST_CASE("a 'valid' convolution and a Dense need no padding values") {
  Report report;
  const Graph before = graph_of({input("in", {2}), rescaling(0.5, {3.0, 5.0}),
                                 layer("Dense", "d", {"rs"}, {{"units", 2}, {"use_bias", false}},
                                       {counting("d/kernel", {2, 2})})});
  // (1, 3) * (3, 5) and (2, 4) * (3, 5), summed.
  CHECK(text(align_rescaling(before, report).layers[2]) ==
        "d: Dense(rs) units=2 use_bias=true d/kernel:0(2,2)=1,2,3,4 d/bias:0(2)=18,26");
}

TEST_CASE("the groups of a convolution take the values of their own channels") {
  Report report;
  const Graph before = graph_of({input("in", {4, 4, 4}), rescaling(1.0, {1.0, 10.0, 100.0, 1000.0}),
                                 conv("c", "rs", 2, 2, {{"groups", 2}})});
  // Kernel (1, 1, 2, 2) = 1 2 / 3 4: filter 0 takes 1 * 1 + 3 * 10, filter 1 takes 2 * 100 + 4 *
  // 1000.
  CHECK(text(align_rescaling(before, report).layers[2].variables.at(1)) == "c/bias:0(2)=31,4200");
}

TEST_CASE("temporal convolutions take the values at each position of their kernel") {
  Report report;
  const Graph plain = graph_of({input("in", {1, 1, 2}), rescaling(1.0, {1.0, 10.0}),
                                layer("Custom>BufferTempConv", "b", {"rs"},
                                      {{"filters", 1}, {"kernel_size", 2}, {"use_bias", false}},
                                      {counting("b/kernel", {1, 1, 4, 1})})});
  CHECK(text(align_rescaling(plain, report).layers[2].variables.at(1)) ==
        "b/bias:0(1)=64");  // 1 + 20 + 3 + 40
  const Graph depthwise =
      graph_of({input("in", {1, 1, 2}), rescaling({2.0, 3.0}, {1.0, 10.0}),
                layer("Custom>DepthwiseBufferTempConv", "b", {"rs"},
                      {{"kernel_size", 2}, {"use_bias", false}}, {counting("b/kernel", {2, 2})})});
  const Graph after = align_rescaling(depthwise, report);
  CHECK(text(after.layers[2].variables.at(0)) == "b/kernel:0(2,2)=2,6,6,12");
  CHECK(text(after.layers[2].variables.at(1)) == "b/bias:0(2)=4,60");  // 1 + 3, (2 + 4) * 10
}

TEST_CASE("a Rescaling by one number without offset is aligned already") {
  Report report;
  for (const auto& [scale, offset] :
       {std::pair<Json, Json>{0.5, 0}, {Json::array({0.5}), Json::array({0.0, 0.0})}}) {
    const Graph before = graph_of({input("in", {4, 4, 2}), rescaling(scale, offset),
                                   conv("c", "rs", 2, 2, {{"padding", "same"}})});
    CHECK(text(align_rescaling(before, report)) == text(before));
  }
  CHECK(report.remarks.empty());
}

TEST_CASE("an offset that cannot be folded stays and is reported with the reason") {
  const Layer rs = rescaling(0.5, 1.0);
  const Graph two = graph_of(
      {input("in", {4, 4, 2}), rs, conv("a", "rs", 2, 2), conv("b", "rs", 2, 2)}, {"a", "b"});
  const Graph depthwise = graph_of({input("in", {4, 4, 2}), rs,
                                    layer("DepthwiseConv2D", "a", {"rs"}, {{"kernel_size", 1}},
                                          {counting("a/depthwise_kernel", {1, 1, 2, 1})})});
  const Graph counts =
      graph_of({input("in", {4, 4, 2}), rescaling({1.0, 2.0, 3.0}, 0), conv("a", "rs", 2, 2)});
  for (const Graph& before : {two, depthwise, counts}) {
    Report report;
    CHECK(text(align_rescaling(before, report)) == text(before));
    REQUIRE(report.remarks.size() == 1);
    CHECK(report.remarks[0].finding == tenon::host::Finding::left_alone);
    CHECK(report.remarks[0].layer == "rs");
  }
}

}  // namespace
