// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4106>, .*OUTPUT_BITS>, .*Found<32>, .*OneOf<4, 8>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct output;

constexpr auto model() { return Sequence{}.input({8, 8, 8}).conv(8).relu(0).dequantize(); }

static_assert(akida::maps<Described<model, picture, conv, relu, output>, akida::v2>);
