// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<pool, .*TN<4021>, .*POOL_STRIDE_GT_SIZE>, .*Found<2>, .*AtMost<1>
#include "akida_model.hpp"

struct picture;
struct conv;
struct pool;
struct relu;
struct head;
struct output;

constexpr auto model() {
  return Sequence{}.input({8, 8, 8}).conv(8).max_pool(1, 2).relu().conv(4).dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, pool, relu, head, output>, akida::v2>);
