// SPDX-License-Identifier: Apache-2.0
// expect: TN3043: a layer of a Sequential takes the one before it; name inputs in a Graph
// expect: holds<second,
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Conv2D<struct first, Conv2DParams{.filters = 4}>,
                        Conv2D<struct second, Conv2DParams{.filters = 4}, first>> {};

static_assert(Net::layer_count > 0);
