// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<.*the_model, .*TN<4002>, .*GRAPH_MULTI_OUTPUT>, .*Found<2>, .*Allowed<1>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct second;
struct third;

constexpr auto model() {
  return Sequence{}.input({8, 8, 8}).conv(8).relu().conv(8).conv(4, {.from = 2});
}

static_assert(akida::maps<Described<model, picture, conv, relu, second, third>, akida::v2>);
