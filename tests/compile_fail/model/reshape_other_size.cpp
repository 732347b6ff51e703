// SPDX-License-Identifier: Apache-2.0
// expect: TN1016: the target shape has another number of elements than the input
// expect: holds<rows, .*Input<8, 8, 4>, .*Target<10, -1> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Conv2D<struct stem, Conv2DParams{.filters = 4}>,
                        Reshape<struct rows, ReshapeParams{Shape{10, -1}}>> {};

static_assert(Net::layer_count > 0);
