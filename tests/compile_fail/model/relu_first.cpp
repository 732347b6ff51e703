// SPDX-License-Identifier: Apache-2.0
// expect: TN3013: this layer cannot take the model input
// expect: holds<positive>
#include <array>
#include <cstdint>
#include <tenon/device.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>, ReLU<struct positive>,
                        Conv2D<struct stem, Conv2DParams{.filters = 4, .kernel_size = {3, 3}}>> {};

std::array<float, Net::weight_count> weights;
std::array<std::uint8_t, 192> samples;

int main() {
  const Quantized<Net> net(weights, samples);
  const auto scores = net(samples);
  return net.fault() || net.to_float(scores)[0] > 0;
}
