// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<relu, .*TN<4043>, .*V1_PER_TENSOR>, .*Found<.*per_axis>, .*Allowed<.*per_tensor>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct output;

constexpr auto model() {
  return Sequence{}.input({8, 8, 8}).conv(8, {.bits = 4}).relu(4).per_axis().dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, relu, output>, akida::v1>);
