// SPDX-License-Identifier: Apache-2.0
// expect: TN1019: two layers have this name
// expect: holds<stem>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Conv2D<struct stem, Conv2DParams{.filters = 2}>,
                        Conv2D<stem, Conv2DParams{.filters = 2}>> {};

static_assert(Net::layer_count > 0);
