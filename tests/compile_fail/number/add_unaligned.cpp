// SPDX-License-Identifier: Apache-2.0
// expect: TN2004: the operands of \+ have different fractional bits; align them first
// expect: aligned_frac_bits<6, 3>
#include <tenon/number/fixed_point.hpp>

using namespace tenon;

auto sum = FixedPoint<8, 6>(3.14F) + FixedPoint<8, 3>(2.5F);
