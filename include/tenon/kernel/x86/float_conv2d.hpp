// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <tenon/tensor/window.hpp>

// Float convolutions for AVX2, what calibration spends its time with: filters or channels across
// the lanes, the sums of a few pixels in registers. Each sum takes the same fused products in the
// same order as in the reference kernels, so that every bit is equal. They want the padding around
// the map to be there: `pad_map` puts it there.
namespace tenon::kernel::x86 {

/// Where a window reads its map once the padding is part of it.
struct PaddedMap {
  std::int32_t height;
  std::int32_t width;
  std::int32_t channels;

  [[nodiscard]] static constexpr PaddedMap of(const Window2D& window,
                                              std::int32_t channels) noexcept {
    return {(window.y.output - 1) * window.y.stride + (window.y.kernel - 1) * window.y.dilation + 1,
            (window.x.output - 1) * window.x.stride + (window.x.kernel - 1) * window.x.dilation + 1,
            channels};
  }
  [[nodiscard]] constexpr std::size_t size() const noexcept {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
           static_cast<std::size_t>(channels);
  }
};

/// The map with `padding` around it: no value for zeros, one value, or one a channel.
inline void pad_map(const Window2D& window, const PaddedMap& map, const float* x,
                    const float* padding, std::size_t padding_count, float* padded) noexcept {
  for (std::int32_t row = 0; row < map.height; ++row) {
    const std::int32_t iy = row - window.y.before;
    for (std::int32_t column = 0; column < map.width; ++column, padded += map.channels) {
      const std::int32_t ix = column - window.x.before;
      const bool inside = iy >= 0 && iy < window.y.input && ix >= 0 && ix < window.x.input;
      const float* pixel =
          x + (inside ? std::ptrdiff_t{iy} * window.x.input + ix : 0) * map.channels;
      for (std::int32_t c = 0; c < map.channels; ++c) {
        padded[c] = inside               ? pixel[c]
                    : padding_count == 0 ? 0.0F
                                         : padding[padding_count == 1 ? 0 : c];
      }
    }
  }
}

/// The first `count` of 8 lanes.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i first_lanes(
    std::int32_t count) noexcept {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/// How the sums of a convolution walk through map and kernel: `rows * runs` runs of consecutive
/// elements.
struct FloatWalk {
  std::int32_t rows;
  std::int32_t runs;
  std::int32_t run;
  std::ptrdiff_t row_step;
  std::ptrdiff_t run_step;
  std::ptrdiff_t pixel_step;  ///< from one output pixel to the next of its row
  std::ptrdiff_t filters;
};

/// `Pixels` neighbours of a row, `count` filters, at most 8 * `Vectors`.
template <std::size_t Pixels, std::size_t Vectors>
[[gnu::target("avx2,fma")]] void float_conv2d_tile(const FloatWalk& walk, const float* x,
                                                   const float* w, const float* bias,
                                                   std::int32_t count, float* y) noexcept {
  __m256i lanes[Vectors];
  __m256 sums[Pixels][Vectors];
#pragma GCC unroll 4
  for (std::size_t v = 0; v < Vectors; ++v) {
    lanes[v] = first_lanes(count - 8 * static_cast<std::int32_t>(v));
#pragma GCC unroll 4
    for (std::size_t p = 0; p < Pixels; ++p) sums[p][v] = _mm256_setzero_ps();
  }
  for (std::int32_t row = 0; row < walk.rows; ++row) {
    for (std::int32_t run = 0; run < walk.runs; ++run) {
      const float* element = x + row * walk.row_step + run * walk.run_step;
      for (std::int32_t i = 0; i < walk.run; ++i, ++element, w += walk.filters) {
        __m256 weights[Vectors];
#pragma GCC unroll 4
        for (std::size_t v = 0; v < Vectors; ++v)
          weights[v] = _mm256_maskload_ps(w + 8 * v, lanes[v]);
#pragma GCC unroll 4
        for (std::size_t p = 0; p < Pixels; ++p) {
          const __m256 value =
              _mm256_broadcast_ss(element + static_cast<std::ptrdiff_t>(p) * walk.pixel_step);
#pragma GCC unroll 4
          for (std::size_t v = 0; v < Vectors; ++v)
            sums[p][v] = _mm256_fmadd_ps(value, weights[v], sums[p][v]);
        }
      }
    }
  }
#pragma GCC unroll 4
  for (std::size_t v = 0; v < Vectors; ++v) {
    const bool biased = bias != nullptr;
    const __m256 added = biased ? _mm256_maskload_ps(bias + 8 * v, lanes[v]) : _mm256_setzero_ps();
#pragma GCC unroll 4
    for (std::size_t p = 0; p < Pixels; ++p) {
      const __m256 sum = biased ? _mm256_add_ps(sums[p][v], added) : sums[p][v];
      _mm256_maskstore_ps(y + static_cast<std::ptrdiff_t>(p) * walk.filters + 8 * v, lanes[v], sum);
    }
  }
}

/// x is padded, w is (kernel height, kernel width, channels, filters); `bias` may be null. One
/// group.
inline void float_conv2d(const Window2D& window, const PaddedMap& map, std::int32_t filters,
                         const float* x, const float* w, const float* bias, float* y) noexcept {
  const bool dense_rows = window.x.dilation == 1;
  const std::ptrdiff_t row = std::ptrdiff_t{map.width} * map.channels;
  const FloatWalk walk{window.y.kernel,
                       dense_rows ? 1 : window.x.kernel,
                       dense_rows ? window.x.kernel * map.channels : map.channels,
                       row * window.y.dilation,
                       std::ptrdiff_t{window.x.dilation} * map.channels,
                       std::ptrdiff_t{window.x.stride} * map.channels,
                       filters};
  for (std::int32_t begin = 0; begin < filters;) {
    const bool wide = filters - begin > 8;
    const std::int32_t left = filters - begin < 16 ? filters - begin : 16;
    const std::int32_t count = wide ? left : filters - begin;
    const float* added = bias == nullptr ? nullptr : bias + begin;
    for (std::int32_t oy = 0; oy < window.y.output; ++oy) {
      const float* from = x + oy * window.y.stride * row;
      float* to = y + std::ptrdiff_t{oy} * window.x.output * filters + begin;
      for (std::int32_t ox = 0; ox < window.x.output;) {
        const bool four = window.x.output - ox >= 4;
        const auto tile = wide ? (four ? float_conv2d_tile<4, 2> : float_conv2d_tile<1, 2>)
                               : (four ? float_conv2d_tile<4, 1> : float_conv2d_tile<1, 1>);
        tile(walk, from + ox * walk.pixel_step, w + begin, added, count,
             to + std::ptrdiff_t{ox} * filters);
        ox += four ? 4 : 1;
      }
    }
    begin += count;
  }
}

/// `Pixels` neighbours of a row, 8 channels or as many as `lanes` has.
template <std::size_t Pixels>
[[gnu::target("avx2,fma")]] void float_depthwise_tile(const Window2D& window, const PaddedMap& map,
                                                      const float* x, const float* w,
                                                      const float* bias, std::int32_t count,
                                                      float* y) noexcept {
  const __m256i lanes = first_lanes(count);
  const std::ptrdiff_t pixel_step = std::ptrdiff_t{window.x.stride} * map.channels;
  __m256 sums[Pixels];
#pragma GCC unroll 4
  for (std::size_t p = 0; p < Pixels; ++p) sums[p] = _mm256_setzero_ps();
  for (std::int32_t ky = 0; ky < window.y.kernel; ++ky) {
    const float* pixel = x + std::ptrdiff_t{ky} * window.y.dilation * map.width * map.channels;
    for (std::int32_t kx = 0; kx < window.x.kernel; ++kx) {
      const __m256 weights = _mm256_maskload_ps(w, lanes);
#pragma GCC unroll 4
      for (std::size_t p = 0; p < Pixels; ++p) {
        sums[p] = _mm256_fmadd_ps(
            _mm256_maskload_ps(pixel + static_cast<std::ptrdiff_t>(p) * pixel_step, lanes), weights,
            sums[p]);
      }
      pixel += std::ptrdiff_t{window.x.dilation} * map.channels;
      w += map.channels;
    }
  }
#pragma GCC unroll 4
  for (std::size_t p = 0; p < Pixels; ++p) {
    const __m256 sum =
        bias == nullptr ? sums[p] : _mm256_add_ps(sums[p], _mm256_maskload_ps(bias, lanes));
    _mm256_maskstore_ps(y + static_cast<std::ptrdiff_t>(p) * map.channels, lanes, sum);
  }
}

/// x is padded with zeros, w is (kernel height, kernel width, channels); `bias` may be null.
inline void float_depthwise_conv2d(const Window2D& window, const PaddedMap& map, const float* x,
                                   const float* w, const float* bias, float* y) noexcept {
  const std::ptrdiff_t row = std::ptrdiff_t{map.width} * map.channels;
  const std::ptrdiff_t pixel_step = std::ptrdiff_t{window.x.stride} * map.channels;
  for (std::int32_t oy = 0; oy < window.y.output; ++oy) {
    for (std::int32_t begin = 0; begin < map.channels; begin += 8) {
      const std::int32_t left = map.channels - begin;
      const float* from = x + oy * window.y.stride * row + begin;
      float* to = y + std::ptrdiff_t{oy} * window.x.output * map.channels + begin;
      for (std::int32_t ox = 0; ox < window.x.output;) {
        const bool four = window.x.output - ox >= 4;
        const auto tile = four ? float_depthwise_tile<4> : float_depthwise_tile<1>;
        tile(window, map, from + ox * pixel_step, w + begin,
             bias == nullptr ? nullptr : bias + begin, left < 8 ? left : 8,
             to + std::ptrdiff_t{ox} * map.channels);
        ox += four ? 4 : 1;
      }
    }
  }
}

}  // namespace tenon::kernel::x86
#endif
