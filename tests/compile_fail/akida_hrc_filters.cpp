// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4110>, .*HRC_FILTERS>, .*Found<513>, .*AtMost<512>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() { return image({16, 16, 3}, 513, {}); }

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v2>);
