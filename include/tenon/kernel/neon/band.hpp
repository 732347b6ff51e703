// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__aarch64__)
#include <arm_neon.h>

#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/neon/plan.hpp>
#include <type_traits>

// Bands: input rows in scratch memory, with the padding around them, as bytes or as words.
namespace tenon::kernel::neon {

/// The last granule of a band may end so far behind it.
inline constexpr std::size_t band_slack = 16;

[[nodiscard]] constexpr std::size_t band_bytes(const Window2D& window, std::int32_t rows, std::ptrdiff_t row_bytes) noexcept {
  if (rows < 1) return 0;
  return to_vector(static_cast<std::size_t>(covered(window.y, rows)) * static_cast<std::size_t>(row_bytes)) + band_slack;
}

template <class X>
using VectorOf = std::conditional_t<std::is_signed_v<X>, int8x16_t, uint8x16_t>;

[[nodiscard, gnu::always_inline]] inline int8x16_t load(const std::int8_t* x) noexcept { return vld1q_s8(x); }
[[nodiscard, gnu::always_inline]] inline uint8x16_t load(const std::uint8_t* x) noexcept { return vld1q_u8(x); }
[[nodiscard, gnu::always_inline]] inline int16x8_t low_words(int8x16_t x) noexcept { return vmovl_s8(vget_low_s8(x)); }
[[nodiscard, gnu::always_inline]] inline int16x8_t high_words(int8x16_t x) noexcept { return vmovl_high_s8(x); }
[[nodiscard, gnu::always_inline]] inline int16x8_t low_words(uint8x16_t x) noexcept {
  return vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(x)));
}
[[nodiscard, gnu::always_inline]] inline int16x8_t high_words(uint8x16_t x) noexcept {
  return vreinterpretq_s16_u16(vmovl_high_u8(x));
}

/// Inputs as bytes. Those without a sign may be taken 128 lower, which inverts their highest bit.
template <bool Lowered = false>
struct ByteBand {
  static constexpr std::uint8_t flip = Lowered ? 128 : 0;

  template <class X>
  static std::byte* inputs(const X* x, std::int64_t count, std::byte* to) noexcept {
    auto* const y = reinterpret_cast<std::uint8_t*>(to);
    const auto* const from = reinterpret_cast<const std::uint8_t*>(x);
    std::int64_t i = 0;
    for (; i + 16 <= count; i += 16) vst1q_u8(y + i, veorq_u8(vld1q_u8(from + i), vdupq_n_u8(flip)));
    for (; i < count; ++i) y[i] = static_cast<std::uint8_t>(from[i] ^ flip);
    return to + count;
  }
  static std::byte* zeros(std::int64_t count, std::byte* to) noexcept {
    auto* const y = reinterpret_cast<std::uint8_t*>(to);
    std::int64_t i = 0;
    for (; i + 16 <= count; i += 16) vst1q_u8(y + i, vdupq_n_u8(flip));
    for (; i < count; ++i) y[i] = flip;
    return to + count;
  }
  template <class X>
  static std::byte* pixels(const X* x, std::int32_t pixels, std::int32_t channels, std::byte* to) noexcept {
    return inputs(x, std::int64_t{pixels} * channels, to);
  }
  template <class X>
  static std::byte* padding(const X* value, std::int32_t pixels, std::int32_t channels, std::byte* to) noexcept {
    if (value == nullptr) return zeros(std::int64_t{pixels} * channels, to);
    for (std::int32_t p = 0; p < pixels; ++p) to = inputs(value, channels, to);
    return to;
  }
};

/// Bytes of 0 to 127 that are shifted by one bit at most.
template <bool Lowered>
struct LiftedBand : ByteBand<Lowered> {
  const std::uint8_t* shifts = nullptr;

  template <class X>
  std::byte* pixels(const X* x, std::int32_t pixels, std::int32_t channels, std::byte* to) const noexcept {
    constexpr std::uint8_t mask = ByteBand<Lowered>::flip;
    auto* y = reinterpret_cast<std::uint8_t*>(to);
    const auto* from = reinterpret_cast<const std::uint8_t*>(x);
    std::int32_t c = 0;
    for (; c + 16 <= channels; c += 16) {
      const int8x16_t by = vreinterpretq_s8_u8(vld1q_u8(shifts + c));
      const std::uint8_t* in = from + c;
      std::uint8_t* out = y + c;
      for (std::int32_t p = 0; p < pixels; ++p, in += channels, out += channels) {
        vst1q_u8(out, veorq_u8(vshlq_u8(vld1q_u8(in), by), vdupq_n_u8(mask)));
      }
    }
    for (; c + 8 <= channels; c += 8) {
      const int8x8_t by = vreinterpret_s8_u8(vld1_u8(shifts + c));
      for (std::int32_t p = 0; p < pixels; ++p) {
        vst1_u8(y + p * channels + c, veor_u8(vshl_u8(vld1_u8(from + p * channels + c), by), vdup_n_u8(mask)));
      }
    }
    for (; c < channels; ++c) {
      for (std::int32_t p = 0; p < pixels; ++p) {
        y[p * channels + c] = static_cast<std::uint8_t>((from[p * channels + c] << shifts[c]) ^ mask);
      }
    }
    y += std::ptrdiff_t{pixels} * channels;
    return reinterpret_cast<std::byte*>(y);
  }
};

