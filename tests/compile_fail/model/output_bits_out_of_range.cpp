// SPDX-License-Identifier: Apache-2.0
// expect: TN2006: output_bits must be 2 to 16
// expect: between<.*OutputBits<1>, 2, 16>
#include <array>
#include <cstdint>
#include <tenon/device.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Conv2D<struct stem, Conv2DParams{.filters = 4, .kernel_size = {3, 3}}>,
                        ReLU<struct positive>, Flatten<struct list>,
                        Dense<struct scores, DenseParams{.units = 2}>> {};

std::array<float, Net::weight_count> weights;
std::array<std::uint8_t, 192> samples;

int main() {
  const Quantized<Net, QuantizationParams{.output_bits = 1}> net(weights, samples);
  const auto scores = net(samples);
  return net.fault() || net.to_float(scores)[0] > 0;
}
