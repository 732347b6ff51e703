// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/x86/matmul_plan.hpp>
#include <type_traits>

// Bands: input rows in scratch memory, with the padding around them.
namespace tenon::kernel::x86 {

/// Steps may read so far past the last pixel of a band.
inline constexpr std::size_t band_slack = 64;

[[nodiscard]] constexpr std::size_t band_bytes(const ConvBlock& block,
                                               const MatmulPlan& plan) noexcept {
  if (!plan.staged || plan.band_rows < 1) return 0;
  return to_cache_line(static_cast<std::size_t>(covered(block.window.y, plan.band_rows)) *
                       static_cast<std::size_t>(plan.row_bytes)) +
         band_slack;
}

/// 16 bytes as words.
template <class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i to_words(const X* x) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
  return std::is_signed_v<X> ? _mm256_cvtepi8_epi16(bytes) : _mm256_cvtepu8_epi16(bytes);
}

/// Bytes become words.
template <class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void widen(const X* x, std::int64_t count,
                                                                  std::int16_t* to) noexcept {
  std::int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), to_words(x + i));
  }
  for (; i < count; ++i) to[i] = x[i];
}

/// What a band holds.
enum class Staged : std::uint8_t {
  bytes,
  words,
  flipped,  ///< bytes of either sign, 128 larger: dot products take them as unsigned
};

/// Bytes with their highest bit inverted.
template <class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void flip(const X* x, std::int64_t count,
                                                                 std::byte* to) noexcept {
  const __m256i highest = _mm256_set1_epi8(-128);
  std::int64_t i = 0;
  for (; i + 32 <= count; i += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), _mm256_xor_si256(bytes, highest));
  }
  for (; i < count; ++i) to[i] = static_cast<std::byte>(x[i] + 128);
}

/// `count` inputs as the band holds them.
template <Staged How, class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline std::byte* stage_inputs(
    const X* x, std::int64_t count, std::byte* to) noexcept {
  if constexpr (How == Staged::flipped) {
    flip(x, count, to);
    return to + count;
  } else if constexpr (How == Staged::words) {
    widen(x, count, reinterpret_cast<std::int16_t*>(to));
    return to + 2 * count;
  } else {
    std::memcpy(to, x, static_cast<std::size_t>(count));
    return to + count;
  }
}

/// `pixels` of bytes whose channels are brought into `order`, 16 at a time.
template <Staged How, class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline std::byte* stage_sorted(
    const X* x, std::int32_t channels, std::int32_t pixels, const std::byte* order,
    std::byte* to) noexcept {
  const __m128i flip = _mm_set1_epi8(How == Staged::flipped ? -128 : 0);
  for (std::int32_t p = 0; p < pixels; ++p) {
    for (std::int32_t c = 0; c < channels; c += sorted_channels, to += sorted_channels) {
      const __m128i places = _mm_loadu_si128(reinterpret_cast<const __m128i*>(order + c));
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                       _mm_xor_si128(_mm_shuffle_epi8(bytes, places), flip));
      x += sorted_channels;
    }
  }
  return to;
}

/// `pixels` of padding: `value` for each channel, or 0 without one.
template <Staged How, class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline std::byte* stage_padding(
    const X* value, std::int32_t channels, std::int32_t pixels, std::byte* to) noexcept {
  if (value == nullptr) {
    const std::size_t bytes = static_cast<std::size_t>(pixels) *
                              static_cast<std::size_t>(channels) * (How == Staged::words ? 2 : 1);
    std::memset(to, How == Staged::flipped ? 128 : 0, bytes);
    return to + bytes;
  }
  for (std::int32_t p = 0; p < pixels; ++p) to = stage_inputs<How>(value, channels, to);
  return to;
}

/// The rows under the outputs of rows [first, first + rows), in `order` if the plan has them
/// sorted.
template <Staged How, class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void stage_band(
    const ConvBlock& block, const MatmulPlan& plan, const X* x, const X* padding,
    const std::byte* order, std::int32_t first, std::int32_t rows, std::byte* to) noexcept {
  const WindowAxis& wy = block.window.y;
  const WindowAxis& wx = block.window.x;
  const std::int32_t before = wx.before < plan.band_width ? wx.before : plan.band_width;
  const std::int32_t room = plan.band_width - before;
  const std::int32_t copied = room < wx.input ? room : wx.input;
  const std::int32_t count = covered(wy, rows);
  for (std::int32_t r = 0; r < count; ++r) {
    const std::int32_t row = first * wy.stride - wy.before + r;
    if (row < 0 || row >= wy.input) {
      to = stage_padding<How>(padding, block.channels, plan.band_width, to);
      continue;
    }
    to = stage_padding<How>(padding, block.channels, before, to);
    const X* from = x + std::ptrdiff_t{row} * wx.input * block.channels;
    to = How != Staged::words && plan.sorted
             ? stage_sorted<How>(from, block.channels, copied, order, to)
             : stage_inputs<How>(from, std::int64_t{copied} * block.channels, to);
    to = stage_padding<How>(padding, block.channels, room - copied, to);
  }
}

}  // namespace tenon::kernel::x86
#endif