/// Inputs widened to 16 bits and shifted. Those without a sign do not fit when they are shifted: they are taken 128 lower first.
template <bool Lowered>
struct WordBand {
  const std::uint8_t* shifts = nullptr;  ///< null: not shifted

  template <class X>
  static std::int16_t* widened(const X* x, std::int64_t count, std::int16_t* y) noexcept {
    std::int64_t i = 0;
    for (; i + 16 <= count; i += 16) {
      const VectorOf<X> v = load(x + i);
      vst1q_s16(y + i, low_words(v));
      vst1q_s16(y + i + 8, high_words(v));
    }
    for (; i < count; ++i) y[i] = x[i];
    return y + count;
  }
  template <class X>
  std::int16_t* shifted(const X* x, std::int32_t channels, std::int16_t* y) const noexcept {
    std::int32_t c = 0;
    for (; c + 16 <= channels; c += 16) {
      const VectorOf<X> v = load(x + c);
      const int16x8_t lowered = vdupq_n_s16(Lowered ? 128 : 0);
      const int8x16_t s = vreinterpretq_s8_u8(vld1q_u8(shifts + c));
      vst1q_s16(y + c, vshlq_s16(vsubq_s16(low_words(v), lowered), low_words(s)));
      vst1q_s16(y + c + 8, vshlq_s16(vsubq_s16(high_words(v), lowered), high_words(s)));
    }
    for (; c < channels; ++c) y[c] = static_cast<std::int16_t>((x[c] - (Lowered ? 128 : 0)) * (1 << shifts[c]));
    return y + channels;
  }
  template <class X>
  std::byte* pixels(const X* x, std::int32_t pixels, std::int32_t channels, std::byte* to) const noexcept {
    auto* y = reinterpret_cast<std::int16_t*>(to);
    if (shifts == nullptr) return reinterpret_cast<std::byte*>(widened(x, std::int64_t{pixels} * channels, y));
    for (std::int32_t p = 0; p < pixels; ++p, x += channels) y = shifted(x, channels, y);
    return reinterpret_cast<std::byte*>(y);
  }
  /// Padding is not shifted, but as much lower as its neighbours are.
  template <class X>
  std::byte* padding(const X* value, std::int32_t pixels, std::int32_t channels, std::byte* to) const noexcept {
    auto* y = reinterpret_cast<std::int16_t*>(to);
    for (std::int32_t p = 0; p < pixels; ++p) {
      for (std::int32_t c = 0; c < channels; ++c) {
        const std::int32_t lowered = Lowered ? 128 << shifts[c] : 0;
        *y++ = static_cast<std::int16_t>((value == nullptr ? 0 : value[c]) - lowered);
      }
    }
    return reinterpret_cast<std::byte*>(y);
  }
};

/// The rows under the outputs of rows [first, first + rows).
template <class Band, class X>
void stage_band(const Band& band, const Window2D& window, std::int32_t channels, std::int32_t band_width, const X* x,
                const X* padding, std::int32_t first, std::int32_t rows, std::byte* to) noexcept {
  const WindowAxis& wx = window.x;
  const std::int32_t before = wx.before < band_width ? wx.before : band_width;
  const std::int32_t room = band_width - before;
  const std::int32_t copied = room < wx.input ? room : wx.input;
  const std::int32_t count = covered(window.y, rows);
  const std::int32_t top = first * window.y.stride - window.y.before;
  if (copied == band_width && copied == wx.input && top >= 0 && top + count <= window.y.input) {  // nothing but inputs
    band.pixels(x + std::ptrdiff_t{top} * wx.input * channels, count * band_width, channels, to);
    return;
  }
  for (std::int32_t r = 0; r < count; ++r) {
    const std::int32_t row = top + r;
    if (row < 0 || row >= window.y.input) {
      to = band.padding(padding, band_width, channels, to);
      continue;
    }
    to = band.padding(padding, before, channels, to);
    to = band.pixels(x + std::ptrdiff_t{row} * wx.input * channels, copied, channels, to);
    to = band.padding(padding, room - copied, channels, to);
  }
}

}  // namespace tenon::kernel::neon
#endif
