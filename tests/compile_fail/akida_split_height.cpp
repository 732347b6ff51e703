// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<up, .*TN<4134>, .*SPLIT_HEIGHT>, .*Found<129>, .*AtMost<128>
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
      .input({8, 129, 2})
      .conv(8)
      .relu()
      .conv(
          8,
          {.kernel = 3, .stride = 2, .padding = Padding::same, .kind = LayerKind::conv2d_transpose})
      .relu()
      .conv(4)
      .dequantize();
}

static_assert(
    akida::maps<Described<model, picture, conv, relu, up, relu2, head, output>, akida::v2>);
