// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/number/float32.hpp>

namespace tenon::kernel {

// Sum of |x| in float32, in the order of the reference's reduction of a last axis, so that calibrated ranges agree to the
// bit: eight lanes, four rows of lanes at a time while there are so many, then the lanes in pairs, then the rest.
constexpr float magnitude_sum(arch::reference, const float* x, std::int32_t count) noexcept {
  constexpr std::int32_t lanes = 8;
  constexpr std::int32_t rows = 4;
  float sums[rows][lanes] = {};
  const auto add_row = [&](std::int32_t row, std::int32_t at) {
    for (std::int32_t k = 0; k < lanes; ++k) sums[row][k] += float32::absolute(x[at + k]);
  };
  std::int32_t at = 0;
  for (; at + rows * lanes <= count; at += rows * lanes) {
    for (std::int32_t row = 0; row < rows; ++row) add_row(row, at + row * lanes);
  }
  for (std::int32_t row = 1; row < rows; ++row) {
    for (std::int32_t k = 0; k < lanes; ++k) sums[0][k] += sums[row][k];
  }
  for (; at + lanes <= count; at += lanes) add_row(0, at);
  float rest = 0;
  for (; at < count; ++at) rest += float32::absolute(x[at]);
  for (std::int32_t width = lanes / 2; width > 0; width /= 2) {
    for (std::int32_t k = 0; k < width; ++k) sums[0][k] += sums[0][k + width];
  }
  return rest + sums[0][0];
}

}  // namespace tenon::kernel
