// SPDX-License-Identifier: Apache-2.0
// expect: TN2004: the operands of - have different fractional bits; align them first
// expect: aligned_frac_bits<0, 1>
#include <tenon/number/fixed_point.hpp>

using namespace tenon;

auto difference = FixedPoint<8, 0>(3.0F) - FixedPoint<8, 1>(2.5F);
