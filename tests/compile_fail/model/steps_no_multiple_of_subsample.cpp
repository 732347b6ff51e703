// SPDX-License-Identifier: Apache-2.0
// expect: TN1028: the steps of this layer are no multiple of its subsample
// expect: holds<thin, .*Input<6, 3>, .*Subsample<4> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Sequential<
                 Input<struct steps, Shape{6, 3}, std::int8_t>,
                 StatefulProjection<struct thin,
                                    StatefulProjectionParams{.units = 8, .subsample = 4}>> {};

static_assert(Net::layer_count > 0);
