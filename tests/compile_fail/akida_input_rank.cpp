// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<picture, .*TN<4006>, .*INPUT_RANK>, .*Found<2>, .*OneOf<1, 3>
#include "akida_model.hpp"

struct picture;
struct dense;
struct output;

constexpr auto model() { return Sequence{}.input({4, 16}).dense(16, 4).dequantize(); }

static_assert(akida::maps<Described<model, picture, dense, output>, akida::v1>);
