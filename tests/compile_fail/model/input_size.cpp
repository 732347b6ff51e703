// SPDX-License-Identifier: Apache-2.0
// expect: TN1021: the input has another number of elements than the model takes
// expect: equal<.*Given<190>, .*Needed<192> ?>
#include <array>
#include <cstdint>
#include <tenon/device.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Dense<struct scores, DenseParams{.units = 2}>> {};

std::array<float, Net::weight_count> weights;
std::array<std::uint8_t, 192> samples;
std::array<std::uint8_t, 190> input;
const Quantized<Net> net(weights, samples);
auto scores = net(input);
