// SPDX-License-Identifier: Apache-2.0
// expect: TN1011: the groups do not divide
// expect: holds<stem, .*Channels<3>, .*Groups<2> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Conv2D<struct stem, Conv2DParams{.filters = 4, .groups = 2}>> {};

static_assert(Net::layer_count > 0);
