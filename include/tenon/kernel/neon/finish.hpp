// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__aarch64__)
#include <arm_neon.h>

#include <cstdint>
#include <cstring>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/neon/plan.hpp>

// From sums to outputs, as `finish` of block.hpp does it.
namespace tenon::kernel::neon {

/// The constants of four channels that any finish has.
struct FinishVectors {
  int32x4_t offset;
  int32x4_t multiplier;
  int32x4_t shift;  ///< to the left
};

/// (sum * multiplier + offset) >> shift, the sum limited before.
[[nodiscard, gnu::always_inline]] inline int32x4_t scaled(const FinishTraits& traits, const FinishVectors& channels,
                                                          int32x4_t sum) noexcept {
  if (traits.limit_bits < 31) {
    const std::int32_t top = (std::int32_t{1} << traits.limit_bits) - 1;
    sum = vmaxq_s32(vminq_s32(sum, vdupq_n_s32(top)), vdupq_n_s32(-top - 1));
  }
  return vshlq_s32(vmlaq_s32(channels.offset, sum, channels.multiplier), channels.shift);
}

/// Outputs as bytes, those beyond them limited.
[[nodiscard, gnu::always_inline]] inline int8x16_t to_bytes(const int32x4_t* v) noexcept {
  const int16x8_t low = vqmovn_high_s32(vqmovn_s32(v[0]), v[1]);
  const int16x8_t high = vqmovn_high_s32(vqmovn_s32(v[2]), v[3]);
  return vqmovn_high_s16(vqmovn_s16(low), high);
}

/// The first `count` of 16 outputs.
[[gnu::always_inline]] inline void store(std::int8_t* y, int8x16_t v, std::int32_t count) noexcept {
  if (count == 16) return vst1q_s8(y, v);
  if (count == 8) return vst1_s8(y, vget_low_s8(v));
  std::int8_t bytes[16];
  vst1q_s8(bytes, v);
  for (std::int32_t i = 0; i < count; ++i) y[i] = bytes[i];
}
[[gnu::always_inline]] inline void store(std::int32_t* y, int8x16_t v, std::int32_t count) noexcept {
  std::int8_t bytes[16];
  vst1q_s8(bytes, v);
  for (std::int32_t i = 0; i < count; ++i) y[i] = bytes[i];
}
/// The first `count` of vectors of sums.
template <std::size_t Vectors>
[[gnu::always_inline]] inline void store_sums(std::int32_t* y, const int32x4_t* v, std::int32_t count) noexcept {
  if (count == static_cast<std::int32_t>(4 * Vectors)) {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < Vectors; ++i) vst1q_s32(y + 4 * i, v[i]);
    return;
  }
  std::int32_t sums[4 * Vectors];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < Vectors; ++i) vst1q_s32(sums + 4 * i, v[i]);
  for (std::int32_t i = 0; i < count; ++i) y[i] = sums[i];
}

/// What limits 16 outputs.
struct Limits {
  int8x16_t low;
  int8x16_t high;
  [[nodiscard, gnu::always_inline]] int8x16_t operator()(int8x16_t v) const noexcept { return vmaxq_s8(vminq_s8(v, high), low); }
};

}  // namespace tenon::kernel::neon
#endif
