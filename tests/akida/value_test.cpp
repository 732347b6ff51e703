// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/akida/value.hpp>

using namespace tenon::akida;

TEST_CASE("a value allows what its form says") {
  CHECK(Value{}.allows(123456));
  CHECK(one_of(1, 3, 5).allows(3));
  CHECK_FALSE(one_of(1, 3, 5).allows(4));
  CHECK(at_most(512).allows(512));
  CHECK_FALSE(at_most(512).allows(513));
  CHECK(at_least(5).allows(5));
  CHECK_FALSE(at_least(5).allows(4));
  CHECK(between(2, 10).allows(10));
  CHECK_FALSE(between(2, 10).allows(11));
  CHECK_FALSE(between(2, 10).allows(1));
  CHECK(number(7).allows(7));
  CHECK_FALSE(number(7).allows(8));
}
static_assert(one_of(4, 8).allows(8) && !one_of(4, 8).allows(6));

TEST_CASE("pairs are allowed together only") {
  constexpr Value pools = pairs(2, 2, 3, 2);
  CHECK(pools.allows(3, 2));
  CHECK_FALSE(pools.allows(2, 3));
  CHECK_FALSE(pools.allows(3, 3));
}

TEST_CASE("a count that does not fit becomes the largest") {
  CHECK(number(std::int64_t{1} << 40) == number(0x7fffffff));
}
