// SPDX-License-Identifier: Apache-2.0
// expect: TN1012
// expect: holds<pool, .*Window<16, 2>, .*Input<8, 8, 4> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Conv2D<struct stem, Conv2DParams{.filters = 4}>,
                        MaxPooling2D<struct pool, MaxPooling2DParams{.pool_size = {16, 2}}>> {};

static_assert(Net::layer_count > 0);
