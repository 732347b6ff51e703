// SPDX-License-Identifier: Apache-2.0
// expect: TN1013: this input of the layer
// expect: holds<sum, .*Inputs<1> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Graph<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                   Conv2D<struct left, Conv2DParams{.filters = 4}>,
                   Conv2D<struct right, Conv2DParams{.filters = 4}, image>,
                   Add<struct sum, AddParams{}, left, struct wright>> {};

static_assert(Net::layer_count > 0);
