// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/average_pooling.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Report;

Json pooling(Json size, const char* padding = "valid") {
  return {{"pool_size", size},
          {"strides", size},
          {"padding", padding},
          {"data_format", "channels_last"}};
}

TEST_CASE("an average over the whole map and a Flatten are a global average") {
  Report report;
  const Graph before =
      graph_of({input("in", {4, 3, 2}), layer("AveragePooling2D", "ap", {"in"}, pooling({4, 3})),
                layer("Flatten", "f", {"ap"}), layer("Dense", "d", {"f"})});
  CHECK(text(before) == R"(
in: InputLayer
ap: AveragePooling2D(in) pool_size=[4,3] strides=[4,3] padding="valid" data_format="channels_last"
f: Flatten(ap)
d: Dense(f)
-> d
)");
  CHECK(text(whole_map_average_pooling(before, report)) == R"(
in: InputLayer
ap: GlobalAveragePooling2D(in) data_format="channels_last" keepdims=false
d: Dense(ap)
-> d
)");
}

TEST_CASE("a Reshape to a vector does what a Flatten does") {
  Report report;
  const Graph before =
      graph_of({input("in", {4, 3, 2}), layer("AveragePooling2D", "ap", {"in"}, pooling({4, 3})),
                layer("Reshape", "r", {"ap"}, {{"target_shape", {-1}}})});
  CHECK(text(whole_map_average_pooling(before, report)) == R"(
in: InputLayer
ap: GlobalAveragePooling2D(in) data_format="channels_last" keepdims=false
-> ap
)");
}

TEST_CASE("without a Flatten, or with several consumers, the axes of size 1 are kept") {
  Report report;
  const Graph before = graph_of(
      {input("in", {3, 3, 2}), layer("AveragePooling2D", "ap", {"in"}, pooling({5, 5}, "same")),
       layer("Flatten", "f", {"ap"}), layer("Dropout", "d", {"ap"})},
      {"f", "d"});
  CHECK(text(whole_map_average_pooling(before, report)) == R"(
in: InputLayer
ap: GlobalAveragePooling2D(in) data_format="channels_last" keepdims=true
f: Flatten(ap)
d: Dropout(ap)
-> f d
)");
}

TEST_CASE("a smaller window, or a map of unknown size, stays an average pooling") {
  Report report;
  for (const Json& size : {Json{4, 4, 2}, Json{8, 3, 2}, Json{nullptr, 3, 2}}) {
    const Graph before =
        graph_of({input("in", size), layer("AveragePooling2D", "ap", {"in"}, pooling({4, 3}))});
    CHECK(text(whole_map_average_pooling(before, report)) == text(before));
  }
}

}  // namespace
