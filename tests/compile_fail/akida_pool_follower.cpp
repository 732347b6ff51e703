// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<dense, .*TN<4124>, .*POOL_FOLLOWER>
// expect: POOL_FOLLOWER>, .*Found<.*dense_layer>, .*Allowed<.*convolution>
#include "akida_model.hpp"

struct picture;
struct conv;
struct pool;
struct relu;
struct flat;
struct dense;
struct output;

constexpr auto model() {
  return Sequence{}.input({8, 8, 8}).conv(8).max_pool(2, 2).relu().flatten().dense(4).dequantize();
}

static_assert(
    akida::maps<Described<model, picture, conv, pool, relu, flat, dense, output>, akida::v2>);
