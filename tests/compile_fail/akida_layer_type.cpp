// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<dense, .*TN<4101>, .*LAYER_TYPE>, .*Found<.*dense>, .*Anything
#include "akida_model.hpp"

struct picture;
struct dense;
struct output;

constexpr auto model() { return Sequence{}.input({1, 8, 16}).dense(4).dequantize(); }

static_assert(akida::maps<Described<model, picture, dense, output>, akida::v2>);
