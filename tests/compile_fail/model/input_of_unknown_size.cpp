// SPDX-License-Identifier: Apache-2.0
// expect: TN1021: give the size of the input as a constant
#include <array>
#include <cstdint>
#include <tenon/device.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Dense<struct scores, DenseParams{.units = 2}>> {};

std::array<float, Net::weight_count> weights;
std::array<std::uint8_t, 192> samples;
const Quantized<Net> net(weights, samples);
auto scores = net(std::span<const std::uint8_t>(samples));
