// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4103>, .*PADDING_VALID>
// expect: PADDING_VALID>, .*Found<.*valid_padding>, .*Allowed<.*same_padding>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() { return akida::around({8, 8, 8}, 8, {.padding = Padding::valid}); }

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v2>);
