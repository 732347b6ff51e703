// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__aarch64__)
#include <arm_neon.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/neon/finish.hpp>
#include <tenon/kernel/neon/pack.hpp>
#include <tenon/kernel/neon/plan.hpp>
#include <type_traits>

// 16 channels, or 8, of all pixels of a band. Products of two taps are summed up in 16 bits where they fit, which only two
// weights of -128 can prevent.
namespace tenon::kernel::neon {

/// In front of the weights of a tile, a vector for each tap.
struct alignas(16) DepthwiseTile {
  TileConstants constants{};
  std::int32_t channels = 0;
  FinishForm form = FinishForm::general;
  bool pairs_fit = true;
};

struct DepthwiseJob {
  const TileConstants* constants;
  std::int32_t channels;
  FinishForm form;
  bool pairs_fit;
  const std::int8_t* weights;
  const std::int8_t* band;
  std::ptrdiff_t tap_step;
  std::ptrdiff_t tap_row_step;
  std::int32_t kernel_height;
  std::int32_t kernel_width;
  std::ptrdiff_t row_step;
  std::ptrdiff_t pixel_step;
  std::int32_t rows;
  std::int32_t width;
  std::ptrdiff_t y_step;
  FinishTraits traits;
};

inline void pack_depthwise(const DepthwiseBlock& block, const signed char* w, const ChannelFinish* channels, std::int32_t first,
                           std::byte* packed) noexcept {
  DepthwiseTile tile;
  tile.channels = block.channels - first < tile_filters ? block.channels - first : tile_filters;
  tile.form = pack_finish(block.finish, channels + first, tile.channels, tile.constants);
  const auto taps = static_cast<std::int32_t>(block.window.taps());
  const std::size_t row_size = row_bytes(block.channels, block.weight_bits);
  auto* const weights = reinterpret_cast<signed char*>(packed + sizeof tile);
  std::memset(weights, 0, static_cast<std::size_t>(taps * tile_filters));
  for (std::int32_t c = 0; c < tile.channels; ++c) {
    std::int32_t sum = 0;
    for (std::int32_t t = 0; t < taps; ++t) {
      const std::int32_t v = weight_at(w + static_cast<std::size_t>(t) * row_size, first + c, block.weight_bits);
      weights[t * tile_filters + c] = static_cast<signed char>(v);
      sum += v;
      // Inputs below zero are -128 at least; two products of others fit in any case.
      if (!block.non_negative && t % 2 == 1 && v == -128 && weights[(t - 1) * tile_filters + c] == -128) tile.pairs_fit = false;
    }
    tile.constants.correction[c] = 128 * sum;
  }
  std::memcpy(packed, &tile, sizeof tile);
}

/// The sums of a pixel.
template <std::size_t Vectors>
struct DepthwiseSums {
  int32x4_t s[Vectors];

  [[nodiscard, gnu::always_inline]] static auto load(const std::int8_t* p) noexcept {
    if constexpr (Vectors == 4)
      return vld1q_s8(p);
    else
      return vld1_s8(p);
  }
  using Bytes = std::conditional_t<Vectors == 4, int8x16_t, int8x8_t>;

  [[gnu::always_inline]] void add(std::int32_t v, int16x8_t products) noexcept {
    s[v] = vaddw_s16(s[v], vget_low_s16(products));
    s[v + 1] = vaddw_high_s16(s[v + 1], products);
  }
  [[gnu::always_inline]] void tap(Bytes w, Bytes x) noexcept {
    if constexpr (Vectors == 4) {
      add(0, vmull_s8(vget_low_s8(w), vget_low_s8(x)));
      add(2, vmull_high_s8(w, x));
    } else {
      add(0, vmull_s8(w, x));
    }
  }
  template <bool Pairs>
  [[gnu::always_inline]] void taps(Bytes w0, Bytes x0, Bytes w1, Bytes x1) noexcept {
    if constexpr (!Pairs) {
      tap(w0, x0);
      tap(w1, x1);
    } else if constexpr (Vectors == 4) {
      add(0, vmlal_s8(vmull_s8(vget_low_s8(w0), vget_low_s8(x0)), vget_low_s8(w1), vget_low_s8(x1)));
      add(2, vmlal_high_s8(vmull_high_s8(w0, x0), w1, x1));
    } else {
      add(0, vmlal_s8(vmull_s8(w0, x0), w1, x1));
    }
  }
};

/// The constants of all pixels, in registers where the finish is the usual one.
template <std::size_t Vectors>
struct DepthwiseFinish {
  int32x4_t start[Vectors];
  int32x4_t scale[Vectors];
  Limits limits;

  [[gnu::always_inline]] DepthwiseFinish(const DepthwiseJob& job, bool lowered) noexcept
      : limits{vdupq_n_s8(job.traits.low), vld1q_s8(job.constants->high)} {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < Vectors; ++v) {
      start[v] = vld1q_s32(job.constants->start + 4 * v);
      scale[v] = vld1q_s32(job.constants->scale + 4 * v);
      if (lowered) start[v] = vaddq_s32(start[v], vld1q_s32(job.constants->correction + 4 * v));
    }
  }
  /// `Usual`: rounded sums, and all of the channels.
  template <bool Usual, class Y>
  [[gnu::always_inline]] void operator()(const DepthwiseJob& job, const DepthwiseSums<Vectors>& sums, Y* y) const noexcept {
    if constexpr (std::is_same_v<Y, std::int32_t>) {
      if (job.traits.raw) return store_sums<Vectors>(y, sums.s, job.channels);
    }
    int32x4_t out[4];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < 4; ++v) {
      const std::size_t i = v % Vectors;
      if (Usual || job.form == FinishForm::rounded) {
        out[v] = vqrdmulhq_s32(sums.s[i], scale[i]);
      } else {
        const FinishVectors channels{vld1q_s32(job.constants->offset + 4 * i), scale[i], vld1q_s32(job.constants->shift + 4 * i)};
        out[v] = scaled(job.traits, channels, sums.s[i]);
      }
    }
    store(y, limits(to_bytes(out)), Usual ? static_cast<std::int32_t>(4 * Vectors) : job.channels);
  }
};

