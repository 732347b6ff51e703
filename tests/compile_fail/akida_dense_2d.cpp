// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<dense, .*TN<4025>, .*DENSE2D_SHAPE>, .*Found<4>, .*Allowed<1>
#include "akida_model.hpp"

struct picture;
struct dense;
struct output;

constexpr auto model() { return Sequence{}.input({4, 4, 8}).dense(4).dequantize(); }

static_assert(akida::maps<Described<model, picture, dense, output>, akida::v2>);
