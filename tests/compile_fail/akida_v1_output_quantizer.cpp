// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<relu, .*TN<4041>, .*V1_OUTPUT_QUANTIZER_MISSING>
// expect: V1_OUTPUT_QUANTIZER_MISSING>, .*Found<.*absent>, .*Allowed<.*present>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct output;

constexpr auto model() {
  return Sequence{}.input({8, 8, 8}).conv(8, {.bits = 4}).relu(0).dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, relu, output>, akida::v1>);
