// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4111>, .*HRC_INPUT_DIM>, .*Found<385>, .*Between<5, 384>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() { return image({8, 385, 3}, 8, {}); }

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v2>);
