// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<dense, .*TN<4140>, .*DENSE_INPUT_MAX>, .*Found<2112>, .*AtMost<2048>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct flat;
struct dense;
struct output;

constexpr auto model() {
  return Sequence{}.input({8, 8, 8}).conv(33).relu().flatten().dense(4).dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, relu, flat, dense, output>, akida::v2>);
