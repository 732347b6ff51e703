// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<head, .*TN<4105>, .*INPUT_LT_WEIGHT_BITS>, .*Found<4>, .*AtLeast<8>
#include "akida_model.hpp"

struct picture;
struct conv;
struct relu;
struct head;
struct output;

constexpr auto model() { return Sequence{}.input({8, 8, 8}).conv(8).relu(4).conv(8).dequantize(); }

static_assert(akida::maps<Described<model, picture, conv, relu, head, output>, akida::v2,
                          Device::any, akida::Toolchain::v2_19>);
