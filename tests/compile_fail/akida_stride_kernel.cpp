// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4018>, .*STRIDE_KERNEL_COMBO>, .*Found<5>, .*OneOf<1, 3>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() { return akida::around({8, 8, 8}, 8, {.kernel = 5, .stride = 2}); }

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v2>);
