// SPDX-License-Identifier: Apache-2.0
// expect: TN1014: the inputs of this layer have different shapes
// expect: holds<sum, .*Left<8, 8, 4>, .*Right<8, 8, 5> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Graph<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                   Conv2D<struct left, Conv2DParams{.filters = 4}>,
                   Conv2D<struct right, Conv2DParams{.filters = 5}, image>,
                   Add<struct sum, AddParams{}, left, right>> {};

static_assert(Net::layer_count > 0);
