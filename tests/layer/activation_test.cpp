// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <tenon/layer/activation.hpp>

#include "layer/toolkit_outputs.hpp"

using namespace tenon;
using namespace tenon_test;

TEST_CASE("tables of all four functions equal the reference") {
  const std::pair<ActivationParams, const LayerCase*> cases[] = {
      {{ActivationFunction::gelu}, &reference::activation_gelu},
      {{ActivationFunction::swish}, &reference::activation_swish},
      {{ActivationFunction::hard_silu}, &reference::activation_hard_silu},
      {{ActivationFunction::leaky_relu, 0.3F}, &reference::activation_leaky_relu}};
  for (const auto& [params, c] : cases) {
    INFO("function ", static_cast<int>(params.activation));
    const LayerResult r = run_case(arch::reference{}, params, *c, quantizers(8, false));
    REQUIRE(r.fault == Fault::none);
    CHECK(r.values == c->outputs[0].values);
    CHECK(r.format.frac_bits == c->outputs[0].frac_bits);
    CHECK(r.constants.table.size() == 64);
  }
}

TEST_CASE("without an output quantizer an entry times its scale is the function") {
  const ActivationParams gelu{};
  const LayerCase& c = reference::activation_gelu;
  const LayerResult r = run_case(arch::reference{}, gelu, c, quantizers(0));
  REQUIRE(r.fault == Fault::none);
  CHECK(r.format.value_bits == 13);
  for (std::size_t i = 0; i < r.values.size(); ++i) {
    const double x = static_cast<double>(c.inputs[0].values[i]) / 4;
    const double exact = 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    CHECK(std::fabs(static_cast<double>(r.format.to_float(r.values[i], 0)) - exact) <= 0.5001 * r.format.scales[0]);
  }
}

TEST_CASE("a table is made by the compiler") {
  constexpr double at_one = ActivationParams{ActivationFunction::swish}(1.0);
  static_assert(at_one > 0.7310585 && at_one < 0.7310586);
  static_assert(ActivationParams{ActivationFunction::hard_silu}(-4.0) == 0);
  static_assert(ActivationParams{ActivationFunction::hard_silu}(1.5) == 1.125);
  CHECK(at_one == doctest::Approx(1 / (1 + std::exp(-1.0))));
}

TEST_CASE("an activation refuses per-axis inputs and tables of more than 16 bits") {
  LayerCase c = reference::activation_gelu;
  c.inputs[0].value_bits = 16;
  CHECK(run_case(arch::reference{}, ActivationParams{}, c, quantizers(8)).fault == Fault::table_too_large);
  c.inputs[0].frac_bits.assign(40, 2);
  CHECK(run_case(arch::reference{}, ActivationParams{}, c, quantizers(8)).fault == Fault::input_not_per_tensor);
}
