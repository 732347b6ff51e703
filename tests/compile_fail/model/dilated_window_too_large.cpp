// SPDX-License-Identifier: Apache-2.0
// expect: TN1012
// expect: holds<stem, .*Window<9, 9>, .*Input<8, 8, 3> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net
    : Sequential<
          Input<struct image, Shape{8, 8, 3}, std::uint8_t>,
          Conv2D<struct stem,
                 Conv2DParams{.filters = 5, .kernel_size = {3, 3}, .dilation_rate = {4, 4}}>> {};

static_assert(Net::layer_count > 0);
