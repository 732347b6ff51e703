// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/instructions.hpp>

namespace tenon::kernel::cortex_m {

// As members of the block and functions beside it say, but inlined even for small code, so that constants stay constants.
[[nodiscard, gnu::always_inline]] inline constexpr std::int32_t row_inputs(const ConvBlock& block) noexcept {
  return block.window.y.kernel * block.window.x.kernel * (block.channels / block.groups);
}
[[nodiscard, gnu::always_inline]] inline constexpr std::int32_t row_step(std::int32_t inputs, int weight_bits) noexcept {
  return weight_bits <= 4 ? (inputs + 7) / 8 * 4 : inputs;
}

// What `finish` computes, from a ChannelFinish as two words in registers: MLA, ASR by the lowest byte and a saturation.
struct Requantizer {
  std::int32_t offset;
  std::uint32_t word;  ///< shift, largest output, multiplier
  std::int32_t multiplier;

  [[gnu::always_inline]] static Requantizer of(const ChannelFinish& channel) noexcept {
    const std::uint32_t word = load_word(&channel.shift);
    return {channel.offset, word, static_cast<std::int32_t>(word >> 16)};
  }

  [[gnu::always_inline]] std::int32_t clamped(const FinishTraits& traits, std::int32_t v) const noexcept {
    if (!traits.channel_high && traits.high == 127 && traits.low == 0) return usat<7>(v);
    if (!traits.channel_high && traits.high == 127 && traits.low == -128) return ssat<8>(v);
    const std::int32_t high = traits.channel_high ? static_cast<std::int8_t>(word >> 8) : traits.high;
    v = v > high ? high : v;
    return v < traits.low ? traits.low : v;
  }

  [[gnu::always_inline]] static std::int32_t limited(const FinishTraits& traits, std::int32_t sum) noexcept {
    if (traits.limit_bits >= 31) return sum;
    const std::int32_t top = (std::int32_t{1} << traits.limit_bits) - 1;
    return sum > top ? top : sum < -top - 1 ? -top - 1 : sum;
  }

  [[gnu::always_inline]] std::int32_t operator()(const FinishTraits& traits, std::int32_t sum) const noexcept {
    if (traits.raw) return mla(sum, 1, offset);
    return clamped(traits, asr(mla(limited(traits, sum), multiplier, offset), word));
  }
};

}  // namespace tenon::kernel::cortex_m
