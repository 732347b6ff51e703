// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4160>, .*NOT_ENOUGH_NPS>, .*Found<11>, .*AtMost<8>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() { return akida::around({1, 1, 2048}, 250, {.kernel = 1}); }

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v2,
                          Device::TwoNodesIPv2>);
