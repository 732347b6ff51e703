// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<head, .*TN<4023>, .*UNSIGNED_REQUIRED>, .*Found<8>, .*AtMost<4>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() {
  return Sequence{}
      .input({16, 16, 3}, DataType::uint8)
      .conv(8)
      .relu(8)
      .conv(4, {.bits = 4})
      .dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v1>);
