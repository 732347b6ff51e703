// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/tensor/shape.hpp>

using namespace tenon;

template <Shape S>
struct Named {
  static constexpr std::int64_t size = S.size();
};
static_assert(Named<Shape{4, 5, 6}>::size == 120, "a shape can be a template argument");
static_assert(Shape{4, 5, 6} == Shape(4, 5, 6) && Shape{4, 5} != Shape(4, 5, 1));

TEST_CASE("a shape knows its elements, channels and pixels") {
  constexpr Shape image{4, 5, 6};
  CHECK(image.rank == 3);
  CHECK(image.size() == 120);
  CHECK(image.channels() == 6);
  CHECK(image.pixels() == 20);
  CHECK(Shape(7).pixels() == 1);
  CHECK(Shape{}.size() == 1);
  CHECK(Shape{}.channels() == 1);
  CHECK(Shape(3, 0).pixels() == 0);
}

TEST_CASE("a vector has one element a channel") {
  CHECK(Shape(9).is_vector());
  CHECK(Shape(1, 1, 9).is_vector());
  CHECK_FALSE(Shape(1, 2, 9).is_vector());
  CHECK(Shape(1, 1, 1).is_vector());
}

TEST_CASE("the size of a large shape does not overflow 32 bits") {
  CHECK(Shape(65536, 65536).size() == 4294967296LL);
}
