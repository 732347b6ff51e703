// SPDX-License-Identifier: Apache-2.0
// expect: TN1018: a size, number or stride of this layer is less than 1
// expect: holds<stem, .*Sizes<0> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Conv2D<struct stem, Conv2DParams{.filters = 0}>> {};

static_assert(Net::layer_count > 0);
