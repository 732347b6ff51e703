// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/odd_kernels.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Report;

/// in (height, width, 2) -> identity of 2 channels -> convolution `c`, which is not the first one.
Graph second(Json size, Json config, const std::string& class_name = "Conv2D") {
  config["padding"] = "same";
  Layer c = conv("c", "first", 2, 1, std::move(config));
  c.class_name = class_name;
  if (class_name == "Conv2DTranspose") std::swap(c.variables[0].shape[2], c.variables[0].shape[3]);
  return graph_of({input("in", std::move(size)), conv("first", "in", 2, 2), std::move(c)});
}

/// The first channel of a kernel, row by row.
std::vector<float> first_channel(const Layer& layer) {
  std::vector<float> shown;
  const Variable& kernel = layer.variables[0];
  const std::size_t depth = kernel.shape[2] * kernel.shape[3];
  for (std::size_t i = 0; i < kernel.data.size(); i += depth) shown.push_back(kernel.data[i]);
  return shown;
}

TEST_CASE("with stride 1 the row and the column of zeros come before the kernel") {
  Report report;
  const Graph before = second({5, 4, 2}, {{"kernel_size", {2, 2}}});
  CHECK(first_channel(before.layers[2]) == std::vector<float>{1, 3, 5, 7});
  const Graph after = odd_kernels(before, report);
  CHECK(text(after.layers[2]) ==
        "c: Conv2D(first) filters=1 kernel_size=[3,3] use_bias=false padding=\"same\" "
        "c/kernel:0(3,3,2,1)");
  CHECK(first_channel(after.layers[2]) == std::vector<float>{0, 0, 0, 0, 1, 3, 0, 5, 7});
  CHECK(report.remarks.empty());
}

TEST_CASE("with stride 2 they come before it on axes of odd size, behind it on even ones") {
  Report report;
  const Graph after =
      odd_kernels(second({5, 4, 2}, {{"kernel_size", {2, 2}}, {"strides", {2, 2}}}), report);
  CHECK(first_channel(after.layers[2]) == std::vector<float>{0, 0, 0, 1, 3, 0, 5, 7, 0});
  CHECK(report.remarks.empty());
}

TEST_CASE("which sizes grow depends on the stride and on whether the convolution takes the image") {
  const auto grows = [](const Graph& before, const char* name) {
    Report report;
    const std::size_t old = before.find(name)->variables[0].shape[0];
    return odd_kernels(before, report).find(name)->variables[0].shape[0] == old + 1;
  };
  const auto later = [&](int size, int stride) {
    return grows(second({8, 8, 2}, {{"kernel_size", {size, size}}, {"strides", {stride, stride}}}),
                 "c");
  };
  CHECK(later(4, 1));
  CHECK(later(6, 1));
  CHECK_FALSE(later(8, 1));
  CHECK_FALSE(later(4, 2));
  CHECK_FALSE(later(3, 1));
  const auto first = [&](int size, int stride, std::size_t channels) {
    return grows(graph_of({input("in", {8, 8, channels}), layer("Rescaling", "rs", {"in"}),
                           conv("c", "rs", channels, 2,
                                {{"padding", "same"},
                                 {"kernel_size", {size, size}},
                                 {"strides", {stride, stride}}})}),
                 "c");
  };
  CHECK(first(6, 2, 3));
  CHECK(first(2, 1, 1));
  CHECK_FALSE(first(4, 1, 3));
  CHECK(first(4, 1, 4));
  CHECK_FALSE(first(6, 2, 4));
}

TEST_CASE("kernels that are not square, or not 'same', stay") {
  Report report;
  const Graph oblong = second({8, 8, 2}, {{"kernel_size", {2, 4}}});
  CHECK(text(odd_kernels(oblong, report)) == text(oblong));
  Graph valid = second({8, 8, 2}, {{"kernel_size", {2, 2}}});
  valid.layers[2].config["padding"] = "valid";
  CHECK(text(odd_kernels(valid, report)) == text(valid));
}

TEST_CASE(
    "a transposed convolution on an odd size and a dilated one are shifted, and the user is told") {
  const auto remarks = [](const Graph& before) {
    Report report;
    CHECK(odd_kernels(before, report).layers[2].variables[0].shape[0] == 3);
    return report.remarks.size();
  };
  const Json transposed{{"kernel_size", {2, 2}}, {"strides", {2, 2}}};
  CHECK(remarks(second({4, 4, 2}, transposed, "Conv2DTranspose")) == 0);
  CHECK(remarks(second({5, 4, 2}, transposed, "Conv2DTranspose")) == 1);
  CHECK(remarks(second({4, 4, 2}, {{"kernel_size", {2, 2}}, {"dilation_rate", {2, 2}}})) == 1);
}

}  // namespace
