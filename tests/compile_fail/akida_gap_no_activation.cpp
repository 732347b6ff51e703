// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4126>, .*GAP_NO_ACTIVATION>, .*Found<.*absent>, .*Allowed<.*relu>
#include "akida_model.hpp"

struct picture;
struct conv;
struct average;
struct dense;
struct output;

constexpr auto model() {
  return Sequence{}.input({8, 8, 8}).conv(8).average().quantized().dense(4).dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, average, dense, output>, akida::v2>);
