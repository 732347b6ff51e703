// SPDX-License-Identifier: Apache-2.0
// expect: TN1025: this layer needs an input \(tokens or steps, channels\)
// expect: holds<first, .*Input<4, 4, 8>, .*Rank<2> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Sequential<Input<struct image, Shape{4, 4, 3}, std::uint8_t>,
                        Conv2D<struct patches, Conv2DParams{.filters = 8}>,
                        ClassToken<struct first>> {};

static_assert(Net::layer_count > 0);
