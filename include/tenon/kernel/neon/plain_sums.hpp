// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__aarch64__)
#include <arm_neon.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

// The sums of a tile in registers, `Pixels` of 4 * `Vectors` filters, and what is loaded for them from any address.
namespace tenon::kernel::neon {

[[nodiscard, gnu::always_inline]] inline int8x16_t load_16(const std::byte* p) noexcept {
  return vld1q_s8(reinterpret_cast<const std::int8_t*>(p));
}
[[nodiscard, gnu::always_inline]] inline int8x8_t load_8(const std::byte* p) noexcept {
  return vld1_s8(reinterpret_cast<const std::int8_t*>(p));
}
[[nodiscard, gnu::always_inline]] inline int8x8_t load_4(const std::byte* p) noexcept {
  std::uint32_t word;
  std::memcpy(&word, p, sizeof word);
  return vcreate_s8(word);
}
[[nodiscard, gnu::always_inline]] inline int16x8_t load_words(const std::byte* p) noexcept {
  return vld1q_s16(reinterpret_cast<const std::int16_t*>(p));
}

[[nodiscard, gnu::always_inline]] inline const std::byte* pixel_at(const std::byte* at, std::size_t p,
                                                                   std::ptrdiff_t step) noexcept {
  return at + static_cast<std::ptrdiff_t>(p) * step;
}

/// Sums that stand as pixels by vectors of four filters.
template <std::size_t Pixels, std::size_t Vectors>
struct PlainSums {
  int32x4_t s[Pixels][Vectors];

  [[gnu::always_inline]] void begin(const int32x4_t* start) noexcept {
#pragma GCC unroll 8
    for (std::size_t p = 0; p < Pixels; ++p) {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < Vectors; ++v) s[p][v] = start[v];
    }
  }
  [[gnu::always_inline]] void add(const int32x4_t* start) noexcept {
#pragma GCC unroll 8
    for (std::size_t p = 0; p < Pixels; ++p) {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < Vectors; ++v) s[p][v] = vaddq_s32(s[p][v], start[v]);
    }
  }
  [[gnu::always_inline]] void shift(std::int32_t bits) noexcept {
    const int32x4_t by = vdupq_n_s32(bits);
#pragma GCC unroll 8
    for (std::size_t p = 0; p < Pixels; ++p) {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < Vectors; ++v) s[p][v] = vshlq_s32(s[p][v], by);
    }
  }
  [[gnu::always_inline]] void pixel(std::size_t p, int32x4_t* out) const noexcept {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < Vectors; ++v) out[v] = s[p][v];
  }
};

}  // namespace tenon::kernel::neon
#endif
