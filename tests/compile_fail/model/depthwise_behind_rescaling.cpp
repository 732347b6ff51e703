// SPDX-License-Identifier: Apache-2.0
// expect: TN3011: this layer cannot stand behind a Rescaling
// expect: holds<wide>
#include <array>
#include <cstdint>
#include <tenon/device.hpp>

using namespace tenon;

struct Net
    : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                 Rescaling<struct scale, RescalingParams{.scale = 0.5F}>,
                 DepthwiseConv2D<struct wide, DepthwiseConv2DParams{.kernel_size = {3, 3}}>> {};

std::array<float, Net::weight_count> weights;
std::array<std::uint8_t, 192> samples;

int main() {
  const Quantized<Net> net(weights, samples);
  const auto scores = net(samples);
  return net.fault() || net.to_float(scores)[0] > 0;
}
