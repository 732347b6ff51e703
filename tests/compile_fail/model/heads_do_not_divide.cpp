// SPDX-License-Identifier: Apache-2.0
// expect: TN1026: the heads of this attention do not divide its channels
// expect: holds<look, .*Channels<8>, .*Heads<3> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Graph<Input<struct tokens, Shape{4, 8}, std::int8_t>,
                   Dense<struct query, DenseParams{.units = 8}, tokens>,
                   Dense<struct key, DenseParams{.units = 8}, tokens>,
                   Dense<struct value, DenseParams{.units = 8}, tokens>,
                   Attention<struct look, AttentionParams{.num_heads = 3}, query, key, value>> {};

static_assert(Net::layer_count > 0);
