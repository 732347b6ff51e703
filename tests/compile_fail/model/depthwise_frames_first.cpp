// SPDX-License-Identifier: Apache-2.0
// expect: TN3013: this layer cannot take the model input
// expect: holds<blur ?>
#include <tenon/device.hpp>

using namespace tenon;

struct Net
    : Sequential<Input<struct frame, Shape{2, 2, 3}, std::uint8_t>,
                 DepthwiseBufferTempConv<struct blur,
                                         DepthwiseBufferTempConvParams{.kernel_size = 3}>> {};

static_assert(!Quantized<Net>::stateful);
