// SPDX-License-Identifier: Apache-2.0
// expect: TN1002: the weights have another number of elements than the layers need
// expect: equal<.*Given<7>, .*Needed<8> ?>
#include <array>
#include <cstdint>
#include <tenon/device.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Dense<struct scores, DenseParams{.units = 2}>> {};

std::array<float, 7> weights;
std::array<std::uint8_t, 192> samples;
Quantized<Net> net(weights, samples);
