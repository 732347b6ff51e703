// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<merge, .*TN<4034>, .*SHAPE_MISMATCH>, .*Found<16>, .*Allowed<8>
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
      .conv(8)
      .relu()
      .conv(16)
      .quantized()
      .merge(LayerKind::add, 2, 3)
      .quantized()
      .conv(4)
      .dequantize();
}

static_assert(
    akida::maps<Described<model, picture, conv, relu, second, merge, head, output>, akida::v2>);
