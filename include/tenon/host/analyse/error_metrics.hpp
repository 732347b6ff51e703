// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// How far quantized numbers are from float ones, in the two measures of QuantizeML: the symmetric
// mean absolute percentage error (SMAPE), and the share of integers that stand at either end of
// their range. These are left out of the SMAPE, because their error has no bound.
namespace tenon::host {

struct ErrorMetrics {
  double error = 0;          ///< sum of |x - y| / (|x| + |y|)
  std::size_t compared = 0;  ///< elements in it
  std::size_t saturated = 0;
  std::size_t elements = 0;

  void add(float x, float y, bool at_limit) {
    ++elements;
    if (at_limit) {
      ++saturated;
      return;
    }
    ++compared;
    const double a = static_cast<double>(x);
    const double b = static_cast<double>(y);
    if (a != 0 || b != 0) error += std::abs(a - b) / (std::abs(a) + std::abs(b));
  }
  void add(const ErrorMetrics& other) {
    error += other.error;
    compared += other.compared;
    saturated += other.saturated;
    elements += other.elements;
  }
  [[nodiscard]] double smape() const {
    return compared == 0 ? 0 : error / static_cast<double>(compared);
  }
  [[nodiscard]] double saturation_percent() const {
    return elements == 0 ? 0
                         : 100.0 * static_cast<double>(saturated) / static_cast<double>(elements);
  }
};

/// One line of the report, or one for each channel.
struct MeasuredError {
  std::string key;                  ///< "layer (Class)" or "layer/quantizer"
  std::vector<ErrorMetrics> parts;  ///< channels
  bool per_channel = false;

  [[nodiscard]] ErrorMetrics total() const {
    ErrorMetrics all;
    for (const ErrorMetrics& part : parts) all.add(part);
    return all;
  }
};

/// Whether an integer stands at an end of the range of its bits.
[[nodiscard]] constexpr bool at_limit(std::int64_t v, int value_bits) {
  const std::int64_t top = (std::int64_t{1} << value_bits) - 1;
  return v >= top || v <= -top - 1;
}

}  // namespace tenon::host
