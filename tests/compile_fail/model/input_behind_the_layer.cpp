// SPDX-License-Identifier: Apache-2.0
// expect: TN1013
// expect: holds<left, .*Inputs<0> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Graph<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                   Conv2D<struct left, Conv2DParams{.filters = 4}, struct right>,
                   Conv2D<right, Conv2DParams{.filters = 4}, image>> {};

static_assert(Net::layer_count > 0);
