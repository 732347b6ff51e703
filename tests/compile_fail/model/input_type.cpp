// SPDX-License-Identifier: Apache-2.0
// expect: TN1023: the elements of the input have another type than the model takes
#include <array>
#include <cstdint>
#include <tenon/device.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Dense<struct scores, DenseParams{.units = 2}>> {};

std::array<float, Net::weight_count> weights;
std::array<std::uint8_t, 192> samples;
std::array<float, 192> input;
const Quantized<Net> net(weights, samples);
auto scores = net(input);
