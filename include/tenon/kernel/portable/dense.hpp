// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/multiply_add.hpp>
#include <tenon/kernel/reference/dense.hpp>

namespace tenon::kernel {

// As the reference kernel, in blocks of units, so that the compiler can vectorize over units.
template <class Sum, arch::Portable Arch, class X, class W, class Y, class Finish>
constexpr void dense(Arch arch, std::int64_t rows, std::int32_t inputs, std::int32_t units,
                     const X* x, const W* w, Y* y, const Finish& finish) {
  constexpr std::int32_t block = 32;
  for (std::int64_t r = 0; r < rows; ++r, x += inputs, y += units) {
    for (std::int32_t begin = 0; begin < units; begin += block) {
      const std::int32_t count = units - begin < block ? units - begin : block;
      Sum sums[block] = {};
      const W* row = w + begin;
      const auto add = [&](Sum v, std::int32_t terms) {
        for (std::int32_t u = 0; u < terms; ++u) {
          sums[u] = multiply_add(arch, sums[u], v, static_cast<Sum>(row[u]));
        }
      };
      for (std::int32_t i = 0; i < inputs; ++i, row += units) {
        const Sum v = static_cast<Sum>(x[i]);
        if (count == block) {  // a constant the compiler can unroll
          add(v, block);
        } else {
          add(v, count);
        }
      }
      for (std::int32_t u = 0; u < count; ++u) {
        y[begin + u] = static_cast<Y>(finish(sums[u], begin + u));
      }
    }
  }
}

}  // namespace tenon::kernel
