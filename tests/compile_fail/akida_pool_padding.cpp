// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<pool, .*TN<4019>, .*POOL_PADDING_MISMATCH>
// expect: POOL_PADDING_MISMATCH>, .*Found<.*valid_padding>, .*Allowed<.*same_padding>
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
      .conv(8)
      .max_pool(2, 2, Padding::valid)
      .relu()
      .conv(4)
      .dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, pool, relu, head, output>, akida::v2>);
