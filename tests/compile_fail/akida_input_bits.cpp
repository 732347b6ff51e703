// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4104>, .*INPUT_BITS>, .*Found<16>, .*OneOf<4, 8>
#include "akida_model.hpp"

struct picture;
struct conv;
struct output;

constexpr auto model() { return Sequence{}.input({8, 8, 8}, DataType::int16).conv(8).dequantize(); }

static_assert(akida::maps<Described<model, picture, conv, output>, akida::v2>);
