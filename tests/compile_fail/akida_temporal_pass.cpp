// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<temporal, .*TN<4153>, .*TEMPORAL_PASS>, .*Found<1>, .*Allowed<0>
#include "akida_model.hpp"

struct picture;
struct temporal;
struct relu;
struct head;
struct output;

constexpr auto model() {
  return Sequence{}.input({1, 1, 8}).temporal(8, 4).relu().conv(4, {.kernel = 1}).dequantize();
}

static_assert(akida::maps<Described<model, picture, temporal, relu, head, output>, akida::v2,
                          Device::TwoNodesIPv2, akida::Toolchain::v2_19>);
