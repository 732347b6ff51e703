// SPDX-License-Identifier: Apache-2.0
// expect: TN1010: this layer needs an input \(height, width, channels\)
// expect: holds<blur, .*Input<12>, .*Rank<3> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net
    : Sequential<Input<struct list, Shape(12), std::uint8_t>,
                 BufferTempConv<struct blur, BufferTempConvParams{.filters = 2}>> {};

static_assert(Net::layer_count > 0);
