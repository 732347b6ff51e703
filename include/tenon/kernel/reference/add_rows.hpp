// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/kernel/arch.hpp>

namespace tenon::kernel {

// Adds `rows` rows of `channels` sums to `sums`, through a ReLU if `relu`, with a maximum a channel if `maximum` is not null.
// The caller proved that the results fit.
constexpr void add_rows(arch::reference, std::int64_t rows, std::int64_t channels, bool relu, const std::int64_t* maximum,
                        const std::int32_t* x, std::int32_t* sums) noexcept {
  for (std::int64_t r = 0; r < rows; ++r, x += channels) {
    for (std::int64_t c = 0; c < channels; ++c) {
      std::int32_t v = x[c];
      if (maximum != nullptr && v > maximum[c]) v = static_cast<std::int32_t>(maximum[c]);
      if (relu && v < 0) v = 0;
      sums[c] += v;
    }
  }
}

}  // namespace tenon::kernel
