// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/multiply_add.hpp>

namespace tenon::kernel {

// Matrix product. Layout: x (rows, inputs), w (inputs, units), y (rows, units). y = finish(sum, unit); the
// caller proved that the sum fits `Sum`.
template <class Sum, class X, class W, class Y, class Finish>
constexpr void dense(arch::reference arch, std::int64_t rows, std::int32_t inputs, std::int32_t units,
                     const X* x, const W* w, Y* y, const Finish& finish) {
  for (std::int64_t r = 0; r < rows; ++r, x += inputs) {
    for (std::int32_t u = 0; u < units; ++u) {
      Sum sum = 0;
      for (std::int32_t i = 0; i < inputs; ++i) {
        sum = multiply_add(arch, sum, static_cast<Sum>(x[i]),
                           static_cast<Sum>(w[std::ptrdiff_t{i} * units + u]));
      }
      *y++ = static_cast<Y>(finish(sum, u));
    }
  }
}

}  // namespace tenon::kernel
