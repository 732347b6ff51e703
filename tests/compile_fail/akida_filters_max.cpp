// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4131>, .*FILTERS_MAX>, .*Found<2049>, .*AtMost<2048>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() { return akida::around({4, 4, 8}, 2049, {.kernel = 1}); }

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v2>);
