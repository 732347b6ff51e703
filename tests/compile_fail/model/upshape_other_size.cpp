// SPDX-License-Identifier: Apache-2.0
// expect: TN1016: the target shape has another number of elements than the input
// expect: holds<fold, .*Input<6, 4>, .*Target<5, 5> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net
    : Sequential<Input<struct steps, Shape{6, 3}, std::int8_t>,
                 StatefulProjection<struct fold, StatefulProjectionParams{
                                                     .units = 4, .upshape = Shape{5, 5}}>> {};

static_assert(Net::layer_count > 0);
