// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<second, .*TN<4161>, .*NO_SINGLE_SEQUENCE>, .*Found<9>, .*AtMost<8>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct second;
struct relu2;
struct output;

constexpr auto model() {
  return Sequence{}.input({4, 4, 512}).conv(512, {.kernel = 1}).relu().conv(24).relu().dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, relu, second, relu2, output>, akida::v2,
                          Device::TwoNodesIPv2>);
