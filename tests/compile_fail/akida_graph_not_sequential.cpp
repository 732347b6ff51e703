// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<merge, .*TN<4005>, .*GRAPH_NOT_SEQUENTIAL>, .*Found<2>, .*Allowed<1>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct second;
struct merge;
struct head;
struct output;

constexpr auto model() {
  return Sequence{}
      .input({8, 8, 8})
      .conv(8, {.bits = 4})
      .relu(4)
      .conv(8, {.bits = 4})
      .merge(LayerKind::add, 2, 3)
      .conv(4)
      .dequantize();
}

static_assert(
    akida::maps<Described<model, picture, conv, relu, second, merge, head, output>, akida::v1>);
