// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <tenon/host/interpret/half_step_relu.hpp>

using namespace tenon;
using namespace tenon::host;

namespace {

/// An output quantizer of one channel whose step is 2^frac_bits / mantissa.
HalfStep step_of(std::int32_t mantissa, std::int32_t frac_bits) {
  Requantization<Heap> output;
  output.mantissas = {mantissa};
  output.shifts = {-frac_bits};
  return half_steps_of(output).front();
}

}  // namespace

TEST_CASE("sums near half a step become what the emulator of the hardware makes of them") {
  CHECK(half_step_quantized(191, step_of(246, 12), 4) == 12);  // the exact step, 16.65, gives 11
  CHECK(half_step_quantized(162, step_of(145, 11), 4) == 12);  // 14.124 gives 11
}

TEST_CASE("half a step is rounded to a whole number, ties to even, and a step is cut to sixteenths") {
  CHECK(step_of(3, 5).half == 5);         // 32 / 3 / 2 = 5.33
  CHECK(step_of(3, 5).sixteenths == 170);  // 512 / 3 = 170.67
  CHECK(step_of(1, 0).half == 0);          // 0.5
  CHECK(step_of(1, 3).half == 4);
  CHECK(step_of(128, 7).half == 0);  // 0.5
  CHECK(step_of(200, -3).half == 0);
  CHECK(step_of(200, -3).sixteenths == 1);  // shorter than the shortest
  CHECK(step_of(255, 200).half > std::int64_t{1} << 40);
}

TEST_CASE("a step of whole sixteenths follows its definition at every sum") {
  const HalfStep step = step_of(128, 11);  // 16, half of it 8
  for (std::int64_t p = -40; p < 400; ++p) {
    const double steps = std::ceil((static_cast<double>(p) - 8) / 16);
    CHECK(half_step_quantized(p, step, 4) == static_cast<std::int64_t>(std::fmin(std::fmax(steps, 0), 15)));
  }
}

TEST_CASE("each channel has its own step, and the maximum is the largest integer") {
  Requantization<Heap> output;
  output.mantissas = {128, 128};
  output.shifts = {-8, -10};  // steps 2 and 8
  const std::array<std::int32_t, 6> x{-5, -5, 9, 9, 1000000, 1000000};
  std::array<std::int32_t, 6> y{};
  run_half_step_relu(half_steps_of(output), 4, Shape{1, 3, 2}, x.data(), y.data());
  CHECK(y == std::array<std::int32_t, 6>{0, 0, 4, 1, 15, 15});
}
