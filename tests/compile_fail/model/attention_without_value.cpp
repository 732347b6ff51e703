// SPDX-License-Identifier: Apache-2.0
// expect: TN1020: this layer takes another number of inputs
// expect: holds<look, .*Given<2>, .*Needed<3> ?>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Graph<Input<struct tokens, Shape{4, 8}, std::int8_t>,
                   Dense<struct query, DenseParams{.units = 8}, tokens>,
                   Dense<struct key, DenseParams{.units = 8}, tokens>,
                   Attention<struct look, AttentionParams{.num_heads = 2}, query, key>> {};

static_assert(Net::layer_count > 0);
