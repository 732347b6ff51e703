// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4102>, .*KERNEL_SIZE>, .*Found<9>, .*OneOf<3, 4, 5, 7>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() { return image({16, 16, 3}, 8, {.kernel = 9}); }

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v2>);
