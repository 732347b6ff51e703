// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<picture, .*TN<4007>, .*INPUT_UNSIGNED>
// expect: INPUT_UNSIGNED>, .*Found<.*unsigned_input>, .*Allowed<.*signed_input>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() { return image({16, 16, 2}, 8, {}); }

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v2>);
