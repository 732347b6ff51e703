// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4022>, .*ACT_BITS>, .*Found<3>, .*OneOf<1, 2, 4>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() {
  return Sequence{}.input({8, 8, 8}).conv(8, {.bits = 4}).relu(3).conv(4, {.bits = 4}).dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v1>);
