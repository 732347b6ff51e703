// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/layer/layer_mad_normalization.hpp>

#include "layer/toolkit_outputs.hpp"

using namespace tenon;
using namespace tenon_test;

TEST_CASE("a normalization of channels with fractional bits of their own equals the reference") {
  const LayerCase& c = reference::layer_mad_normalization;
  const LayerResult r = run_case(arch::reference{}, LayerMadNormalizationParams{}, c, quantizers(8));
  REQUIRE(r.fault == Fault::none);
  CHECK(r.values == c.outputs[0].values);
  CHECK(r.format.frac_bits == c.outputs[0].frac_bits);
  CHECK(r.constants.weight_shift == 31 - 8 - 7);
}

TEST_CASE("a normalization with 4 bits equals the reference") {
  const LayerCase& c = reference::layer_mad_normalization_4_bits;
  LayerQuantizers q = quantizers(4, false);
  q.weights.bitwidth = 4;
  q.bias.bitwidth = 4;
  const LayerResult r = run_case(arch::reference{}, LayerMadNormalizationParams{}, c, q);
  REQUIRE(r.fault == Fault::none);
  CHECK(r.values == c.outputs[0].values);
  CHECK(r.format.frac_bits == c.outputs[0].frac_bits);
}

TEST_CASE("a token of zeros becomes beta") {
  LayerCase c = reference::layer_mad_normalization;
  for (auto& v : c.inputs[0].values) v = 0;
  const LayerResult r = run_case(arch::reference{}, LayerMadNormalizationParams{}, c, quantizers(8));
  REQUIRE(r.fault == Fault::none);
  const auto beta = c.variable("beta");
  for (std::size_t i = 0; i < r.values.size(); ++i) {
    const auto last_bit = static_cast<double>(r.format.to_float(1, i % 5));
    CHECK(r.format.to_float(r.values[i], i % 5) == doctest::Approx(beta[i % 5]).epsilon(last_bit + 0.02));
  }
}

TEST_CASE("the float normalization by hand") {
  const float x[] = {1, -3, 2, 2};  // mean magnitude 2
  const float gamma[] = {2, 2, 1, 4};
  const float beta[] = {0, 1, -1, 0};
  float y[4];
  FloatVariables v;
  v.gamma = gamma;
  v.beta = beta;
  run_float(arch::reference{}, LayerMadNormalizationParams{}, Shape{1, 4}, v, x, y);
  CHECK(std::vector<float>(y, y + 4) == std::vector<float>{1, -2, 0, 4});
  run_float(arch::reference{}, LayerMadNormalizationParams{}, Shape{1, 4}, {}, x, y);  // neither scaled nor centered
  CHECK(std::vector<float>(y, y + 4) == std::vector<float>{0.5F, -1.5F, 1, 1});
}

TEST_CASE("magnitudes are added in eight lanes, the rest last") {
  // 2^24 and 1 do not add up in float32: which ones meet shows in the sum.
  constexpr float big = 16777216.0F;
  std::vector<float> x(9, 0.0F);
  x[0] = big;
  x[4] = -1;  // the lanes 0 and 4 are the first pair
  x[8] = 1;
  CHECK(kernel::magnitude_sum(arch::reference{}, x.data(), 9) == big);
  x[4] = 0;
  x[1] = 1;
  x[5] = -1;  // these two meet first, and survive
  x[8] = 0;
  CHECK(kernel::magnitude_sum(arch::reference{}, x.data(), 9) == big + 2);
  for (const std::int32_t count : {0, 1, 7, 8, 31, 32, 33, 100}) {
    const std::vector<float> ones(static_cast<std::size_t>(count), -1.0F);
    CHECK(kernel::magnitude_sum(arch::reference{}, ones.data(), count) == static_cast<float>(count));
  }
}
