// SPDX-License-Identifier: Apache-2.0
// expect: TN3016: an attention with softmax has no integer form
// expect: holds<look ?>
#include <tenon/device.hpp>

using namespace tenon;

struct Net
    : Graph<Input<struct tokens, Shape{4, 8}, std::int8_t>,
            Dense<struct query, DenseParams{.units = 8}, tokens>,
            Dense<struct key, DenseParams{.units = 8}, tokens>,
            Dense<struct value, DenseParams{.units = 8}, tokens>,
            Attention<struct look, AttentionParams{.num_heads = 2, .softmax = Softmax::softmax},
                      query, key, value>> {};

static_assert(!Quantized<Net>::stateful);
