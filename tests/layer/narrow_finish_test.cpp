// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <tenon/kernel/block.hpp>
#include <tenon/layer/narrow_finish.hpp>
#include <tenon/number/rounding.hpp>

using namespace tenon;

namespace {

/// The way of a sum without bias and ReLU as the output quantizer has it.
std::int64_t quantized(const WideFinish& f, std::int64_t sum) {
  return rescale(saturate(saturate(sum, f.buffer_bits) * f.mantissa, f.output_buffer_bits), f.shift, f.output_bits);
}

void check_all_sums(const WideFinish& f, const NarrowFinish& narrow) {
  const kernel::FinishTraits traits{false, true, narrow.low, 127, static_cast<std::uint8_t>(narrow.limit_bits)};
  std::int64_t different = 0;
  for (std::int64_t sum = -f.largest_sum; sum <= f.largest_sum; ++sum) {
    different += kernel::finish(traits, narrow.channel, static_cast<std::int32_t>(sum)) != quantized(f, sum) ? 1 : 0;
  }
  CAPTURE(f.mantissa);
  CAPTURE(f.shift);
  CAPTURE(f.output_bits);
  CAPTURE(f.output_buffer_bits);
  CHECK(different == 0);
}

}  // namespace

TEST_CASE("outputs with more fractional bits than their sums are exact in 32 bits") {
  for (const std::int32_t shift : {0, 1, 2, 7, 14}) {
    const WideFinish f{.largest_sum = 1152, .has_output = true, .shift = shift};
    const NarrowFinish narrow = narrow_finish(f);
    CHECK(narrow.exact);
    check_all_sums(f, narrow);
  }
  CHECK_FALSE(narrow_finish({.largest_sum = 1152, .has_output = true, .mantissa = 3, .shift = 15}).exact);
}

TEST_CASE("what is exact in 32 bits equals the output quantizer for every sum") {
  std::mt19937 random(5);
  int exact = 0;
  for (int i = 0; i < 400; ++i) {
    WideFinish f{.largest_sum = static_cast<std::int64_t>(random() % 5000), .has_output = true};
    f.mantissa = std::int64_t{1} << random() % 16;
    if (random() % 2 == 0) f.mantissa += static_cast<std::int64_t>(random() % static_cast<std::uint32_t>(f.mantissa));
    f.shift = static_cast<std::int32_t>(random() % 20) - 14;
    f.output_bits = 1 + static_cast<int>(random() % 7);
    if (random() % 2 == 0) f.output_buffer_bits = f.output_bits + static_cast<int>(random() % 12);
    const NarrowFinish narrow = narrow_finish(f);
    if (!narrow.exact) continue;
    ++exact;
    check_all_sums(f, narrow);
  }
  CHECK(exact > 100);
}
