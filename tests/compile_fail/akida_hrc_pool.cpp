// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4112>, .*HRC_POOL>, .*Found<3, 3>, .*OneOfPairs<2, 2, 3, 2>
#include "akida_model.hpp"

struct picture;
struct conv;
struct pool;
struct relu;
struct head;
struct output;

constexpr auto model() {
  return Sequence{}
      .input({16, 16, 3}, DataType::uint8)
      .conv(8)
      .max_pool(3, 3)
      .relu()
      .conv(4)
      .dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, pool, relu, head, output>, akida::v2>);
