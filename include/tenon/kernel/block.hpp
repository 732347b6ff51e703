// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/tensor/window.hpp>

// Blocks: a layer with all that follows it until the next tensor in memory (bias, ReLU, output quantizer), from bytes to bytes
// in 32-bit arithmetic. Which layers are blocks is decided where the constants are made: every sum, every product with a
// multiplier and its offset fits 32 bits for every input. A layer without such a proof runs as its layer file says.
namespace tenon::kernel {

/// From the sum of a channel to its output: clamp((sum * multiplier + offset) >> shift, low, high). The offset holds the bias
/// and the half that the shift rounds with. Eight bytes, the shift in the lowest one of the second word.
struct ChannelFinish {
  std::int32_t offset = 0;
  std::uint8_t shift = 0;  ///< at most 31
  std::int8_t high = 127;  ///< read if FinishTraits::channel_high
  std::uint16_t multiplier = 1;
  constexpr bool operator==(const ChannelFinish&) const = default;
};
static_assert(sizeof(ChannelFinish) == 8);

/// What the channels of a block have in common.
struct FinishTraits {
  bool raw = false;           ///< the output is the int32 sum + offset, nothing else applies
  bool channel_high = false;  ///< the largest output differs from channel to channel
  std::int8_t low = -128;     ///< 0 behind a ReLU
  std::int8_t high = 127;
  std::uint8_t limit_bits = 31;  ///< the sum is saturated to so many value bits first
  constexpr bool operator==(const FinishTraits&) const = default;
};

[[nodiscard]] constexpr std::int32_t finish(const FinishTraits& traits, const ChannelFinish& channel,
                                            std::int32_t sum) noexcept {
  if (traits.raw) return sum + channel.offset;
  if (traits.limit_bits < 31) {
    const std::int32_t top = (std::int32_t{1} << traits.limit_bits) - 1;
    sum = sum > top ? top : sum < -top - 1 ? -top - 1 : sum;
  }
  const std::int32_t v = (sum * std::int32_t{channel.multiplier} + channel.offset) >> channel.shift;
  const std::int32_t high = traits.channel_high ? channel.high : traits.high;
  return v > high ? high : v < traits.low ? traits.low : v;
}

/// Weights of 4 bits or less stand eight to a word: byte i of four has weight i in its low half and weight i + 4 in its high
/// half, so that sign extension of every second byte gives the same pairs as for bytes. Rows are filled up with zeros.
[[nodiscard]] constexpr std::size_t row_bytes(std::int64_t weights, int weight_bits) noexcept {
  return static_cast<std::size_t>(weight_bits <= 4 ? (weights + 7) / 8 * 4 : weights);
}
[[nodiscard]] constexpr std::int32_t weight_at(const signed char* row, std::int64_t i, int weight_bits) noexcept {
  if (weight_bits > 4) return row[i];
  const auto byte = static_cast<std::uint8_t>(row[i / 8 * 4 + i % 4]);
  const auto half = static_cast<std::uint8_t>(i % 8 < 4 ? byte << 4 : byte & 0xF0);
  return static_cast<std::int8_t>(half) >> 4;
}

/// Weights (filters, kernel height, kernel width, channels / groups), a row for each filter. Elements of the input are shifted
/// left by `shifts[channel]` first if `shifted`, by 8 at most. Outside of the input stands `padding[channel]` if
/// `has_padding_value`, otherwise 0.
struct ConvBlock {
  Window2D window{};
  std::int32_t channels = 1;
  std::int32_t filters = 1;
  std::int32_t groups = 1;
  std::int32_t weight_bits = 8;
  bool shifted = false;
  bool grouped_by_shift = false;  ///< shifts never grow from a channel to the next
  bool non_negative = false;      ///< no element of the input is below 0 or above 127
  bool has_padding_value = false;
  bool small_sums = false;  ///< no sum needs more than 29 bits and a sign
  FinishTraits finish{};
  constexpr bool operator==(const ConvBlock&) const = default;

  [[nodiscard]] constexpr std::int64_t row_weights() const noexcept { return window.taps() * (channels / groups); }
};

/// Weights (kernel height, kernel width, channels), a row for each tap.
struct DepthwiseBlock {
  Window2D window{};
  std::int32_t channels = 1;
  std::int32_t weight_bits = 8;
  bool non_negative = false;
  FinishTraits finish{};
  constexpr bool operator==(const DepthwiseBlock&) const = default;
};

/// Weights (units, inputs), a row for each unit; `rows` vectors of `inputs` elements, one behind the other. A 1x1 convolution
/// with stride 1 is this with a row for each pixel.
struct DenseBlock {
  std::int32_t rows = 1;
  std::int32_t inputs = 1;
  std::int32_t units = 1;
  std::int32_t weight_bits = 8;
  bool shifted = false;
  bool grouped_by_shift = false;
  bool non_negative = false;
  FinishTraits finish{};
  constexpr bool operator==(const DenseBlock&) const = default;
};

/// A dense layer as a 1x1 convolution: a pixel for each row, one below the other or, along `x`, side by side.
[[nodiscard, gnu::always_inline]] inline constexpr ConvBlock convolution_of(
    const DenseBlock& block, WindowAxis Window2D::*axis = &Window2D::y) noexcept {
  ConvBlock conv{};
  (conv.window.*axis).input = (conv.window.*axis).output = block.rows;
  conv.channels = block.inputs;
  conv.filters = block.units;
  conv.weight_bits = block.weight_bits;
  conv.shifted = block.shifted;
  conv.grouped_by_shift = block.grouped_by_shift;
  conv.non_negative = block.non_negative;
  conv.finish = block.finish;
  return conv;
}

/// (a << first shift) + (b << second shift), finished channel by channel.
struct AddBlock {
  std::int64_t pixels = 1;
  std::int32_t channels = 1;
  FinishTraits finish{};
  constexpr bool operator==(const AddBlock&) const = default;
};

/// The sum over all pixels, finished.
struct PoolBlock {
  std::int64_t pixels = 1;
  std::int32_t channels = 1;
  FinishTraits finish{};
  constexpr bool operator==(const PoolBlock&) const = default;
};

}  // namespace tenon::kernel
