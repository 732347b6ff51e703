// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>

namespace tenon::kernel {

// Sums over all pixels of load(x, channel). Layout: x (pixels, channels), y (channels). y = finish(sum, channel);
// the caller proved that the sum fits `Sum`.
template <class Sum, class X, class Y, class Load, class Finish>
constexpr void global_average_pool(arch::reference, std::int64_t pixels, std::int32_t channels,
                                   const X* x, Y* y, const Load& load, const Finish& finish) {
  for (std::int32_t c = 0; c < channels; ++c) {
    Sum sum = 0;
    for (std::int64_t p = 0; p < pixels; ++p) sum += static_cast<Sum>(load(x[p * channels + c], c));
    y[c] = static_cast<Y>(finish(sum, c));
  }
}

}  // namespace tenon::kernel
