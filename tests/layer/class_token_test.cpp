// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/layer/class_token.hpp>

#include "layer/toolkit_outputs.hpp"

using namespace tenon;
using namespace tenon_test;

TEST_CASE("a class token on the scales of the other tokens equals the reference") {
  for (const std::int32_t bits : {8, 4}) {  // with 4 bits the channels share one range
    const LayerCase& c = bits == 8 ? reference::class_token : reference::class_token_4_bits;
    LayerQuantizers q = quantizers(0);
    q.bias.bitwidth = bits;
    const LayerResult r = run_case(arch::reference{}, ClassTokenParams{}, c, q);
    REQUIRE(r.fault == Fault::none);
    CHECK(r.values == c.outputs[0].values);
    CHECK(r.format.frac_bits == c.outputs[0].frac_bits);
    CHECK(r.format.scales == c.outputs[0].scales);
    CHECK(r.format.value_bits == 31);
  }
}

TEST_CASE("a class token stands in front of the others") {
  CHECK(ClassTokenParams{}.output_shape(Shape{16, 8}) == Shape{17, 8});
  const float cls[] = {1, 2};
  const float x[] = {3, 4, 5, 6};
  float y[6];
  FloatVariables v;
  v.cls = cls;
  run_float(arch::reference{}, ClassTokenParams{}, Shape{2, 2}, v, x, y);
  CHECK(std::vector<float>(y, y + 6) == std::vector<float>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("a class token takes tensors with scales only") {
  CHECK(accepts(ClassTokenParams::traits, LayerTensor{Shape{1, 1}, 7, {0}, {}, {}}.format()) == Fault::input_is_fixed);
}
