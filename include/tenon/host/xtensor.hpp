// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <tenon/host/array.hpp>
#include <tenon/host/error.hpp>
#include <xtensor/xadapt.hpp>
#include <xtensor/xarray.hpp>

// Between arrays of files and xtensor's, for applications that prepare their samples or look at
// results with xtensor. Costs 0.7 s of compile time where it is included, which is why nothing else
// includes it.
namespace tenon::host {

/// The values as an xtensor expression, not copied; `array` must outlive it and hold elements of
/// type T.
template <Element T>
requires(!std::same_as<T, bool>)
    [[nodiscard]] auto xtensor_view(const Array& array, std::string_view what = "an array") {
  if (array.dtype != dtype_of<T>()) {
    throw Error{5006, std::string(what) + " holds " + array.dtype + ", not " + dtype_of<T>() +
                          "; convert it with to()"};
  }
  return xt::adapt(reinterpret_cast<const T*>(array.bytes.data()), array.size(), xt::no_ownership(),
                   array.shape);
}

/// Evaluates any xtensor expression into an array of its element type.
template <class E>
[[nodiscard]] Array from_xtensor(const xt::xexpression<E>& expression) {
  using T = typename E::value_type;
  const xt::xarray<T, xt::layout_type::row_major> values = expression.derived_cast();
  return Array::from<T>({values.shape().begin(), values.shape().end()},
                        std::span<const T>(values.data(), values.size()));
}

}  // namespace tenon::host
