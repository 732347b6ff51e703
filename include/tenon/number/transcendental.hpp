// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/number/float32.hpp>

// exp and erf in double, usable in constant expressions: activation tables are made with them when a model is
// quantized, never when it runs. Both are within a few units in the last place.
namespace tenon {

/// e^x; 0 below -700, infinite above 709.
[[nodiscard]] constexpr double exponential(double x) noexcept {
  if (!(x > -700)) return x == x ? 0 : x;
  if (x > 709) return std::numeric_limits<double>::infinity();
  constexpr double ln2_high = 0x1.62e42fefa38p-1;
  constexpr double ln2_low = 0x1.ef35793c7673p-45;
  const double turns = x / (ln2_high + ln2_low);
  const int k = static_cast<int>(turns < 0 ? turns - 0.5 : turns + 0.5);
  const double rest = (x - k * ln2_high) - k * ln2_low;  // |rest| < 0.35: the series ends below 2^-57
  double sum = 1;
  for (int n = 14; n >= 1; --n) sum = 1 + sum * rest / n;
  return sum * float32::power_of_two(k);
}

/// The error function by a series of positive terms, so that nothing cancels. |x| >= 6 gives 1 and -1.
[[nodiscard]] constexpr double error_function(double x) noexcept {
  if (x != x) return x;
  const double a = x < 0 ? -x : x;
  if (a >= 6) return x < 0 ? -1 : 1;
  double term = a;
  double sum = a;
  for (int n = 1; term > sum * 0x1p-60; ++n) {
    term *= 2 * a * a / (2 * n + 1);
    sum += term;
  }
  constexpr double two_over_root_pi = 1.1283791670955126;
  const double value = two_over_root_pi * exponential(-a * a) * sum;
  return x < 0 ? -value : value;
}

}  // namespace tenon
