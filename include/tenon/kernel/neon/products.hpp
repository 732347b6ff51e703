// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__aarch64__)
#include <arm_neon.h>

#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/neon/plain_sums.hpp>
#include <tenon/kernel/neon/plan.hpp>

// How weights stand for the instructions of an architecture, and how the granules of an item are multiplied with the inputs of
// some pixels, a step apart. What the compiler was asked to build for decides which of them there are.
namespace tenon::kernel::neon {

/// Words by words, four filters at a time with one input of each pixel.
struct WordProducts {
  using Weight = std::int16_t;
  static constexpr ProductTraits traits{4, 2, 2, true};
  static constexpr bool lowers_unsigned = false;
  [[nodiscard]] static constexpr std::int32_t place(std::int32_t vectors, std::int32_t f, std::int32_t i) noexcept {
    return i * 4 * vectors + f;
  }

  template <std::size_t Pixels, std::size_t Vectors, bool Unsigned>
  struct Sums : PlainSums<Pixels, Vectors> {
    template <std::size_t Lane>
    [[gnu::always_inline]] void input(const int16x8_t* x, const std::byte* w) noexcept {
#pragma GCC unroll 2
      for (std::size_t v = 0; v < Vectors; v += 2) {
        const int16x8_t weights = load_words(w + Lane * Vectors * 8 + v * 8);
#pragma GCC unroll 8
        for (std::size_t p = 0; p < Pixels; ++p) {
          this->s[p][v] = vmlal_laneq_s16(this->s[p][v], vget_low_s16(weights), x[p], Lane);
          this->s[p][v + 1] = vmlal_high_laneq_s16(this->s[p][v + 1], weights, x[p], Lane);
        }
      }
    }
    /// As many granules as are read at once.
    [[gnu::always_inline]] const std::byte* multiply_most(const std::byte* at, std::ptrdiff_t step, const std::byte* w) noexcept {
      int16x8_t x[Pixels];
#pragma GCC unroll 8
      for (std::size_t p = 0; p < Pixels; ++p) x[p] = load_words(pixel_at(at, p, step));
      input<0>(x, w);
      input<1>(x, w);
      input<2>(x, w);
      input<3>(x, w);
      input<4>(x, w);
      input<5>(x, w);
      input<6>(x, w);
      input<7>(x, w);
      return w + 64 * Vectors;
    }
    [[gnu::always_inline]] const std::byte* multiply(const std::byte* at, std::ptrdiff_t step, std::int32_t granules,
                                                     const std::byte* w) noexcept {
      if (granules == 2) return multiply_most(at, step, w);
      if (granules > 0) {
        int16x8_t x[Pixels];
#pragma GCC unroll 8
        for (std::size_t p = 0; p < Pixels; ++p) {
          x[p] = vreinterpretq_s16_s8(vcombine_s8(load_8(pixel_at(at, p, step)), vdup_n_s8(0)));
        }
        input<0>(x, w);
        input<1>(x, w);
        input<2>(x, w);
        input<3>(x, w);
        w += 32 * Vectors;
      }
      return w;
    }
  };
};

#if defined(__ARM_FEATURE_DOTPROD)
/// Four bytes by four, summed up. Bytes without a sign are taken 128 lower.
struct DotProducts {
  using Weight = std::int8_t;
  static constexpr ProductTraits traits{4, 4, 1, false};
  static constexpr bool lowers_unsigned = true;
  [[nodiscard]] static constexpr std::int32_t place(std::int32_t, std::int32_t f, std::int32_t i) noexcept { return f * 4 + i; }

