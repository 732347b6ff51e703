// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tenon/host/interpret/storage.hpp>
#include <tenon/layer/format.hpp>
#include <tenon/number/rounding.hpp>
#include <tenon/tensor/shape.hpp>
#include <vector>

// A ReLU with its output quantizer as version 1 of the Akida hardware computes it. With s = 1 / (mantissa * 2^shift),
// the step of a channel, and p, the sum with its bias, it is ceil((p - h) / t) with h = round(s / 2) and
// t = floor(16 s) / 16, limited to the bits of the output: half a step is a whole number there, which went into the
// threshold, and a step has four fractional bits. A quantized model computes floor(p / s + 1/2), and both may differ
// by 1 near half a step. The hardware has no maximum of its own: the largest integer is one.
namespace tenon::host {

/// A quantization step of one channel, as the hardware stores it.
struct HalfStep {
  std::int64_t half = 0;        ///< round(s / 2), ties to even
  std::int64_t sixteenths = 1;  ///< floor(16 s), at least 1
};

/// One, or one a channel.
[[nodiscard]] inline std::vector<HalfStep> half_steps_of(const Requantization<Heap>& output) {
  constexpr int longest = 57;  // 16 s in 62 bits; so long a step, even for a mantissa of 20 bits, is above any sum
  std::vector<HalfStep> steps(std::max(output.mantissas.size(), output.shifts.size()));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::int64_t mantissa =
        output.mantissas.empty() ? 1 : output.mantissas[output.mantissas.size() == 1 ? 0 : i];
    const std::int32_t shift = output.shifts[output.shifts.size() == 1 ? 0 : i];
    if (mantissa <= 0) continue;
    if (shift > 0) {
      steps[i].sixteenths = std::max<std::int64_t>(1, (16 / mantissa) >> std::min(shift, 5));
      continue;
    }
    const std::int64_t power = std::int64_t{1} << std::min(-shift, longest);
    const std::int64_t half = power / (2 * mantissa);
    const std::int64_t rest = power % (2 * mantissa);
    const bool up = rest > mantissa || (rest == mantissa && half % 2 != 0);
    steps[i] = {half + (up ? 1 : 0), std::max<std::int64_t>(1, 16 * power / mantissa)};
  }
  return steps;
}

/// ceil((p - h) / t), limited to 0 .. 2^value_bits - 1.
[[nodiscard]] constexpr std::int64_t half_step_quantized(std::int64_t p, const HalfStep& step,
                                                         int value_bits) noexcept {
  if (p <= step.half) return 0;
  const std::int64_t steps = (16 * (p - step.half) - 1) / step.sixteenths + 1;
  return std::min(steps, largest(value_bits));
}

template <class X, class Y>
void run_half_step_relu(const std::vector<HalfStep>& steps, int value_bits, const Shape& shape, const X* x, Y* y) {
  const std::int32_t channels = shape.channels();
  for (std::int64_t i = 0; i < shape.size(); i += channels) {
    for (std::int32_t c = 0; c < channels; ++c) {
      const HalfStep& step = steps[steps.size() == 1 ? 0 : static_cast<std::size_t>(c)];
      y[i + c] = static_cast<Y>(half_step_quantized(x[i + c], step, value_bits));
    }
  }
}

}  // namespace tenon::host
