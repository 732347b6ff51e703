// SPDX-License-Identifier: Apache-2.0
// expect: TN1024: the weights must be of type float
#include <array>
#include <cstdint>
#include <tenon/device.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Dense<struct scores, DenseParams{.units = 2}>> {};

std::array<double, Net::weight_count> weights;
std::array<std::uint8_t, 192> samples;
Quantized<Net> net(weights, samples);
