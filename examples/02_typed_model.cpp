// SPDX-License-Identifier: Apache-2.0
// A model as a type, with a branch. It is given float weights and samples, and is quantized and
// calibrated when it is constructed, here with 8 and with 4 bits. The scene: an 8x8 image with a
// bright 3x3 spot somewhere; in which quarter?
#include <array>
#include <cstdint>
#include <cstdio>
#include <random>
#include <tenon/device.hpp>
#include <vector>

using namespace tenon;

struct Quarter
    : Graph<Input<struct image, Shape{8, 8, 1}, std::uint8_t>,
            Conv2D<struct smooth,
                   Conv2DParams{.filters = 2, .kernel_size = {3, 3}, .padding = Padding::same}>,
            ReLU<struct bright>,
            // One filter follows the spot in large steps, the other one in small steps.
            MaxPooling2D<struct coarse, MaxPooling2DParams{.pool_size = {4, 4}, .strides = {4, 4}},
                         bright>,
            Conv2D<struct fine,
                   Conv2DParams{.filters = 2, .kernel_size = {4, 4}, .strides = {4, 4}}, bright>,
            ReLU<struct fine_bright>, Add<struct both, AddParams{}, coarse, fine_bright>,
            Flatten<struct list>, Dense<struct vote, DenseParams{.units = 4}>> {};

static_assert(Quarter::output_shape == Shape(4));
static_assert(Quarter::shapes[Quarter::position<both>] == Shape(2, 2, 2));

/// Weights that a person can check: means of neighbours, then one vote for each quarter.
std::vector<float> make_weights() {
  std::vector<float> w;
  for (int i = 0; i < 9; ++i)
    w.insert(w.end(), {1 / 9.0F, i == 4 ? 1.0F : 0.0F});  // smooth (3, 3, 1, 2)
  w.insert(w.end(), {0, 0});
  for (int i = 0; i < 16; ++i)
    w.insert(w.end(), {1 / 16.0F, 0, 0, 1 / 16.0F});  // fine (4, 4, 2, 2)
  w.insert(w.end(), {0, 0});
  for (int row = 0; row < 8; ++row) {  // vote (8, 4): rows are (quarter, filter)
    for (int q = 0; q < 4; ++q) w.push_back(row / 2 == q ? 1.0F : -0.25F);
  }
  w.insert(w.end(), {0, 0, 0, 0});
  return w;
}

struct Scene {
  std::array<std::uint8_t, 64> pixels{};
  int quarter = 0;
};

Scene draw(std::mt19937& random) {
  Scene scene;
  const auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  const unsigned quarter = below(4);
  const unsigned top = quarter / 2 * 4 + below(2);
  const unsigned left = quarter % 2 * 4 + below(2);
  scene.quarter = static_cast<int>(quarter);
  for (unsigned i = 0; i < 64; ++i) {
    const bool spot = i / 8 >= top && i / 8 < top + 3 && i % 8 >= left && i % 8 < left + 3;
    scene.pixels[i] = static_cast<std::uint8_t>((spot ? 80 : 40) + below(120));
  }
  return scene;
}

template <QuantizationParams Params>
void report(const char* name, const std::vector<float>& weights,
            const std::vector<std::uint8_t>& samples) {
  using Net = Quantized<Quarter, Params>;
  const Net net(weights, samples);
  if (net.fault()) {
    std::printf("%s: layer %zu: %s\n", name, net.fault().layer, text(net.fault().fault));
    return;
  }
  std::mt19937 random(7);
  typename Net::Arena arena;  // the only memory of an inference; its size is a constant
  int right = 0;
  for (int i = 0; i < 1000; ++i) {
    const Scene scene = draw(random);
    const auto votes = net(scene.pixels, arena);
    int best = 0;
    for (int q = 1; q < 4; ++q) {
      if (votes[static_cast<std::size_t>(q)] > votes[static_cast<std::size_t>(best)]) best = q;
    }
    right += best == scene.quarter ? 1 : 0;
  }
  std::printf("%s: %d of 1000 right; weights %zu bytes, memory of an inference %zu bytes\n", name,
              right, Net::weight_bytes, Net::arena_bytes);
}

int main() {
  std::mt19937 random(1);
  std::vector<std::uint8_t> samples;
  for (int i = 0; i < 64; ++i) {
    const Scene scene = draw(random);
    samples.insert(samples.end(), scene.pixels.begin(), scene.pixels.end());
  }
  const std::vector<float> weights = make_weights();
  report<QuantizationParams{}>("8 bits", weights, samples);
  report<QuantizationParams{.activation_bits = 4, .weight_bits = 4}>("4 bits", weights, samples);
}
