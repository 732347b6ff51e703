// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <limits>
#include <tenon/number/transcendental.hpp>

using namespace tenon;

static_assert(exponential(0) == 1 && error_function(0) == 0);
static_assert(error_function(-7) == -1);

TEST_CASE("exp and erf are those of the standard library to 2e-15") {
  for (double x = -40; x <= 40; x += 0.0371) {
    CHECK(exponential(x) == doctest::Approx(std::exp(x)).epsilon(2e-15));
    CHECK(std::fabs(error_function(x) - std::erf(x)) <= 2e-15);
  }
  for (const double x : {1e-300, 1e-9, 1e-3}) CHECK(error_function(x) == doctest::Approx(std::erf(x)).epsilon(1e-14));
}

TEST_CASE("the ends of the range") {
  CHECK(exponential(1000) == std::numeric_limits<double>::infinity());
  CHECK(exponential(709) == doctest::Approx(std::exp(709.0)).epsilon(1e-13));
  CHECK(exponential(-1000) == 0);
  CHECK(std::isnan(exponential(std::numeric_limits<double>::quiet_NaN())));
  CHECK(std::isnan(error_function(std::numeric_limits<double>::quiet_NaN())));
}
