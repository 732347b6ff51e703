// SPDX-License-Identifier: Apache-2.0
// expect: TN2003: expand cannot reduce the fractional bits; use rescale
// expect: not_fewer_frac_bits<6, 3>
#include <tenon/number/fixed_point.hpp>

using namespace tenon;

auto coarse = FixedPoint<8, 6>(1.0F).expand<3, 8>();
