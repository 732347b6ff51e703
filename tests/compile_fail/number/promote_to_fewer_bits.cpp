// SPDX-License-Identifier: Apache-2.0
// expect: TN2002: promote cannot reduce the value bits; use rescale
// expect: not_fewer_value_bits<8, 7>
#include <tenon/number/fixed_point.hpp>

using namespace tenon;

auto narrow = FixedPoint<8, 6>(1.0F).promote<7>();
