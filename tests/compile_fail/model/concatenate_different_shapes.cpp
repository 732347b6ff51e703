// SPDX-License-Identifier: Apache-2.0
// expect: TN1015: the inputs of this layer may differ on its axis only
// expect: holds<both, .*Left<8, 8, 4>, .*Right<4, 4, 5> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Graph<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                   Conv2D<struct left, Conv2DParams{.filters = 4}>,
                   Conv2D<struct right, Conv2DParams{.filters = 5, .strides = {2, 2}}, image>,
                   Concatenate<struct both, ConcatenateParams{}, left, right>> {};

static_assert(Net::layer_count > 0);
