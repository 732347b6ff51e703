// SPDX-License-Identifier: Apache-2.0
// expect: TN1020: this layer takes another number of inputs
// expect: holds<sum, .*Given<1>, .*Needed<2> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net
    : Graph<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
            Conv2D<struct stem, Conv2DParams{.filters = 2}>, Add<struct sum, AddParams{}, stem>> {};

static_assert(Net::layer_count > 0);