  template <std::size_t Pixels, std::size_t Vectors, bool Unsigned>
  struct Sums : PlainSums<Pixels, Vectors> {
    [[nodiscard, gnu::always_inline]] static int8x16_t lowered(int8x16_t x) noexcept {
      return Unsigned ? veorq_s8(x, vdupq_n_s8(-128)) : x;
    }
    [[nodiscard, gnu::always_inline]] static int8x8_t lowered(int8x8_t x) noexcept {
      return Unsigned ? veor_s8(x, vdup_n_s8(-128)) : x;
    }
    template <std::size_t Lane>
    [[gnu::always_inline]] void granule(const int8x16_t* x, const std::byte* w) noexcept {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < Vectors; ++v) {
        const int8x16_t weights = load_16(w + (Lane * Vectors + v) * 16);
#pragma GCC unroll 8
        for (std::size_t p = 0; p < Pixels; ++p) this->s[p][v] = vdotq_laneq_s32(this->s[p][v], weights, x[p], Lane);
      }
    }
    template <std::size_t Lane>
    [[gnu::always_inline]] void granule(const int8x8_t* x, const std::byte* w) noexcept {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < Vectors; ++v) {
        const int8x16_t weights = load_16(w + (Lane * Vectors + v) * 16);
#pragma GCC unroll 8
        for (std::size_t p = 0; p < Pixels; ++p) this->s[p][v] = vdotq_lane_s32(this->s[p][v], weights, x[p], Lane);
      }
    }
    /// As many granules as are read at once.
    [[gnu::always_inline]] const std::byte* multiply_most(const std::byte* at, std::ptrdiff_t step, const std::byte* w) noexcept {
      int8x16_t x[Pixels];
#pragma GCC unroll 8
      for (std::size_t p = 0; p < Pixels; ++p) x[p] = lowered(load_16(pixel_at(at, p, step)));
      granule<0>(x, w);
      granule<1>(x, w);
      granule<2>(x, w);
      granule<3>(x, w);
      return w + 64 * Vectors;
    }
    [[gnu::always_inline]] const std::byte* multiply(const std::byte* at, std::ptrdiff_t step, std::int32_t granules,
                                                     const std::byte* w) noexcept {
      if (granules == 4) return multiply_most(at, step, w);
      if ((granules & 2) != 0) {
        int8x8_t x[Pixels];
#pragma GCC unroll 8
        for (std::size_t p = 0; p < Pixels; ++p) x[p] = lowered(load_8(pixel_at(at, p, step)));
        granule<0>(x, w);
        granule<1>(x, w);
        at += 8;
        w += 32 * Vectors;
      }
      if ((granules & 1) != 0) {
        int8x8_t x[Pixels];
#pragma GCC unroll 8
        for (std::size_t p = 0; p < Pixels; ++p) x[p] = lowered(load_4(pixel_at(at, p, step)));
        granule<0>(x, w);
        w += 16 * Vectors;
      }
      return w;
    }
  };
};
#endif

#if defined(__ARM_FEATURE_DOTPROD) && defined(__ARM_FEATURE_MATMUL_INT8)
/// Eight bytes of two pixels by eight of two filters. A pixel without a neighbour is its own.
struct MatrixProducts {
  using Weight = std::int8_t;
  static constexpr ProductTraits traits{8, 2, 1, false};
  static constexpr bool lowers_unsigned = false;
  [[nodiscard]] static constexpr std::int32_t place(std::int32_t, std::int32_t f, std::int32_t i) noexcept { return f * 8 + i; }

  template <std::size_t Pixels, std::size_t Vectors, bool Unsigned>
  struct Sums {
    static constexpr std::size_t pairs = (Pixels + 1) / 2;
    int32x4_t s[pairs][2 * Vectors];  ///< two filters of a pixel, two of the next

