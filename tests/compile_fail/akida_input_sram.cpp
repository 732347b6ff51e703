// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4136>, .*INPUT_SRAM>, .*Found<73728>, .*AtMost<65536>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct average;
struct dense;
struct output;

constexpr auto model() {
  return Sequence{}
      .input({12, 12, 512})
      .conv(8, {.kernel = 1})
      .relu(0)
      .average()
      .quantized()
      .dense(4)
      .dequantize();
}

static_assert(
    akida::maps<Described<model, picture, conv, relu, average, dense, output>, akida::v2>);
