// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/number/rounding.hpp>

// Whether the way from a sum to its output, with all its limits, is the same in 32-bit arithmetic (kernel/block.hpp), and with
// which numbers. Everything is decided from the largest magnitude that the sum of a channel can have.
namespace tenon {

/// A channel as the layers define it: limit the sum, add the bias, limit again; at most `maximum` and at least 0 if there is a
/// ReLU; times the mantissa, limited; shifted and limited to the bits of the output.
struct WideFinish {
  std::int64_t largest_sum = 0;  ///< magnitude, partial sums included
  std::int64_t bias = 0;
  int buffer_bits = 31;  ///< value bits of the sums
  bool has_relu = false;
  bool has_maximum = false;
  std::int64_t maximum = 0;
  bool has_output = false;
  std::int64_t mantissa = 1;
  std::int32_t shift = 0;  ///< to the left
  int output_bits = 7;     ///< value bits of the output
  int output_buffer_bits = 62;
};

struct NarrowFinish {
  bool exact = false;  ///< otherwise the layer needs wider arithmetic
  kernel::ChannelFinish channel{};
  std::int8_t low = 0;
  int limit_bits = 31;  ///< sums must be limited to so many value bits, or fewer
};

namespace detail {

[[nodiscard]] constexpr std::int64_t quantized(const WideFinish& f, std::int64_t v) noexcept {
  if (f.has_relu && v < 0) v = 0;
  return f.has_output ? rescale(saturate(v * f.mantissa, f.output_buffer_bits), f.shift, f.output_bits) : v;
}

/// What the layer computes, in 64 bits.
[[nodiscard]] constexpr std::int64_t finish_widely(const WideFinish& f, std::int64_t sum) noexcept {
  const std::int64_t v = saturate(saturate(sum, f.buffer_bits) + f.bias, f.buffer_bits);
  return quantized(f, f.has_maximum && v > f.maximum ? f.maximum : v);
}

[[nodiscard]] constexpr std::int8_t lowest(const WideFinish& f) noexcept {
  return static_cast<std::int8_t>(f.has_relu ? 0 : -largest(f.output_bits) - 1);
}

[[nodiscard]] constexpr std::int8_t highest(const WideFinish& f) noexcept {
  return static_cast<std::int8_t>(f.has_maximum ? quantized(f, f.maximum) : largest(f.output_bits));
}
[[nodiscard]] constexpr std::int64_t magnitude_of(std::int64_t v) noexcept { return v < 0 ? -v : v; }

/// The mantissa and the shift as they are, sums limited where the output is at its limits anyway.
[[nodiscard]] constexpr NarrowFinish direct_finish(const WideFinish& f) noexcept {
  constexpr std::int64_t most = largest(31);
  NarrowFinish narrow;
  const std::int64_t half = f.shift < 0 ? std::int64_t{1} << (-f.shift - 1) : 0;
  const std::int64_t offset = f.bias * f.mantissa + half;
  if (magnitude_of(offset) > most) return narrow;
  std::int64_t top = f.largest_sum;  // limited sums go down to -top - 1
  while (narrow.limit_bits > 0 && (top + 1) * f.mantissa + magnitude_of(offset) > most) top = largest(--narrow.limit_bits);
  narrow.low = lowest(f);
  narrow.channel = {static_cast<std::int32_t>(offset), static_cast<std::uint8_t>(-f.shift), highest(f),
                    static_cast<std::uint16_t>(f.mantissa)};
  const kernel::FinishTraits traits{false, true, narrow.low, 127, static_cast<std::uint8_t>(narrow.limit_bits)};
  const auto agree = [&](std::int64_t sum) {
    return kernel::finish(traits, narrow.channel, static_cast<std::int32_t>(sum)) == finish_widely(f, sum);
  };
  narrow.exact = agree(f.largest_sum) && agree(-f.largest_sum) && agree(top) && agree(-top - (top < f.largest_sum ? 1 : 0));
  const bool limited = f.largest_sum * f.mantissa + magnitude_of(f.bias * f.mantissa) > largest(f.output_buffer_bits);
  if (limited) {  // the limit of the product must give the limit of the output
    const std::int64_t end = largest(f.output_buffer_bits);
    narrow.exact = narrow.exact && rescale(end, f.shift, f.output_bits) >= narrow.channel.high &&
                   rescale(-end - 1, f.shift, f.output_bits) <= narrow.low;
  }
  return narrow;
}

/// A filter whose bias is far beyond its sums has few different outputs, and steps between them at sums that smaller numbers
/// describe as well: m s + c >= v 2^k exactly from the step to v on. Found, not approximated.
[[nodiscard]] constexpr NarrowFinish stepwise_finish(const WideFinish& f) noexcept {
  constexpr std::int64_t most = largest(31);
  const std::int64_t first = finish_widely(f, -f.largest_sum);
  const std::int64_t last = finish_widely(f, f.largest_sum);
  for (std::int32_t drop = 1; drop <= 16 && drop <= -f.shift; ++drop) {
    const std::int32_t shift = -f.shift - drop;
    for (std::int64_t m = f.mantissa >> drop; m <= (f.mantissa >> drop) + 1 && (std::int64_t{128} << shift) <= most; ++m) {
      std::int64_t from = -most;
      std::int64_t to = most;
      for (std::int64_t v = first + 1; v <= last; ++v) {
        std::int64_t below = -f.largest_sum;  // the output of `below` is less than v, that of `step` is not
        std::int64_t step = f.largest_sum;
        while (step - below > 1) {
          const std::int64_t middle = below + (step - below) / 2;
          (finish_widely(f, middle) < v ? below : step) = middle;
        }
        const std::int64_t at = v << shift;
        from = from > at - m * step ? from : at - m * step;
        to = to < at - m * below - 1 ? to : at - m * below - 1;
      }
      // Outside of the steps lie the limits of the output, or no sum at all.
      if (first > lowest(f)) from = from > (first << shift) + m * f.largest_sum ? from : (first << shift) + m * f.largest_sum;
      const std::int64_t above = ((last + 1) << shift) - m * f.largest_sum - 1;
      if (last < highest(f)) to = to < above ? to : above;
      if (from > to || m * f.largest_sum + magnitude_of(from) > most || m > 65535) continue;
      return {true, {static_cast<std::int32_t>(from), static_cast<std::uint8_t>(shift), highest(f), static_cast<std::uint16_t>(m)},
              lowest(f), 31};
    }
  }
  return {};
}

}  // namespace detail

[[nodiscard]] constexpr NarrowFinish narrow_finish(WideFinish f) noexcept {
  constexpr std::int64_t most = largest(31);
  NarrowFinish narrow;
  if (f.has_output && f.shift > 0 && f.shift <= 16 && f.output_buffer_bits >= f.output_bits) {
    f.mantissa <<= f.shift;  // what exceeds the limit of products exceeds that of the output, shifted or not
    f.shift = 0;
  }
  const std::int64_t reach = f.largest_sum + detail::magnitude_of(f.bias);
  if (f.largest_sum > most) return narrow;
  if (!f.has_output) {
    narrow.channel.offset = static_cast<std::int32_t>(f.bias);
    narrow.exact = !f.has_relu && reach <= most && reach <= largest(f.buffer_bits);
    return narrow;
  }
  const bool fits = f.output_bits <= 7 && f.shift <= 0 && f.shift >= -31 && f.mantissa >= 0 && f.mantissa <= 65535;
  if (!fits) return narrow;
  const std::int64_t low = detail::finish_widely(f, -f.largest_sum);
  if (low == detail::finish_widely(f, f.largest_sum)) {  // no input changes the output
    return {true, {static_cast<std::int32_t>(low), 0, detail::highest(f), 0}, detail::lowest(f), 31};
  }
  if (reach > largest(f.buffer_bits)) return narrow;
  narrow = detail::direct_finish(f);
  return narrow.exact ? narrow : detail::stepwise_finish(f);
}

}  // namespace tenon
