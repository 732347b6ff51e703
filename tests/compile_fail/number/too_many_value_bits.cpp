// SPDX-License-Identifier: Apache-2.0
// expect: TN2001: a fixed-point number has 1 to 62 value bits
// expect: value_bits_from_1_to_62<63>
#include <tenon/number/fixed_point.hpp>

using namespace tenon;

FixedPoint<63, 0> wide;
