// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/number/float32.hpp>
#include <tenon/number/round_log2.hpp>
#include <tenon/number/rounding.hpp>
#include <tenon/number/transcendental.hpp>

namespace tenon::kernel {

// In place: a row of integers x becomes 2^(3 e + x - max - r), with e = `exp_bits` fractional bits, where 2^r is the power
// of two nearest to the sum of the 2^(2 e + x - max). What would be below one is 0. Sums are limited to
// `buffer_bits` > 2 e value bits; no result exceeds 2^e.
template <class Row>
constexpr void shiftmax(arch::reference, Row* row, std::int32_t count, int exp_bits, int buffer_bits) noexcept {
  std::int64_t top = row[0];
  for (std::int32_t i = 1; i < count; ++i) top = row[i] > top ? row[i] : top;
  std::int64_t sum = 0;
  for (std::int32_t i = 0; i < count; ++i) {
    const std::int64_t exponent = 2 * exp_bits + (row[i] - top);
    if (exponent >= 0) sum += std::int64_t{1} << exponent;
  }
  const int r = round_log2(saturate(sum, buffer_bits));
  for (std::int32_t i = 0; i < count; ++i) {
    const std::int64_t exponent = 3 * exp_bits + (row[i] - top) - r;
    row[i] = static_cast<Row>(exponent >= 0 ? std::int64_t{1} << exponent : 0);
  }
}

// In place, the float form: 2^(floor(x) - max - r), the sum in float32.
constexpr void shiftmax(arch::reference, float* row, std::int32_t count) noexcept {
  constexpr float lowest = -1e30F;
  float top = lowest;
  for (std::int32_t i = 0; i < count; ++i) {
    const float x = row[i];
    if (x > -8388608.0F && x < 8388608.0F) {  // beyond, a float32 has no fraction
      const auto whole = static_cast<std::int32_t>(x);
      row[i] = static_cast<float>(static_cast<float>(whole) > x ? whole - 1 : whole);
    }
    top = row[i] > top ? row[i] : top;
  }
  const auto power = [&](float x, int r) {
    const float exponent = x - top;
    return !(exponent >= -200) ? 0.0F : float32::scale_by_power_of_two(1.0F, static_cast<int>(exponent) - r);
  };
  float sum = 0;
  for (std::int32_t i = 0; i < count; ++i) sum += power(row[i], 0);
  const int r = round_log2(sum);
  for (std::int32_t i = 0; i < count; ++i) row[i] = power(row[i], r);
}

// In place: e^(x - max) divided by the sum of them all. Float models only.
constexpr void softmax(arch::reference, float* row, std::int32_t count) noexcept {
  float top = row[0];
  for (std::int32_t i = 1; i < count; ++i) top = row[i] > top ? row[i] : top;
  float sum = 0;
  for (std::int32_t i = 0; i < count; ++i) {
    row[i] = static_cast<float>(exponential(static_cast<double>(row[i] - top)));
    sum += row[i];
  }
  for (std::int32_t i = 0; i < count; ++i) row[i] /= sum;
}

}  // namespace tenon::kernel
