// SPDX-License-Identifier: Apache-2.0
// expect: TN2005: these numbers are too far apart to compare in 64 bits
#include <tenon/number/fixed_point.hpp>

using namespace tenon;

bool less = FixedPoint<31, 40>(1.0F) < FixedPoint<31, 0>(1.0F);
