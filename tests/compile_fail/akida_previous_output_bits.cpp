// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4024>, .*PREVIOUS_OUTPUT_BITS>, .*Found<8>, .*AtMost<4>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() {
  return Sequence{}
      .input({8, 8, 8})
      .conv(8, {.bits = 4, .kind = LayerKind::separable_conv2d})
      .relu(4)
      .conv(4, {.bits = 4})
      .dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v1,
                          Device::any, akida::Toolchain::v2_19>);
