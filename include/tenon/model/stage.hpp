// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/reference/add_block.hpp>
#include <tenon/layer/any_layer.hpp>
#include <tenon/layer/state.hpp>
#include <tenon/number/rounding.hpp>
#include <tenon/tensor/shape.hpp>
#include <type_traits>

// The parts of an exported model. A stage is a layer with what was folded into it, and all its constants, as a type: `Constants`
// has static members and nothing else, so that a stage needs no memory but flash. Exported headers define them; exported.hpp
// runs them.
namespace tenon {

/// A stage that reads the outputs of the stages with constants `From`, or of the stage before it.
template <class Constants_, class... From>
struct Stage {
  using Constants = Constants_;
};

/// What the kernel of a block has to know besides the parameters of its layer.
struct BlockTraits {
  kernel::FinishTraits finish{};
  std::int32_t weight_bits = 8;
  bool shifted = false;
  bool grouped_by_shift = false;
  bool non_negative = false;
  std::int32_t largest_input = 128;  ///< magnitude of an element of the input
  constexpr bool operator==(const BlockTraits&) const = default;
};

/// A stage in 32-bit arithmetic on bytes (kernel/block.hpp). All others run as their layer file says.
template <class Constants>
concept BlockStage = requires { Constants::block; };

/// A block with raw sums whose rows go, through a ReLU or not, into an average over all of them: `Constants::Pool`.
template <class Constants>
concept PooledStage = BlockStage<Constants> && requires { Constants::Pool::output; };

/// Bytes written as a string literal, which compilers read many times faster than braces.
template <std::size_t N>
struct Bytes {
  signed char items[N + 1]{};  ///< and the end of the literal

  using value_type = std::int8_t;
  [[nodiscard]] constexpr const signed char* data() const noexcept { return items; }
  [[nodiscard]] constexpr signed char operator[](std::size_t i) const noexcept { return items[i]; }
  [[nodiscard]] static constexpr std::size_t size() noexcept { return N; }
  [[nodiscard]] static constexpr bool empty() noexcept { return N == 0; }
};

/// The output quantizer of a layer, and the ReLU in front of it where one was folded in.
template <class Mantissa, std::size_t Mantissas, std::size_t Shifts, std::size_t Maxima = 0>
struct StageOutput {
  std::array<Mantissa, Mantissas> mantissas{};
  std::array<std::int8_t, Shifts> shifts{};
  int value_bits = 7;
  int buffer_bits = 32;
  bool has_relu = false;
  bool float32_products = false;  ///< as Requantization has it
  std::array<std::int64_t, Maxima> maximum{};

