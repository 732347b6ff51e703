// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/tensor/static_vector.hpp>

using namespace tenon;

static_assert([] {
  StaticVector<int, 4> v;
  v.push_back(3);
  v.resize(3);
  return v.size() == 3 && v[0] == 3 && v[2] == 0;
}());

TEST_CASE("a static vector behaves as one of the host within its capacity") {
  StaticVector<int, 4> v;
  CHECK(v.empty());
  v.assign(4, 7);
  CHECK(v.size() == 4);
  int sum = 0;
  for (const int x : v) sum += x;
  CHECK(sum == 28);
  v.clear();
  CHECK(v.empty());
  v.resize(2);
  CHECK(v[0] == 0);  // cleared elements do not come back
  CHECK(v[1] == 0);
}

TEST_CASE("no capacity is a valid one") {
  StaticVector<float, 0> v;
  CHECK(v.empty());
  CHECK(v.begin() == v.end());
}
