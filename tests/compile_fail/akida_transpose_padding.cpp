// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<up, .*TN<4028>, .*TRANSPOSE_PADDING>
// expect: TRANSPOSE_PADDING>, .*Found<.*valid_padding>, .*Allowed<.*same_padding>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct up;
struct relu2;
struct head;
struct output;

constexpr auto model() {
  return Sequence{}
      .input({8, 8, 8})
      .conv(8)
      .relu()
      .conv(8, {.kernel = 3,
                .stride = 2,
                .padding = Padding::valid,
                .kind = LayerKind::conv2d_transpose})
      .relu()
      .conv(4)
      .dequantize();
}

static_assert(
    akida::maps<Described<model, picture, conv, relu, up, relu2, head, output>, akida::v2>);