    [[nodiscard, gnu::always_inline]] static int32x4_t both(int32x4_t start, std::size_t v) noexcept {
      const int64x2_t filters = vreinterpretq_s64_s32(start);
      return vreinterpretq_s32_s64(v % 2 == 0 ? vdupq_laneq_s64(filters, 0) : vdupq_laneq_s64(filters, 1));
    }
    [[gnu::always_inline]] void begin(const int32x4_t* start) noexcept {
#pragma GCC unroll 8
      for (std::size_t v = 0; v < 2 * Vectors; ++v) {
        const int32x4_t filters = both(start[v / 2], v);
#pragma GCC unroll 4
        for (std::size_t p = 0; p < pairs; ++p) s[p][v] = filters;
      }
    }
    [[gnu::always_inline]] void add(const int32x4_t* start) noexcept {
#pragma GCC unroll 8
      for (std::size_t v = 0; v < 2 * Vectors; ++v) {
        const int32x4_t filters = both(start[v / 2], v);
#pragma GCC unroll 4
        for (std::size_t p = 0; p < pairs; ++p) s[p][v] = vaddq_s32(s[p][v], filters);
      }
    }
    [[gnu::always_inline]] void shift(std::int32_t bits) noexcept {
      const int32x4_t by = vdupq_n_s32(bits);
#pragma GCC unroll 4
      for (std::size_t p = 0; p < pairs; ++p) {
#pragma GCC unroll 8
        for (std::size_t v = 0; v < 2 * Vectors; ++v) s[p][v] = vshlq_s32(s[p][v], by);
      }
    }
    [[gnu::always_inline]] void pixel(std::size_t p, int32x4_t* out) const noexcept {
#pragma GCC unroll 4
      for (std::size_t v = 0; v < Vectors; ++v) {
        const int64x2_t a = vreinterpretq_s64_s32(s[p / 2][2 * v]);
        const int64x2_t b = vreinterpretq_s64_s32(s[p / 2][2 * v + 1]);
        out[v] = vreinterpretq_s32_s64(p % 2 == 0 ? vzip1q_s64(a, b) : vzip2q_s64(a, b));
      }
    }
    [[gnu::always_inline]] void granule(const int8x16_t* x, const std::byte* w) noexcept {
#pragma GCC unroll 8
      for (std::size_t v = 0; v < 2 * Vectors; ++v) {
        const int8x16_t weights = load_16(w + v * 16);
#pragma GCC unroll 4
        for (std::size_t p = 0; p < pairs; ++p) {
          if constexpr (Unsigned) {
            s[p][v] = vusmmlaq_s32(s[p][v], vreinterpretq_u8_s8(x[p]), weights);
          } else {
            s[p][v] = vmmlaq_s32(s[p][v], x[p], weights);
          }
        }
      }
    }
    [[nodiscard]] static constexpr std::size_t other(std::size_t p) noexcept { return 2 * p + 1 < Pixels ? 2 * p + 1 : 2 * p; }
    /// As many granules as are read at once.
    [[gnu::always_inline]] const std::byte* multiply_most(const std::byte* at, std::ptrdiff_t step, const std::byte* w) noexcept {
      int8x16_t first[pairs];
      int8x16_t second[pairs];
#pragma GCC unroll 4
      for (std::size_t p = 0; p < pairs; ++p) {
        const int64x2_t a = vreinterpretq_s64_s8(load_16(pixel_at(at, 2 * p, step)));
        const int64x2_t b = vreinterpretq_s64_s8(load_16(pixel_at(at, other(p), step)));
        first[p] = vreinterpretq_s8_s64(vzip1q_s64(a, b));
        second[p] = vreinterpretq_s8_s64(vzip2q_s64(a, b));
      }
      granule(first, w);
      granule(second, w + 32 * Vectors);
      return w + 64 * Vectors;
    }
    [[gnu::always_inline]] const std::byte* multiply(const std::byte* at, std::ptrdiff_t step, std::int32_t granules,
                                                     const std::byte* w) noexcept {
      if (granules == 2) return multiply_most(at, step, w);
      if (granules > 0) {
        int8x16_t x[pairs];
#pragma GCC unroll 4
        for (std::size_t p = 0; p < pairs; ++p)
          x[p] = vcombine_s8(load_8(pixel_at(at, 2 * p, step)), load_8(pixel_at(at, other(p), step)));
        granule(x, w);
        w += 32 * Vectors;
      }
      return w;
    }
  };
};
#endif

/// Which of them an architecture has; never called.
WordProducts products_of(arch::neon);
#if defined(__ARM_FEATURE_DOTPROD)
DotProducts products_of(arch::neon_dot);
#if defined(__ARM_FEATURE_MATMUL_INT8)
MatrixProducts products_of(arch::neon_i8mm);
#endif
#endif
template <class Arch>
using ProductsOf = decltype(products_of(Arch{}));

}  // namespace tenon::kernel::neon
#endif
