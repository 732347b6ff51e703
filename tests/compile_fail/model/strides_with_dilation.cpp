// SPDX-License-Identifier: Apache-2.0
// expect: TN3040: strides and a dilation cannot be combined
// expect: holds<stem, .*Strides<2, 2>, .*Dilation<1, 3> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net
    : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                 Conv2D<struct stem,
                        Conv2DParams{.filters = 2, .strides = {2, 2}, .dilation_rate = {1, 3}}>> {};

static_assert(Net::layer_count > 0);
