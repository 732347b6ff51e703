// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/depthwise_plan.hpp>
#include <type_traits>

// The bands of depthwise convolutions: rows of the input side by side, with their padding.
namespace tenon::kernel::x86 {

/// Two rows of which one may lie outside: its elements are loaded from the other one and dropped.
template <class X>
struct RowPair {
  const X* first;
  const X* second;
  __m128i keep_first;
  __m128i keep_second;
};

/// 16 bytes of each row side by side, as bytes or as words; words stand as their unpacking leaves
/// them.
template <bool Bytes, class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void interleave(__m128i first,
                                                                       __m128i second,
                                                                       std::byte* to) noexcept {
  if constexpr (Bytes) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_unpacklo_epi8(first, second));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16), _mm_unpackhi_epi8(first, second));
  } else {
    const __m256i x =
        std::is_signed_v<X> ? _mm256_cvtepi8_epi16(first) : _mm256_cvtepu8_epi16(first);
    const __m256i y =
        std::is_signed_v<X> ? _mm256_cvtepi8_epi16(second) : _mm256_cvtepu8_epi16(second);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_unpacklo_epi16(x, y));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 32), _mm256_unpackhi_epi16(x, y));
  }
}

/// `count` elements from `from` on; may write up to 64 bytes too many, over what is written next.
template <bool Bytes, class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void interleave_row(const RowPair<X>& rows,
                                                                           std::ptrdiff_t from,
                                                                           std::int32_t count,
                                                                           std::byte* to) noexcept {
  const X* a = rows.first + from;
  const X* b = rows.second + from;
  for (; count >= 16; count -= 16, a += 16, b += 16, to += Bytes ? 32 : 64) {
    const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a));
    const __m128i second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b));
    interleave<Bytes, X>(_mm_and_si128(first, rows.keep_first),
                         _mm_and_si128(second, rows.keep_second), to);
  }
  if (count >= 8) {
    const __m128i first = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(a));
    const __m128i second = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(b));
    interleave<Bytes, X>(_mm_and_si128(first, rows.keep_first),
                         _mm_and_si128(second, rows.keep_second), to);
    if (count == 8) return;
    // Words of a pixel stand in another order: its tail is made at once below.
    if constexpr (Bytes) {
      count -= 8;
      a += 8;
      b += 8;
      to += 16;
    }
  }
  if (count <= 0) return;
  alignas(16) X rest[2][16] = {};
  for (std::int32_t i = 0; i < count; ++i) {
    rest[0][i] = a[i];
    rest[1][i] = b[i];
  }
  const __m128i first = _mm_load_si128(reinterpret_cast<const __m128i*>(rest[0]));
  const __m128i second = _mm_load_si128(reinterpret_cast<const __m128i*>(rest[1]));
  interleave<Bytes, X>(_mm_and_si128(first, rows.keep_first),
                       _mm_and_si128(second, rows.keep_second), to);
}

/// Zeros, up to 31 bytes too many: what is written next stands there.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void clear(std::byte* to,
                                                                  std::ptrdiff_t bytes) noexcept {
  for (; bytes > 0; bytes -= 32, to += 32) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_setzero_si256());
  }
}

/// One pair of rows of the band, from left to right.
template <bool Bytes, class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void stage_pair(const DepthwiseBlock& block,
                                                                       const DepthwisePlan& plan,
                                                                       const X* a, const X* b,
                                                                       std::byte* to) noexcept {
  const WindowAxis& wx = block.window.x;
  const std::ptrdiff_t pixel = std::ptrdiff_t{plan.channels} * plan.lane;
  if (a == nullptr && b == nullptr) return clear(to, plan.pair_bytes);
  const __m128i all = _mm_set1_epi8(-1);
  const RowPair<X> rows{a == nullptr ? b : a, b == nullptr ? a : b,
                        a == nullptr ? _mm_setzero_si128() : all,
                        b == nullptr ? _mm_setzero_si128() : all};
  if (plan.planes == 1 && plan.channels == block.channels) {
    const std::int32_t end = std::min(wx.input, plan.plane_width - wx.before);
    clear(to, wx.before * pixel);
    if (end > 0) interleave_row<Bytes>(rows, 0, end * block.channels, to + wx.before * pixel);
    return clear(to + (wx.before + end) * pixel, (plan.plane_width - wx.before - end) * pixel);
  }
  for (std::int32_t plane = 0; plane < plan.planes; ++plane) {
    // Columns of the band whose pixels lie inside.
    const std::int32_t outside = wx.before - plane;
    const std::int32_t first =
        std::min(outside > 0 ? ceiling(outside, plan.planes) : 0, plan.plane_width);
    const std::int32_t inside_end =
        wx.input + outside > 0 ? ceiling(wx.input + outside, plan.planes) : 0;
    const std::int32_t end = std::max(std::min(inside_end, plan.plane_width), first);
    clear(to, first * pixel);
    to += first * pixel;
    std::ptrdiff_t from = std::ptrdiff_t{first * plan.planes - outside} * block.channels;
    const std::ptrdiff_t next = std::ptrdiff_t{plan.planes} * block.channels;
    if (block.channels == depthwise_lanes) {  // no loop in the loop
      for (std::int32_t i = first; i < end; ++i, from += next, to += pixel) {
        const __m128i a16 = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows.first + from));
        const __m128i b16 = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows.second + from));
        interleave<Bytes, X>(_mm_and_si128(a16, rows.keep_first),
                             _mm_and_si128(b16, rows.keep_second), to);
      }
    } else {
      for (std::int32_t i = first; i < end; ++i, from += next, to += pixel) {
        interleave_row<Bytes>(rows, from, block.channels, to);
      }
    }
    clear(to, (plan.plane_width - end) * pixel);
    to += (plan.plane_width - end) * pixel;
  }
}

template <bool Bytes, class X>
[[gnu::target("avx2,fma"), gnu::noinline]] void stage_pairs(const DepthwiseBlock& block,
                                                            const DepthwisePlan& plan, const X* x,
                                                            std::int32_t first, std::int32_t rows,
                                                            std::byte* to) noexcept {
  const WindowAxis& wy = block.window.y;
  const std::ptrdiff_t row_size = std::ptrdiff_t{block.window.x.input} * block.channels;
  const std::int32_t height = plan.band_height(wy, rows);
  for (std::int32_t r = 0; r < height; r += 2, to += plan.pair_bytes) {
    const X* row[2] = {};
    for (std::int32_t half = 0; half < 2; ++half) {
      const std::int32_t y = first * wy.stride - wy.before + (r + half) * wy.dilation;
      if (r + half < height && y >= 0 && y < wy.input) row[half] = x + y * row_size;
    }
    stage_pair<Bytes>(block, plan, row[0], row[1], to);
  }
}

}  // namespace tenon::kernel::x86
#endif
