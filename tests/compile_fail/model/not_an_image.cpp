// SPDX-License-Identifier: Apache-2.0
// expect: TN1010: this layer needs an input \(height, width, channels\)
// expect: holds<second, .*Input<192>, .*Rank<3> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
                        Dense<struct first, DenseParams{.units = 3}>, Flatten<struct list>,
                        Conv2D<struct second, Conv2DParams{.filters = 4}>> {};

static_assert(Net::layer_count > 0);
