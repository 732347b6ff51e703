// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<dense, .*TN<4141>, .*DENSE_AFTER_MERGE>
// expect: DENSE_AFTER_MERGE>, .*Found<.*merge>, .*Allowed<.*convolution>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct second;
struct merge;
struct flat;
struct dense;
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
      .flatten()
      .dense(4)
      .dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, relu, second, merge, flat, dense, output>,
                          akida::v2>);
