// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__aarch64__)
#include <arm_neon.h>

#include <cstdint>
#include <limits>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/reference/add_rows.hpp>

namespace tenon::kernel {

// As the reference, four channels at a time through all rows. Other counts of channels, and maxima of their own, are rare.
inline void add_rows(arch::neon, std::int64_t rows, std::int64_t channels, bool relu, const std::int64_t* maximum,
                     const std::int32_t* x, std::int32_t* sums) noexcept {
  if (maximum != nullptr || channels % 4 != 0) return add_rows(arch::reference{}, rows, channels, relu, maximum, x, sums);
  const int32x4_t low = vdupq_n_s32(relu ? 0 : std::numeric_limits<std::int32_t>::min());
  for (std::int64_t c = 0; c < channels; c += 4) {
    int32x4_t sum = vld1q_s32(sums + c);
    const std::int32_t* from = x + c;
    for (std::int64_t r = 0; r < rows; ++r, from += channels) sum = vaddq_s32(sum, vmaxq_s32(vld1q_s32(from), low));
    vst1q_s32(sums + c, sum);
  }
}

}  // namespace tenon::kernel
#endif
