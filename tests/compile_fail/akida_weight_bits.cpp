// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4012>, .*WEIGHT_BITS>, .*Found<2>, .*OneOf<4, 8>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() { return akida::around({8, 8, 8}, 8, {.bits = 2}); }

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v2>);
