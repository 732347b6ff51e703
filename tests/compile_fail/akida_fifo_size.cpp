// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<temporal, .*TN<4029>, .*FIFO_SIZE>, .*Found<11>, .*Between<2, 10>
#include "akida_model.hpp"

struct picture;
struct temporal;
struct relu;
struct head;
struct output;

constexpr auto model() {
  return Sequence{}.input({1, 1, 8}).temporal(8, 11).relu().conv(4, {.kernel = 1}).dequantize();
}

static_assert(akida::maps<Described<model, picture, temporal, relu, head, output>, akida::v2>);
