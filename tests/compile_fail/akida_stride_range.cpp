// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4017>, .*STRIDE_RANGE>, .*Found<3>, .*OneOf<1, 2>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() { return akida::around({9, 9, 8}, 8, {.stride = 3}); }

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v2>);
