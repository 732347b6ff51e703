// SPDX-License-Identifier: Apache-2.0
// expect: TN1027: this layer extracts a token
// expect: holds<last, .*Input<4, 8>, .*AxisAndToken<0, 4> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct tokens, Shape{4, 8}, std::int8_t>,
                        Dense<struct wide, DenseParams{.units = 8}>,
                        ExtractToken<struct last, ExtractTokenParams::one(4)>> {};

static_assert(Net::layer_count > 0);
