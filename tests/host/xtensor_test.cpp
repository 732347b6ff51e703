// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstddef>
#include <tenon/host/xtensor.hpp>
#include <vector>
#include <xtensor/xbuilder.hpp>
#include <xtensor/xmath.hpp>

#include "host/import/damage.hpp"

namespace {

using tenon::host::Array;

TEST_CASE("an array is seen by xtensor in its shape, without a copy") {
  const float values[] = {0, 1, 2, 3, 4, 5};
  const Array array = Array::from<float>({2, 3}, values);
  const auto view = tenon::host::xtensor_view<float>(array);
  CHECK(view.shape() == std::vector<std::size_t>{2, 3});
  CHECK(view(1, 0) == 3.0F);
  CHECK(xt::sum(view)() == 15.0F);
  CHECK(static_cast<const void*>(&view(0, 0)) == static_cast<const void*>(array.bytes.data()));
  CHECK(tenon::test::error_number([&] { return tenon::host::xtensor_view<double>(array); }) ==
        5006);
}

TEST_CASE("an expression becomes an array in C order, transposed ones too") {
  const xt::xarray<std::int32_t> count = xt::arange<std::int32_t>(6).reshape({2, 3});
  const Array array = tenon::host::from_xtensor(xt::transpose(count) * 10);
  CHECK(array.dtype == "i4");
  CHECK(array.shape == std::vector<std::size_t>{3, 2});
  CHECK(array.to<int>() == std::vector<int>{0, 30, 10, 40, 20, 50});
  CHECK(tenon::host::from_xtensor(xt::xarray<float>(2.5F)).shape.empty());
}

}  // namespace
