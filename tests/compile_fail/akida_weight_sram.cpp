// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4135>, .*WEIGHT_SRAM>, .*Found<683>, .*AtMost<682>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() { return akida::around({4, 4, 683}, 8, {}); }

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v2>);
