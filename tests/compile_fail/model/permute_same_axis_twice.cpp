// SPDX-License-Identifier: Apache-2.0
// expect: TN1017: the axes of this layer are not each axis of its input once
// expect: holds<turn, .*Axes<0, 2, 2>, .*Rank<3> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Conv2D<struct stem, Conv2DParams{.filters = 4}>,
                        Permute<struct turn, PermuteParams{.axes = {0, 2, 2}}>> {};

static_assert(Net::layer_count > 0);
