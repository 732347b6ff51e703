// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4014>, .*KERNEL_EVEN>, .*Found<4>, .*Allowed<.*odd>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() { return image({16, 16, 3}, 8, {.kernel = 4}, 4); }

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v1>);
