// SPDX-License-Identifier: Apache-2.0
// expect: TN1014: the inputs of this layer have different shapes
// expect: holds<look, .*Left<4, 8>, .*Right<4, 6> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Graph<Input<struct tokens, Shape{4, 8}, std::int8_t>,
                   Dense<struct query, DenseParams{.units = 8}, tokens>,
                   Dense<struct key, DenseParams{.units = 8}, tokens>,
                   Dense<struct value, DenseParams{.units = 6}, tokens>,
                   Attention<struct look, AttentionParams{.num_heads = 2}, query, key, value>> {};

static_assert(Net::layer_count > 0);
