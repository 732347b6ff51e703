// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/layer/stateful_projection.hpp>

#include "layer/toolkit_outputs.hpp"

using namespace tenon;
using namespace tenon_test;

namespace {

StatefulProjectionParams params(std::int32_t units, Shape downshape, Shape upshape, std::int32_t subsample) {
  return {units, true, downshape, upshape, subsample};
}

void check(const StatefulProjectionParams& p, const LayerCase& c) {
  LayerQuantizers q = quantizers(8);
  q.bias.bitwidth = 16;
  for (const bool portable : {false, true}) {
    const LayerResult r = portable ? run_case(arch::portable{}, p, c, q) : run_case(arch::reference{}, p, c, q);
    REQUIRE(r.fault == Fault::none);
    CHECK(r.values == c.outputs[0].values);
    CHECK(r.format.frac_bits == c.outputs[0].frac_bits);
  }
}

}  // namespace

TEST_CASE("a projection of merged channels at every second step equals the reference") {
  check(params(3, Shape{4, 6}, {}, 2), reference::projection);
}

TEST_CASE("a projection whose units become steps and channels equals the reference") {
  check(params(4, {}, Shape{6, 2}, 1), reference::projection_upshape);
}

TEST_CASE("an upshape may cut rows of units anywhere") {
  // Two rows of three units as three rows of two channels, with ranges of their own: an element's channel is its place.
  LayerCase c{{{Shape{2, 1}, 7, {0}, {}, {1, 2}}},
              {{"kernel", {127, 127, 127}}, {"bias", {0, 0, 0}}, {"range_max", {128, 1024}}, {"rescaling_rate", {1, 1}}},
              {}};
  const LayerResult r = run_case(arch::reference{}, params(3, {}, Shape{3, 2}, 1), c, quantizers(8));
  REQUIRE(r.fault == Fault::none);
  CHECK(r.format.frac_bits == std::vector<std::int32_t>{0, -3});
  CHECK(r.values == std::vector<std::int64_t>{127, 16, 127, 32, 127, 32});  // 254 saturates where 128 is the range
}

TEST_CASE("shapes of projections") {
  CHECK(params(3, Shape{4, 6}, {}, 2).output_shape(Shape{4, 3, 2}) == Shape{2, 3});
  CHECK(params(8, {}, Shape{-1, 4}, 1).output_shape(Shape{5, 3}) == Shape{10, 4});
  CHECK(params(8, {}, {}, 1).output_shape(Shape{5, 3}) == Shape{5, 8});
  CHECK(params(8, Shape{4, 6}, {}, 1).kernel_count(Shape{4, 3, 2}) == 48);
}

TEST_CASE("the float projection keeps the last step of each group") {
  const float x[] = {1, 2, 3, 4};
  const float kernel[] = {1, -1};
  const float bias[] = {0.5F, 0};
  float y[4];
  FloatVariables v;
  v.kernel = kernel;
  v.bias = bias;
  run_float(arch::portable{}, params(2, {}, {}, 2), Shape{4, 1}, v, x, y);
  CHECK(std::vector<float>(y, y + 4) == std::vector<float>{2.5F, -2, 4.5F, -4});
}
