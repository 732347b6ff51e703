// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4123>, .*POOL_LAST>
// expect: POOL_LAST>, .*Found<.*end_of_model>, .*Allowed<.*convolution>
#include "akida_model.hpp"

struct picture;
struct conv;
struct pool;
struct relu;
struct output;

constexpr auto model() {
  return Sequence{}.input({8, 8, 8}).conv(8).max_pool(2, 2).relu().dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, pool, relu, output>, akida::v2>);
