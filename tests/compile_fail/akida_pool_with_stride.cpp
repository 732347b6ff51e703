// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4121>, .*POOL_WITH_STRIDE>, .*Found<2>, .*Allowed<1>
#include "akida_model.hpp"

struct picture;
struct conv;
struct pool;
struct relu;
struct head;
struct output;

constexpr auto model() {
  return Sequence{}
      .input({8, 8, 8})
      .conv(8, {.stride = 2})
      .max_pool(2, 2)
      .relu()
      .conv(4)
      .dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, pool, relu, head, output>, akida::v2>);
