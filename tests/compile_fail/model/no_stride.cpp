// SPDX-License-Identifier: Apache-2.0
// expect: TN1018
// expect: holds<stem, .*Sizes<1, 0> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Conv2D<struct stem, Conv2DParams{.filters = 2, .strides = {1, 0}}>> {};

static_assert(Net::layer_count > 0);
