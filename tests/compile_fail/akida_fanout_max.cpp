// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4150>, .*FANOUT_MAX>, .*Found<3>, .*AtMost<2>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct a;
struct b;
struct c;
struct ab;
struct d;
struct abc;
struct head;
struct output;

constexpr auto model() {
  return Sequence{}
      .input({8, 8, 8})
      .conv(8)
      .relu()
      .conv(8)
      .quantized()
      .conv(8, {.from = 2})
      .quantized()
      .conv(8, {.from = 2})
      .quantized()
      .merge(LayerKind::add, 3, 4)
      .quantized()
      .conv(8, {.kernel = 1})
      .quantized()
      .merge(LayerKind::add, 7, 5)
      .quantized()
      .conv(4)
      .dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, relu, a, b, c, ab, d, abc, head, output>,
                          akida::v2>);
