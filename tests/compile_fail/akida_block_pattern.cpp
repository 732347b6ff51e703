// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<conv, .*TN<4011>, .*BLOCK_PATTERN>
// expect: BLOCK_PATTERN>, .*Found<.*conv2d, .*max_pooling2d>, .*Anything
#include "akida_model.hpp"

struct picture;
struct conv;
struct pool;
struct head;
struct output;

constexpr auto model() {
  return Sequence{}.input({8, 8, 8}).conv(8).max_pool(2, 2).quantized().conv(4).dequantize();
}

static_assert(akida::maps<Described<model, picture, conv, pool, head, output>, akida::v2>);
