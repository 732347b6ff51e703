// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/reference/add_block.hpp>
#include <tenon/model/stage.hpp>
#include <tenon/tensor/shape.hpp>
#include <type_traits>

// The proof that a block needs no more than 32 bits, by the compiler and from the weights themselves: for each output channel
// the largest sum that any input can make, and its product with the multiplier of that channel.
namespace tenon {

namespace check {

/// `proved<stages::conv, Claimed<301568>, Found<301568>>`: no input makes a larger sum than the header says.
template <std::int64_t Sum>
struct Claimed;
template <std::int64_t Sum>
struct Found;
template <class Stage, class Claim, class Fact>
inline constexpr bool proved = false;
template <class Stage, std::int64_t Claim, std::int64_t Fact>
inline constexpr bool proved<Stage, Claimed<Claim>, Found<Fact>> = Fact <= Claim && Claim < (std::int64_t{1} << 31);

}  // namespace check

namespace detail {

inline constexpr std::int64_t no_proof = std::int64_t{1} << 62;

/// Compilers stop an evaluation after some steps, which a layer of more weights would reach; Clang after fewer.
inline constexpr std::size_t clang_provable_bytes = 150'000;
#if defined(__clang__)
inline constexpr std::size_t provable_bytes = clang_provable_bytes;
#else
inline constexpr std::size_t provable_bytes = 1'500'000;
#endif
template <class Constants>
inline constexpr bool is_provable = [] {
  if constexpr (requires { Constants::weights; }) return sizeof(Constants::weights) <= provable_bytes;
  return true;
}();

/// The sum itself if the steps behind it stay within 32 bits, no_proof otherwise.
[[nodiscard]] constexpr std::int64_t proved_sum(const kernel::FinishTraits& traits, const kernel::ChannelFinish& channel,
                                                std::int64_t sum) noexcept {
  constexpr std::int64_t most = (std::int64_t{1} << 31) - 1;
  const auto magnitude = [](std::int64_t v) { return v < 0 ? -v : v; };
  if (sum > most) return no_proof;
  std::int64_t top = sum;
  if (!traits.raw && traits.limit_bits < 31) {
    const std::int64_t limit = std::int64_t{1} << traits.limit_bits;
    top = top < limit ? top : limit;
  }
  const std::int64_t product = traits.raw ? top : top * channel.multiplier;
  return product + magnitude(channel.offset) <= most ? sum : no_proof;
}

/// The largest magnitude of element `channel` as it enters a sum.
template <class Constants>
constexpr std::int64_t largest_element(std::int32_t channel) noexcept {
  std::int64_t top = Constants::block.largest_input;
  if constexpr (requires { Constants::shifts; }) top <<= Constants::shifts[channel];
  if constexpr (requires { Constants::padding; }) {
    const std::int64_t pad = Constants::padding[channel];
    const std::int64_t outside = pad < 0 ? -pad : pad;
    top = outside > top ? outside : top;
  }
  return top;
}

/// Of rows of `taps` times `Depth` weights; those of group g meet the channels from g * Depth on. One loop without calls: it
/// runs once for each weight of a model, in the compiler.
template <class Constants, std::int32_t Depth, std::int32_t Groups>
constexpr std::int64_t largest_row_sum(std::int32_t rows, std::int64_t taps) noexcept {
  constexpr const BlockTraits& t = Constants::block;
  const std::size_t size = kernel::row_bytes(taps * Depth, t.weight_bits);
  const std::int32_t width = rows / Groups;
  std::int64_t tops[static_cast<std::size_t>(Depth)]{};
  std::int64_t largest = 0;
  for (std::int32_t r = 0; r < rows; ++r) {
    if (r % width == 0) {
      for (std::int32_t c = 0; c < Depth; ++c) tops[c] = largest_element<Constants>(r / width * Depth + c);
    }
    const signed char* row = Constants::weights + static_cast<std::size_t>(r) * size;
    std::int64_t sum = 0;
    if (t.weight_bits > 4) {
      for (std::int64_t tap = 0; tap < taps; ++tap, row += Depth) {
        for (std::int32_t c = 0; c < Depth; ++c) sum += row[c] < 0 ? -row[c] * tops[c] : row[c] * tops[c];
      }
    } else {
      for (std::int64_t i = 0; i < taps * Depth; ++i) {
        const std::int32_t w = kernel::weight_at(row, i, t.weight_bits);
        sum += (w < 0 ? -w : w) * tops[i % Depth];
      }
    }
    sum = proved_sum(t.finish, Constants::finish[r], sum);
    largest = sum > largest ? sum : largest;
  }
  return largest;
}

}  // namespace detail

/// The largest sum of a block for inputs of shape `Input`, or more than 32 bits if a product with it does not fit.
template <class Constants, Shape Input>
inline constexpr std::int64_t largest_block_sum = [] {
  using Params = std::remove_const_t<decltype(Constants::params)>;
  constexpr const BlockTraits& t = Constants::block;
  [[maybe_unused]] const std::int32_t channels = Input.channels();
  if constexpr (std::is_same_v<Params, Conv2DParams>) {
    constexpr std::int32_t groups = Constants::params.groups;
    return detail::largest_row_sum<Constants, Input.channels() / groups, groups>(Constants::params.filters,
                                                                                Constants::params.window(Input).taps());
  } else if constexpr (std::is_same_v<Params, DenseParams>) {
    return detail::largest_row_sum<Constants, Input.channels(), 1>(Constants::params.units, 1);
  } else {
    std::int64_t largest = 0;
    for (std::int32_t c = 0; c < channels; ++c) {
      std::int64_t sum = 0;
      if constexpr (std::is_same_v<Params, DepthwiseConv2DParams>) {
        const std::size_t size = kernel::row_bytes(channels, t.weight_bits);
        for (std::int64_t tap = 0; tap < Constants::params.window(Input).taps(); ++tap) {
          const signed char* row = Constants::weights + static_cast<std::size_t>(tap) * size;
          const std::int32_t w = kernel::weight_at(row, c, t.weight_bits);
          sum += (w < 0 ? -w : w) * std::int64_t{t.largest_input};
        }
      } else if constexpr (std::is_same_v<Params, AddParams>) {
        const kernel::AddShifts& shifts = Constants::add_shifts[c];
        sum = (std::int64_t{t.largest_input} << shifts.first) + (std::int64_t{t.largest_input} << shifts.second);
      } else {
        sum = t.largest_input * Input.pixels();
      }
      sum = detail::proved_sum(t.finish, Constants::finish[c], sum);
      largest = sum > largest ? sum : largest;
    }
    return largest;
  }
}();

}  // namespace tenon