  [[nodiscard]] constexpr std::int64_t operator()(std::int64_t v, std::size_t channel) const noexcept {
    if constexpr (Maxima > 0) {
      const std::int64_t top = maximum[Maxima == 1 ? 0 : channel];
      v = v > top ? top : v;
    }
    if (has_relu && v < 0) v = 0;
    if constexpr (Mantissas > 0) v = saturate(v * mantissas[Mantissas == 1 ? 0 : channel], buffer_bits);
    if constexpr (Shifts > 0) {
      const int by = shifts[Shifts == 1 ? 0 : channel];
      v = float32_products ? rescale_float32(v, by, value_bits) : rescale(v, by, value_bits);
    }
    return v;
  }
};

/// The constants of a layer without any; those that it has hide these.
struct StageConstants {
  static constexpr std::array<std::int8_t, 0> input_shift{};
  static constexpr std::array<std::int8_t, 0> second_shift{};
  static constexpr std::array<std::int8_t, 0> weights{};
  static constexpr std::array<std::int8_t, 0> pointwise{};
  static constexpr std::array<std::int32_t, 0> bias{};
  static constexpr std::array<std::int32_t, 0> padding{};
  static constexpr std::array<std::int32_t, 0> table{};
  static constexpr std::array<std::int64_t, 0> maximum{};
  static constexpr bool has_output = false;
  static constexpr StageOutput<std::uint8_t, 0, 0> output{};
  static constexpr int buffer_bits = 31;
  static constexpr std::int64_t largest_sum = 0;
  static constexpr std::int64_t largest_score = 0;
  static constexpr int input_bits = 0;
  static constexpr int weight_shift = 0;
  static constexpr int state_bits = 0;
  static constexpr int exp_bits = 0;
  static constexpr int exp_buffer_bits = 0;
  static constexpr bool fits_int32() noexcept { return true; }
  static constexpr bool scores_fit_int32() noexcept { return true; }
  static constexpr bool turns_fit_int32() noexcept { return false; }
  static constexpr bool dividends_fit_24_bits() noexcept { return false; }
};

namespace detail {

/// A 1x1 convolution that reads every pixel once is a product with a matrix.
[[nodiscard]] constexpr bool is_pointwise(const Conv2DParams& p) noexcept {
  return p.kernel_size == Size2D{} && p.strides == Size2D{} && p.groups == 1;
}

[[nodiscard]] constexpr kernel::DenseBlock dense_block_of(std::int64_t rows, std::int32_t inputs, std::int32_t units,
                                                          const BlockTraits& t) noexcept {
  return {static_cast<std::int32_t>(rows), inputs, units, t.weight_bits, t.shifted, t.grouped_by_shift, t.non_negative, t.finish};
}
[[nodiscard]] constexpr kernel::ConvBlock block_of(const Conv2DParams& p, const Shape& input, const BlockTraits& t) noexcept {
  return {p.window(input), input.channels(), p.filters, p.groups, t.weight_bits, t.shifted, t.grouped_by_shift, t.non_negative,
          p.has_padding_value, false, t.finish};
}
[[nodiscard]] constexpr kernel::DepthwiseBlock block_of(const DepthwiseConv2DParams& p, const Shape& input,
                                                        const BlockTraits& t) noexcept {
  return {p.window(input), input.channels(), t.weight_bits, t.non_negative, t.finish};
}
[[nodiscard]] constexpr kernel::DenseBlock block_of(const DenseParams& p, const Shape& input, const BlockTraits& t) noexcept {
  return dense_block_of(input.pixels(), input.channels(), p.units, t);
}
[[nodiscard]] constexpr kernel::AddBlock block_of(const AddParams&, const Shape& input, const BlockTraits& t) noexcept {
  return {input.pixels(), input.channels(), t.finish};
}
[[nodiscard]] constexpr kernel::PoolBlock block_of(const GlobalAveragePooling2DParams&, const Shape& input,
                                                   const BlockTraits& t) noexcept {
  return {input.pixels(), input.channels(), t.finish};
}

/// A pointwise convolution as what it is, a product with a matrix.
[[nodiscard]] constexpr kernel::DenseBlock pointwise_block_of(const Conv2DParams& p, const Shape& input,
                                                              const BlockTraits& t) noexcept {
  return dense_block_of(input.pixels(), input.channels(), p.filters, t);
}

/// How many rows a pooled stage makes at a time: a divisor of all, with sums that fit a small piece of memory.
[[nodiscard]] constexpr std::int64_t rows_at_a_time(std::int64_t rows, std::int64_t channels) noexcept {
  constexpr std::int64_t most = 2560;  // elements; what follows a convolution is small against its input
  std::int64_t best = 1;
  for (std::int64_t n = 1; n <= rows && n * channels <= most; ++n) best = rows % n == 0 ? n : best;
  return best;
}

/// Rows that a block of a pooled stage makes at a time; 0 for blocks that no pooled stage has.
[[nodiscard]] constexpr std::int64_t rows_of(const kernel::DenseBlock& block) noexcept { return block.rows; }
[[nodiscard]] constexpr std::int64_t rows_of(const kernel::AddBlock& block) noexcept { return block.pixels; }
template <class Other>
[[nodiscard]] constexpr std::int64_t rows_of(const Other&) noexcept {
  return 0;
}

/// A block with what is proved of its sums.
template <class Block>
[[nodiscard]] constexpr Block with_sums(Block block, [[maybe_unused]] std::int64_t largest_sum) noexcept {
  if constexpr (requires { block.small_sums; }) block.small_sums = largest_sum < std::int64_t{1} << 29;
  return block;
}

/// Of a pooled stage, the block for the rows that it makes at a time.
template <class Block>
[[nodiscard]] constexpr Block some_rows(Block block, bool pooled) noexcept {
  if constexpr (requires { block.rows; }) {
    if (pooled) block.rows = static_cast<std::int32_t>(rows_at_a_time(block.rows, block.units));
  } else if constexpr (std::is_same_v<Block, kernel::AddBlock>) {
    if (pooled) block.pixels = rows_at_a_time(block.pixels, block.channels);
  }
  return block;
}

}  // namespace detail

/// The block of a stage for its input: what the kernel is made from.
template <class Constants, Shape Input>
inline constexpr auto block_for = [] {
  constexpr bool pooled = PooledStage<Constants>;
  constexpr auto& params = Constants::params;
  if constexpr (std::is_same_v<std::remove_cvref_t<decltype(params)>, Conv2DParams>) {
    if constexpr (detail::is_pointwise(params)) {
      return detail::some_rows(detail::pointwise_block_of(params, Input, Constants::block), pooled);
    } else {
      return detail::with_sums(detail::block_of(params, Input, Constants::block), Constants::largest_sum);
    }
  } else {
    return detail::some_rows(detail::block_of(params, Input, Constants::block), pooled);
  }
}();

}  // namespace tenon
