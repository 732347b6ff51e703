// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/report/error_table.hpp>

namespace {

using namespace tenon::host;

/// A result with these shares.
ErrorMetrics metrics(double smape, std::size_t saturated, std::size_t elements) {
  const std::size_t compared = elements - saturated;
  return {smape * static_cast<double>(compared), compared, saturated, elements};
}

TEST_CASE("equal numbers and pairs of zeros count without an error, opposite ones are all wrong") {
  ErrorMetrics m;
  m.add(2.0F, 2.0F, false);
  m.add(0.0F, 0.0F, false);
  CHECK(m.smape() == 0);
  m.add(1.0F, -1.0F, false);
  m.add(0.0F, 3.0F, false);
  CHECK(m.smape() == 0.5);
}

TEST_CASE("integers at the limits are counted, and left out of the error") {
  ErrorMetrics m;
  m.add(5.0F, 1.0F, true);
  m.add(1.0F, 3.0F, false);
  CHECK(m.smape() == 0.5);
  CHECK(m.saturation_percent() == 50);
  CHECK(at_limit(127, 7));
  CHECK(at_limit(-128, 7));
  CHECK_FALSE(at_limit(-127, 7));
  CHECK_FALSE(at_limit(126, 7));
}

TEST_CASE("nothing measured is no error") {
  CHECK(ErrorMetrics{}.smape() == 0);
  CHECK(ErrorMetrics{}.saturation_percent() == 0);
}

TEST_CASE("the table is the one that QuantizeML prints") {
  const std::vector<MeasuredError> errors{
      {"c (QuantizedConv2D)", {metrics(0.0055, 0, 10000)}},
      {"r (QuantizedReLU)", {metrics(0.0034, 5, 10000)}},
      {"d (QuantizedDense)", {metrics(0.29687, 0, 10000)}},
  };
  CHECK("\n" + error_table(errors, "m") == R"(

Quantization error for m:
=============================================
Layer/node          | SMAPE  | Saturation (%)
=============================================
c (QuantizedConv2D) | 0.0055 | 0.0000        
r (QuantizedReLU)   | 0.0034 | 0.0500        
d (QuantizedDense)  | 0.2969 | 0.0000        
=============================================
)");
}

TEST_CASE("channels count from 1; more than 60 % at the limits are marked, with a line below") {
  const std::vector<MeasuredError> errors{
      {"d", {metrics(0.5, 60, 100), metrics(0.25, 61, 100)}, true}};
  CHECK("\n" + error_table(errors, "m") == R"(

Quantization error for m:
====================================
Layer/node | SMAPE  | Saturation (%)
====================================
d:1        | 0.5000 | 60.0000       
*d:2       | 0.2500 | 61.0000       
====================================
* Measurement results are not reliable, as outputs saturate by more than 60%
)");
}

}  // namespace
