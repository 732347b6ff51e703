// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <tenon/number/float32.hpp>

using namespace tenon;

namespace {

// Halfway through the elements of a tensor of 16: computed by the vector path.
constexpr float32::Position in_packet{8, 16};

}  // namespace

// The powers of two whose logarithm does not come out exactly, known from the reference: k + 1
// instead of k.
static_assert(float32::ceil_log2(0x1p-13F) == -12 && float32::ceil_log2(0x1p-12F) == -12);
static_assert(float32::ceil_log2(0x1p-15F) == -14 && float32::ceil_log2(0x1p-14F) == -14);
static_assert(float32::ceil_log2(0x1p-26F) == -25 && float32::ceil_log2(0x1p-30F) == -29);
static_assert(float32::ceil_log2(0x1p13F, in_packet) == 14 && float32::ceil_log2(0x1p13F) == 13);
static_assert(float32::ceil_log2(0x1p26F, in_packet) == 27);
static_assert(float32::ceil_log2(0.0F) == float32::log2_of_zero);

TEST_CASE("the logarithm outside of whole packets is the correctly rounded one") {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> exponent(-80, 80);
  for (int i = 0; i < 20000; ++i) {
    const float x = std::exp2(exponent(random));
    CHECK(float32::logarithm(x) == static_cast<float>(std::log(static_cast<double>(x))));
    CHECK(float32::logarithm(x, {9, 13}) == float32::logarithm(x));
  }
}

TEST_CASE("the logarithm of whole packets is close to the correct one, not equal") {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> exponent(-60, 60);
  int different = 0;
  for (int i = 0; i < 20000; ++i) {
    const float x = std::exp2(exponent(random));
    const float correct = float32::logarithm(x);
    const float packet = float32::logarithm(x, in_packet);
    different += packet == correct ? 0 : 1;
    CHECK(std::abs(packet - correct) <= 4e-7F * std::max(1.0F, std::abs(correct)));
  }
  CHECK(different > 0);
  CHECK(different < 10000);
}

TEST_CASE("fractional bits cover a range and never exceed the value bits") {
  CHECK(float32::max_frac_bits(7, 1.0F) == 7);
  CHECK(float32::max_frac_bits(7, 1.01F) == 6);
  CHECK(float32::max_frac_bits(7, 2.0F) == 6);
  CHECK(float32::max_frac_bits(7, 100.0F) == 0);
  CHECK(float32::max_frac_bits(7, 1000.0F) == -3);
  CHECK(float32::max_frac_bits(7, 0.01F) == 7);
  CHECK(float32::max_frac_bits(4, 0.0F) == 4);
}

TEST_CASE("floor of the logarithm takes the power of two below") {
  for (int k = -12; k <= 12; ++k) {
    CHECK(float32::floor_log2(std::ldexp(1.0F, k)) == k);
    CHECK(float32::floor_log2(std::ldexp(1.5F, k)) == k);
    CHECK(float32::floor_log2(std::ldexp(1.99F, k)) == k);
  }
}

TEST_CASE("sums and products are those of float32") {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> any(-1000, 1000);
  for (int i = 0; i < 10000; ++i) {
    const float a = any(random);
    const float b = any(random);
    volatile float sum = a + b;
    volatile float difference = a - b;
    volatile float product = a * b;
    CHECK(float32::add(a, b) == sum);
    CHECK(float32::subtract(a, b) == difference);
    CHECK(float32::multiply(a, b) == product);
    CHECK(float32::absolute(a) == std::abs(a));
  }
}

TEST_CASE("scaling by a power of two rounds in the subnormal range and overflows to infinity") {
  CHECK(float32::scale_by_power_of_two(3.0F, 4) == 48.0F);
  CHECK(float32::scale_by_power_of_two(3.0F, -149) == std::ldexp(3.0F, -149));
  CHECK(float32::scale_by_power_of_two(1.0F, -200) == 0.0F);
  CHECK(float32::scale_by_power_of_two(1.5F, -149) == std::ldexp(2.0F, -149));
  CHECK(float32::scale_by_power_of_two(1.0F, 128) == std::numeric_limits<float>::infinity());
  CHECK(float32::scale_by_power_of_two(-1.0F, 5000) == -std::numeric_limits<float>::infinity());
  CHECK(float32::scale_by_power_of_two(1.0F, -5000) == 0.0F);
}

#if defined(__x86_64__) && defined(__OPTIMIZE__)
namespace {

// A function for processors with fused multiply-add, into which the compiler puts all that it calls.
[[gnu::target("avx2,fma"), gnu::flatten, gnu::noinline]] float product_and_sum(float a, float b, float c) {
  return float32::add(float32::multiply(a, b), c);
}

}  // namespace

TEST_CASE("a product is rounded before it is added, also where the processor could fuse the two") {
  if (!__builtin_cpu_supports("fma")) return;
  volatile float a = 1 + 0x1p-23F;  // the square is 1 + 2^-22 + 2^-46, and the last term is lost
  CHECK(product_and_sum(a, a, -1 - 0x1p-22F) == 0);
}
#endif
