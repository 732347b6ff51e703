// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon::kernel {

// Axis i of y is axis `axes[i]` of x (0-based, batch excluded), both in C order.
template <class T, class Y>
constexpr void permute(arch::reference, const Shape& input,
                       const std::array<std::int32_t, Shape::max_rank>& axes, const T* x, Y* y) {
  const auto rank = static_cast<std::size_t>(input.rank);
  std::array<std::int64_t, Shape::max_rank> stride{};
  std::int64_t step = 1;
  for (std::size_t i = rank; i-- > 0;) {
    stride[i] = step;
    step *= input[i];
  }
  std::array<std::int32_t, Shape::max_rank> at{};  // position in y
  for (std::int64_t n = 0; n < step; ++n) {
    std::int64_t from = 0;
    for (std::size_t i = 0; i < rank; ++i) from += at[i] * stride[static_cast<std::size_t>(axes[i])];
    y[n] = static_cast<Y>(x[from]);
    for (std::size_t i = rank; i-- > 0;) {
      if (++at[i] < input[static_cast<std::size_t>(axes[i])]) break;
      at[i] = 0;
    }
  }
}

}  // namespace tenon::kernel
