// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/layer/stateful_recurrent.hpp>

#include "layer/toolkit_outputs.hpp"

using namespace tenon;
using namespace tenon_test;

TEST_CASE("three calls of three steps on an input with scales equal the reference") {
  const LayerCase& c = reference::recurrent;
  const LayerResult r = run_case(arch::reference{}, StatefulRecurrentParams{}, c, quantizers(8, false));
  REQUIRE(r.fault == Fault::none);
  CHECK(r.values == c.outputs[0].values);
  CHECK(r.format.frac_bits == c.outputs[0].frac_bits);
  CHECK(r.format.value_bits == 7);
  CHECK_FALSE(r.format.has_scales());
}

TEST_CASE("a per-axis fixed-point input with a state of 12 bits equals the reference") {
  const LayerCase& c = reference::recurrent_fixed;
  LayerQuantizers q = quantizers(12, false);
  q.weights.bitwidth = 4;
  const LayerResult r = run_case(arch::reference{}, StatefulRecurrentParams{}, c, q);
  REQUIRE(r.fault == Fault::none);
  CHECK(r.values == c.outputs[0].values);
  CHECK(r.format.frac_bits == c.outputs[0].frac_bits);
}

TEST_CASE("steps of one call and calls of one step are the same") {
  LayerCase c = reference::recurrent;
  c.inputs[0].shape = Shape{1, 3};
  const LayerResult r = run_case(arch::reference{}, StatefulRecurrentParams{}, c, quantizers(8, false));
  CHECK(r.values == reference::recurrent.outputs[0].values);
}

TEST_CASE("a state that turns by a quarter comes back after four steps") {
  // a = i / 2 with 7 fractional bits: 64, 0, -32, 0, 16 ... and the input is 1 at the first step only.
  LayerCase c{{{Shape{5, 1}, 7, {6}, {}, {64, 0, 0, 0, 0}}}, {{"a_real", {0}}, {"a_imag", {0.5F}}, {"range_max", {2}}}, {}};
  const LayerResult r = run_case(arch::reference{}, StatefulRecurrentParams{}, c, quantizers(8, false));
  REQUIRE(r.fault == Fault::none);
  CHECK(r.format.frac_bits == std::vector<std::int32_t>{6, 6});
  CHECK(r.values == std::vector<std::int64_t>{64, 0, 0, 32, -16, 0, 0, -8, 4, 0});
}

TEST_CASE("parts of a with different fractional bits are refused") {
  LayerCase c = reference::recurrent;
  for (auto& [name, value] : c.variables) {
    if (name == "a_imag") value[0] = 1.5F;
  }
  CHECK(run_case(arch::reference{}, StatefulRecurrentParams{}, c, quantizers(8, false)).fault ==
        Fault::recurrent_weights_not_aligned);
}

TEST_CASE("the float recurrence is a complex product and a sum") {
  const float x[] = {1, 0, 2};
  const float a_real[] = {0.5F};
  const float a_imag[] = {-0.25F};
  float y[6];
  FloatVariables v;
  v.a_real = a_real;
  v.a_imag = a_imag;
  LayerState<std::vector<float>> state{std::vector<float>(2), 0};
  run_float(arch::reference{}, StatefulRecurrentParams{}, Shape{3, 1}, v, x, y, state);
  // 1; (0.5 - 0.25i); (0.5 - 0.25i)^2 + 2 = 2.1875 - 0.25i
  CHECK(std::vector<float>(y, y + 6) == std::vector<float>{1, 0, 0.5F, -0.25F, 2.1875F, -0.25F});
  CHECK(state.values == std::vector<float>{2.1875F, -0.25F});
}
