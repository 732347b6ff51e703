// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/conv2d_to_depthwise.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Report;

TEST_CASE("a convolution of one filter for each channel is a depthwise one with the same numbers") {
  Report report;
  const Json config{
      {"groups", 3}, {"kernel_size", {1, 2}}, {"kernel_initializer", nullptr}, {"use_bias", true}};
  const Graph before = graph_of({input("in", {4, 4, 3}), conv("c", "in", 1, 3, config)});
  CHECK(text(before.layers[1]) ==
        "c: Conv2D(in) filters=3 kernel_size=[1,2] use_bias=true groups=3 kernel_initializer=null "
        "c/kernel:0(1,2,1,3)=1,2,3,4,5,6 c/bias:0(3)=1,1,1");
  CHECK(text(conv2d_to_depthwise(before, report).layers[1]) ==
        "c: DepthwiseConv2D(in) kernel_size=[1,2] use_bias=true groups=1 "
        "depthwise_initializer=null depth_multiplier=1 "
        "c/depthwise_kernel:0(1,2,3,1)=1,2,3,4,5,6 c/bias:0(3)=1,1,1");
}

TEST_CASE("one channel and one filter make a depthwise convolution too") {
  Report report;
  const Graph after =
      conv2d_to_depthwise(graph_of({input("in", {4, 4, 1}), conv("c", "in", 1, 1)}), report);
  CHECK(after.layers[1].class_name == "DepthwiseConv2D");
}

TEST_CASE("grouped convolutions, several filters for a channel and transposed ones stay") {
  Report report;
  Layer transposed = conv("t", "g", 1, 1);
  transposed.class_name = "Conv2DTranspose";
  Layer padded = conv("p", "t", 1, 1);
  padded.class_name = "PaddedConv2D";
  padded.toolkit = true;
  const Graph before =
      graph_of({input("in", {4, 4, 4}), conv("a", "in", 2, 4, {{"groups", 2}}),
                conv("b", "a", 1, 8, {{"groups", 4}}), conv("g", "b", 8, 1), transposed, padded});
  CHECK(text(conv2d_to_depthwise(before, report)) == text(before));
}

}  // namespace
