// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <concepts>
#include <tenon/kernel/arch.hpp>
#include <type_traits>

namespace tenon::kernel {

/// sum + a * b. Floats are fused: the product is not rounded before it is added, as in the reference's convolutions and
/// matrix products, so that calibrated ranges agree to the bit. Without the instruction the sum is taken in
/// double, which differs from a fused one once in 2^29 times.
template <class Arch, class Sum>
[[nodiscard]] constexpr Sum multiply_add(Arch, Sum sum, Sum a, Sum b) noexcept {
  if constexpr (!std::is_same_v<Sum, float>) {
    return sum + a * b;
  } else {
    if constexpr (arch::has_fused_multiply_add<Arch>) {
      if (!std::is_constant_evaluated()) return __builtin_fmaf(a, b, sum);
    }
    return static_cast<float>(static_cast<double>(a) * static_cast<double>(b) + static_cast<double>(sum));
  }
}

}  // namespace tenon::kernel
