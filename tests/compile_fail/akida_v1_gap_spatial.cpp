// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<average, .*TN<4044>, .*V1_GAP_SPATIAL>, .*Found<272>, .*AtMost<256>
#include "akida_model.hpp"

struct picture;
struct conv;
struct average;
struct relu;
struct dense;
struct output;

constexpr auto model() {
  return Sequence{}
      .input({16, 17, 8})
      .conv(8, {.bits = 4})
      .average()
      .relu(4)
      .dense(4, 4)
      .dequantize();
}

static_assert(
    akida::maps<Described<model, picture, conv, average, relu, dense, output>, akida::v1>);
