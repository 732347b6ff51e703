// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4132>, .*HEIGHT_MAX>, .*Found<4097>, .*AtMost<4096>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() { return akida::around({2, 4097, 2}, 8, {}); }

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v2>);
