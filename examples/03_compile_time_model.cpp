// SPDX-License-Identifier: Apache-2.0
// A model that is quantized while the program is compiled: the compiler runs the float model on the
// samples, calibrates it and computes the integer weights. What is left for the program are
// constants and integer arithmetic.
#include <array>
#include <cstdint>
#include <cstdio>
#include <tenon/device.hpp>

using namespace tenon;

// Which way do the stripes of an 8x8 image run? Two 3x3 edge filters, the mean of each answer, a
// decision.
struct Stripes : Sequential<Input<struct image, Shape{8, 8, 1}, std::uint8_t>,
                            Conv2D<struct edges, Conv2DParams{.filters = 4, .kernel_size = {3, 3}}>,
                            ReLU<struct positive>, GlobalAveragePooling2D<struct mean>,
                            Dense<struct decision, DenseParams{.units = 2, .use_bias = false}>> {};

// As Keras stores them: kernel (3, 3, 1, 4) and bias of the convolution, kernel (4, 2) of the
// decision.
constexpr std::array<float, Stripes::weight_count> float_weights = {
    // left, right, top, bottom edge at each of the nine taps
    -.125F, .125F, -.125F, .125F,  0,  0, -.125F, .125F,  .125F, -.125F, -.125F, .125F,   //
    -.125F, .125F, 0,      0,      0,  0, 0,      0,      .125F, -.125F, 0,      0,       //
    -.125F, .125F, .125F,  -.125F, 0,  0, .125F,  -.125F, .125F, -.125F, .125F,  -.125F,  //
    0,      0,     0,      0,                                                             // bias
    1,      -1,    1,      -1,     -1, 1, -1,     1,  // decision
};

constexpr std::array<std::uint8_t, 64> stripes(bool vertical, int phase, int contrast) {
  std::array<std::uint8_t, 64> pixels{};
  for (int i = 0; i < 64; ++i) {
    const int across = vertical ? i % 8 : i / 8;
    pixels[static_cast<std::size_t>(i)] =
        static_cast<std::uint8_t>((across + phase) / 2 % 2 == 0 ? 128 + contrast : 128 - contrast);
  }
  return pixels;
}

constexpr auto calibration_samples = [] {
  std::array<std::uint8_t, 4 * 64> all{};
  for (std::size_t s = 0; s < 4; ++s) {
    const auto pixels = stripes(s % 2 == 0, static_cast<int>(s), 100);
    for (std::size_t i = 0; i < 64; ++i) all[s * 64 + i] = pixels[i];
  }
  return all;
}();

constexpr Quantized<Stripes> net(float_weights, calibration_samples);

static_assert(!net.fault());
static_assert(net.arena_bytes <= 600 && net.weight_bytes == 44);
static_assert(net(stripes(true, 3, 60))[0] > 0 && net(stripes(false, 1, 60))[0] < 0,
              "the integers tell vertical stripes from horizontal ones");

int main() {
  int right = 0;
  for (int k = 0; k < 100; ++k) {
    const bool vertical = k % 2 == 0;
    const auto scores = net(stripes(vertical, k / 2 % 4, 5 + k));
    right += (scores[0] > scores[1]) == vertical ? 1 : 0;
  }
  const auto scores = net(stripes(true, 0, 100));
  const auto floats = net.to_float(scores);
  std::printf("vertical stripes: %ld and %ld, that is %.2f and %.2f\n",
              static_cast<long>(scores[0]), static_cast<long>(scores[1]),
              static_cast<double>(floats[0]), static_cast<double>(floats[1]));
  std::printf("%d of 100 right, %zu bytes of constants, %zu bytes of memory, %ld multiplications\n",
              right, sizeof(net), net.arena_bytes, static_cast<long>(Stripes::macs));
  return right == 100 ? 0 : 1;
}
