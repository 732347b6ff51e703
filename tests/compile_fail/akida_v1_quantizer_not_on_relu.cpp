// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4040>, .*V1_OUTPUT_QUANTIZER_NOT_ON_RELU>
// expect: V1_OUTPUT_QUANTIZER_NOT_ON_RELU>, .*Found<.*absent>, .*Allowed<.*relu>
#include "akida_model.hpp"

struct picture;
struct conv;
struct head;
struct output;

constexpr auto model() {
  return Sequence{}
      .input({8, 8, 8})
      .conv(8, {.bits = 4})
      .quantized(4)
      .conv(4, {.bits = 4})
      .dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, head, output>, akida::v1>);
