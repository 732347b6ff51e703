// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include <tenon/host/array.hpp>

// Numbers as files may store them and `Array` does not: the other byte order, half floats,
// scattered bytes.
namespace tenon::host {

inline void swap_byte_order(std::vector<std::byte>& bytes, std::size_t width) {
  for (std::size_t at = 0; at + width <= bytes.size(); at += width) {
    std::reverse(bytes.data() + at, bytes.data() + at + width);
  }
}

/// IEEE binary16 to float: exact.
[[nodiscard]] inline float half_to_float(std::uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const float fraction = static_cast<float>(half & 1023);
  float magnitude = 0;
  if (exponent == 31) {
    magnitude = fraction == 0 ? std::numeric_limits<float>::infinity()
                              : std::numeric_limits<float>::quiet_NaN();
  } else {
    // Subnormals have exponent 0 and no implicit one, and scale as exponent 1 does.
    const int scale = exponent == 0 ? 1 : exponent;
    magnitude = std::ldexp(fraction + (exponent == 0 ? 0.0F : 1024.0F), scale - 25);
  }
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

/// Turns an array whose bytes are half floats into one of floats.
inline void widen_halves(Array& array) {
  std::vector<float> values(array.bytes.size() / 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t half;
    std::memcpy(&half, array.bytes.data() + 2 * i, 2);
    values[i] = half_to_float(half);
  }
  array = Array::from<float>(std::move(array.shape), values);
}

}  // namespace tenon::host
