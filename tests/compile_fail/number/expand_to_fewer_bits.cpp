// SPDX-License-Identifier: Apache-2.0
// expect: TN2002: expand cannot reduce the value bits; use rescale
// expect: not_fewer_value_bits<8, 4>
#include <tenon/number/fixed_point.hpp>

using namespace tenon;

auto narrow = FixedPoint<8, 3>(1.0F).expand<6, 4>();
