// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<merge, .*TN<4151>, .*MERGE_PLACEMENT>
// expect: MERGE_PLACEMENT>, .*Found<.*end_of_model>, .*Allowed<.*convolution>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct second;
struct merge;
struct output;

constexpr auto model() {
  return Sequence{}
      .input({8, 8, 8})
      .conv(8)
      .relu()
      .conv(8)
      .quantized()
      .merge(LayerKind::add, 2, 3)
      .quantized()
      .dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, relu, second, merge, output>, akida::v2>);
