// SPDX-License-Identifier: Apache-2.0
// expect: TN1022: the samples are no whole number of inputs
// expect: multiple<.*Given<200>, .*Needed<192> ?>
#include <array>
#include <cstdint>
#include <tenon/device.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Dense<struct scores, DenseParams{.units = 2}>> {};

std::array<float, Net::weight_count> weights;
std::array<std::uint8_t, 200> samples;
Quantized<Net> net(weights, samples);
