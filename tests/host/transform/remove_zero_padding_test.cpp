// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/remove_zero_padding.hpp>
#include <tenon/host/transform/same_padding.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Report;

// 32 pixels, 3x3, stride 2: TensorFlow pads one row behind and none before; with stride 1 one on
// each side.
static_assert(tenon::host::same_padding(32, 3, 2) == std::array<std::int64_t, 2>{0, 1});
static_assert(tenon::host::same_padding(32, 3, 1) == std::array<std::int64_t, 2>{1, 1});
static_assert(tenon::host::same_padding(33, 3, 2) == std::array<std::int64_t, 2>{1, 1});
static_assert(tenon::host::same_padding(5, 1, 3) == std::array<std::int64_t, 2>{0, 0});

Graph padded(Json size, Json padding, Json conv_config) {
  conv_config["padding"] = "valid";
  return graph_of({input("in", std::move(size)),
                   layer("ZeroPadding2D", "zp", {"in"}, {{"padding", std::move(padding)}}),
                   conv("c", "zp", 2, 1, std::move(conv_config))});
}

TEST_CASE("padding that makes a convolution 'same' disappears into it") {
  Report report;
  const Graph before = padded({8, 8, 2}, {{1, 1}, {1, 1}}, {{"kernel_size", {3, 3}}});
  CHECK(text(before) == R"(
in: InputLayer
zp: ZeroPadding2D(in) padding=[[1,1],[1,1]]
c: Conv2D(zp) filters=1 kernel_size=[3,3] use_bias=false padding="valid" c/kernel:0(3,3,2,1)
-> c
)");
  CHECK(text(remove_zero_padding(before, report)) == R"(
in: InputLayer
c: Conv2D(in) filters=1 kernel_size=[3,3] use_bias=false padding="same" c/kernel:0(3,3,2,1)
-> c
)");
  CHECK(report.remarks.empty());
}

TEST_CASE(
    "with stride 2 padding behind is exact; on all sides it is folded too, and the user is told") {
  Report exact;
  const Json strided{{"kernel_size", {3, 3}}, {"strides", {2, 2}}};
  CHECK(remove_zero_padding(padded({8, 8, 2}, {{0, 1}, {0, 1}}, strided), exact).layers.size() ==
        2);
  CHECK(exact.remarks.empty());
  Report changed;
  CHECK(remove_zero_padding(padded({8, 8, 2}, {{1, 1}, {1, 1}}, strided), changed).layers.size() ==
        2);
  REQUIRE(changed.remarks.size() == 1);
  CHECK(changed.remarks[0].finding == tenon::host::Finding::function_changed);
  CHECK(changed.remarks[0].layer == "zp");
}

TEST_CASE("padding of another size stays, and so does padding before other layers") {
  Report report;
  const Graph large = padded({8, 8, 2}, {{2, 2}, {2, 2}}, {{"kernel_size", {3, 3}}});
  CHECK(text(remove_zero_padding(large, report)) == text(large));
  const Graph odd =
      padded({7, 8, 2}, {{0, 1}, {0, 1}}, {{"kernel_size", {3, 3}}, {"strides", {2, 2}}});
  CHECK(text(remove_zero_padding(odd, report)) == text(odd));
  const Graph pool =
      graph_of({input("in", {8, 8, 2}),
                layer("ZeroPadding2D", "zp", {"in"}, {{"padding", {{0, 0}, {0, 0}}}}),
                layer("MaxPooling2D", "mp", {"zp"}, {{"pool_size", {1, 1}}})});
  CHECK(text(remove_zero_padding(pool, report)) == text(pool));
}

}  // namespace
