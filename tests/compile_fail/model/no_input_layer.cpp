// SPDX-License-Identifier: Apache-2.0
// expect: TN3041: a model begins with its one Input layer
// expect: holds<stem>
#include <tenon/model/graph.hpp>

using namespace tenon;

struct Net : Sequential<Conv2D<struct stem, Conv2DParams{.filters = 2}>> {};

static_assert(Net::layer_count > 0);
