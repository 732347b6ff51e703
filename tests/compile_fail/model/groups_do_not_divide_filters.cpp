// SPDX-License-Identifier: Apache-2.0
// expect: TN1011
// expect: holds<stem, .*Channels<5>, .*Groups<3> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Conv2D<struct stem, Conv2DParams{.filters = 5, .groups = 3}>> {};

static_assert(Net::layer_count > 0);