/// The compiler would keep the halves of a vector in registers of their own if it saw that they never change.
template <class Vector>
[[nodiscard, gnu::always_inline]] inline Vector whole(Vector v) noexcept {
  asm("" : "+w"(v));
  return v;
}

/// 3x3 taps: the weights stay in registers.
template <std::size_t Vectors, bool Lowered, bool Usual, class Y>
[[gnu::noinline]] void depthwise_3x3(const DepthwiseJob& lent, Y* y) noexcept {
  using Sums = DepthwiseSums<Vectors>;
  const DepthwiseJob job = lent;
  typename Sums::Bytes w[9];
#pragma GCC unroll 9
  for (std::size_t t = 0; t < 9; ++t) w[t] = Sums::load(job.weights + t * tile_filters);
  const DepthwiseFinish<Vectors> finish(job, Lowered);
  const std::ptrdiff_t tap = job.tap_step;
  const std::int8_t* row = job.band;
  for (std::int32_t r = 0; r < job.rows; ++r, row += job.row_step) {
    const std::int8_t* a = row;
    const std::int8_t* b = a + job.tap_row_step;
    const std::int8_t* c = b + job.tap_row_step;
    for (std::int32_t left = job.width; left > 0; --left, y += job.y_step) {
#pragma GCC unroll 9
      for (std::size_t t = 0; t < 9; ++t) w[t] = whole(w[t]);
      Sums sums;
#pragma GCC unroll 4
      for (std::size_t v = 0; v < Vectors; ++v) sums.s[v] = finish.start[v];
      sums.template taps<true>(w[0], Sums::load(a), w[1], Sums::load(a + tap));
      sums.template taps<true>(w[2], Sums::load(a + 2 * tap), w[3], Sums::load(b));
      sums.template taps<true>(w[4], Sums::load(b + tap), w[5], Sums::load(b + 2 * tap));
      sums.template taps<true>(w[6], Sums::load(c), w[7], Sums::load(c + tap));
      sums.tap(w[8], Sums::load(c + 2 * tap));
      finish.template operator()<Usual>(job, sums, y);
      a += job.pixel_step;
      b += job.pixel_step;
      c += job.pixel_step;
    }
  }
}

/// Pairs are those of consecutive taps, also across the rows of the kernel.
template <std::size_t Vectors, bool Pairs, bool Lowered, class Y>
[[gnu::noinline]] void depthwise_any(const DepthwiseJob& lent, Y* y) noexcept {
  using Sums = DepthwiseSums<Vectors>;
  const DepthwiseJob job = lent;
  const DepthwiseFinish<Vectors> finish(job, Lowered);
  const std::int32_t taps = job.kernel_height * job.kernel_width;
  const std::int8_t* row = job.band;
  for (std::int32_t r = 0; r < job.rows; ++r, row += job.row_step) {
    const std::int8_t* pixel = row;
    for (std::int32_t left = job.width; left > 0; --left, pixel += job.pixel_step, y += job.y_step) {
      Sums sums;
#pragma GCC unroll 4
      for (std::size_t v = 0; v < Vectors; ++v) sums.s[v] = finish.start[v];
      const std::int8_t* tap = pixel;
      std::int32_t in_row = job.kernel_width;
      const auto next = [&] {
        const auto x = Sums::load(tap);
        tap += job.tap_step;
        if (--in_row == 0) {
          in_row = job.kernel_width;
          tap += job.tap_row_step - job.kernel_width * job.tap_step;
        }
        return x;
      };
      const std::int8_t* w = job.weights;
      std::int32_t t = 0;
      for (; t + 2 <= taps; t += 2, w += 2 * tile_filters) {
        const auto first = next();
        sums.template taps<Pairs>(Sums::load(w), first, Sums::load(w + tile_filters), next());
      }
      if (t < taps) sums.tap(Sums::load(w), next());
      finish.template operator()<false>(job, sums, y);
    }
  }
}

template <std::size_t Vectors, bool Lowered, class Y>
void depthwise_vectors(const DepthwiseJob& job, Y* y) noexcept {
  if (!job.pairs_fit) return depthwise_any<Vectors, false, Lowered>(job, y);
  if (job.kernel_height != 3 || job.kernel_width != 3) return depthwise_any<Vectors, true, Lowered>(job, y);
  if (job.form == FinishForm::rounded && job.channels == static_cast<std::int32_t>(4 * Vectors)) {
    return depthwise_3x3<Vectors, Lowered, true>(job, y);
  }
  depthwise_3x3<Vectors, Lowered, false>(job, y);
}

/// `Lowered`: the inputs are taken 128 lower than they are.
template <bool Lowered, class Y>
void run_depthwise(const DepthwiseJob& job, Y* y) noexcept {
  if (job.channels <= 8) return depthwise_vectors<2, Lowered>(job, y);
  depthwise_vectors<4, Lowered>(job, y);
}

}  // namespace tenon::kernel::neon
#endif
