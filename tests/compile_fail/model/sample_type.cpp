// SPDX-License-Identifier: Apache-2.0
// expect: TN1023: the elements of the samples have another type than the model takes
#include <array>
#include <cstdint>
#include <tenon/device.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Dense<struct scores, DenseParams{.units = 2}>> {};

std::array<float, Net::weight_count> weights;
std::array<std::int8_t, 192> samples;
Quantized<Net> net(weights, samples);
