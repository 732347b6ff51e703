// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/check/fault.hpp>
#include <tenon/layer/format.hpp>
#include <tenon/layer/quantizer.hpp>
#include <tenon/number/float32.hpp>
#include <tenon/number/rounding.hpp>

// From float variables to the integer constants of one layer, and how a sum becomes an output. Everything
// that layers with weights have in common stands here; what is their own stands in their file.
namespace tenon {

/// The float variables of a layer, in C order; empty where it has none.
struct FloatVariables {
  std::span<const float> kernel{};            ///< also a depthwise kernel
  std::span<const float> pointwise_kernel{};
  std::span<const float> bias{};
  std::span<const float> gamma{};
  std::span<const float> beta{};
  std::span<const float> moving_mean{};
  std::span<const float> moving_variance{};
  std::span<const float> padding_value{};     ///< one, or one for each input channel
  std::span<const float> range_max{};         ///< of the output quantizer
  std::span<const float> rescaling_rate{};
  std::span<const float> cls{};
  std::span<const float> pos_embedding{};     ///< (tokens, channels)
  std::span<const float> a_real{};
  std::span<const float> a_imag{};
};

namespace detail {

// A storage may keep tables (more than one element a channel) elsewhere than vectors of one element a channel.
template <class Storage>
struct TableOf {
  using Type = typename Storage::template Channels<std::int32_t>;
};
template <class Storage>
  requires requires { typename Storage::Table; }
struct TableOf<Storage> {
  using Type = typename Storage::Table;
};

}  // namespace detail

/// The integer constants of a layer. `Storage` gives the vectors: Channels<T> for one element a channel,
/// Weights for the integer weights.
template <class Storage>
struct LayerConstants {
  using Ints = typename Storage::template Channels<std::int32_t>;

  Ints input_shift{};    ///< left shifts that align a per-axis input, empty if there is nothing to align
  Ints second_shift{};   ///< the same for the second input of Add
  typename Storage::Weights weights{};
  typename Storage::Weights pointwise{};
  Ints bias{};           ///< on the scale of the sums
  Ints bias_shift{};     ///< how far the bias was shifted left
  typename Storage::template Channels<std::int64_t> maximum{};  ///< of a bounded ReLU
  Ints padding{};        ///< integers outside of the input, empty for zeros
  Requantization<Storage> output{};
  bool has_output = false;
  int buffer_bits = 31;        ///< value bits of the sums
  std::int64_t largest_sum = 0;  ///< no input makes a larger magnitude, partial sums included
  typename detail::TableOf<Storage>::Type table{};  ///< of an Activation or of position embeddings
  int input_bits = 0;            ///< value bits of the input, before it came to the buffer
  int weight_shift = 0;          ///< fractional bits of weights that have some
  int dividend_bits = 0;         ///< value bits of weights and their fraction
  int state_bits = 0;            ///< value bits of a recurrent state
  int turn_bits = 0;             ///< value bits of that state turned by its weights
  int exp_bits = 0;              ///< fractional bits of a shiftmax
  int exp_buffer_bits = 0;       ///< value bits of its sums
  std::int64_t largest_score = 0;  ///< as largest_sum, of an attention's products of query and key

  [[nodiscard]] constexpr bool fits_int32() const noexcept { return largest_sum <= largest(31); }
  /// Whether a recurrent state times its weights needs neither 64 bits nor a limit.
  [[nodiscard]] constexpr bool turns_fit_int32() const noexcept {
    return turn_bits <= (buffer_bits < 30 ? buffer_bits : 30);
  }
  /// Whether gamma as a layer normalization divides it stays below 2^24.
  [[nodiscard]] constexpr bool dividends_fit_24_bits() const noexcept { return dividend_bits <= 24; }
  [[nodiscard]] constexpr bool scores_fit_int32() const noexcept { return largest_score <= largest(31); }
};

/// What becomes of the sum of a channel: limited, bias added, limited again, then the output quantizer.
template <class Constants>
struct FinishSum {
  const Constants& constants;

  [[nodiscard]] constexpr std::int64_t operator()(std::int64_t sum, std::int32_t channel) const noexcept {
    return (*this)(sum, channel, channel);
  }
  /// Where a reshape makes another channel of the output of what is a unit to the bias.
  [[nodiscard]] constexpr std::int64_t operator()(std::int64_t sum, std::int32_t unit,
                                                  std::int32_t channel) const noexcept {
    const auto u = static_cast<std::size_t>(unit);
    std::int64_t v = saturate(sum, constants.buffer_bits);
    if (!constants.bias.empty()) {
      v = saturate(v + constants.bias[constants.bias.size() == 1 ? 0 : u], constants.buffer_bits);
    }
    return constants.has_output ? constants.output(v, static_cast<std::size_t>(channel)) : v;
  }
};
template <class Constants>
FinishSum(const Constants&) -> FinishSum<Constants>;

/// Brings an input to `buffer_bits` value bits. With `align`, the channels of a per-axis fixed-point tensor come
/// to the largest fractional bits among them, and `shifts` says how far each one goes.
template <class F, class Ints>
constexpr Fault prepare_input(Format<F>& x, int buffer_bits, bool align, Ints& shifts) noexcept {
  shifts.clear();
  if (x.value_bits > buffer_bits) return Fault::buffer_too_small;
  if (align && !x.has_scales() && x.frac_bits.size() > 1) {
    const std::int32_t common = x.largest_frac_bits();
    bool any = false;
    for (const std::int32_t f : x.frac_bits) {
      if (common - f >= buffer_bits) return Fault::alignment_exceeds_buffer;
      any = any || f != common;
      shifts.push_back(common - f);
    }
    if (!any) shifts.clear();
    x.frac_bits.assign(1, common);
  }
  x.value_bits = buffer_bits;
  return Fault::none;
}

/// Largest magnitude of an element of `channel` before and after alignment.
template <class Ints>
[[nodiscard]] constexpr std::int64_t largest_input(int value_bits, const Ints& shifts,
                                                   std::size_t channel, int buffer_bits) noexcept {
  const std::int64_t top = std::int64_t{1} << value_bits;
  if (shifts.empty()) return top;
  const std::int64_t limit = std::int64_t{1} << buffer_bits;
  return top > (limit >> shifts[channel]) ? limit : top << shifts[channel];
}

/// Integer weights with one scale for each of `channels` elements of the last axis (1: one for all), or with one for
/// all if the quantizer says so.
template <class Floats, class Weights>
constexpr Fault quantize_weights(std::span<const float> w, const WeightQuantizer& quantizer,
                                 std::size_t channels, Floats& scales, Weights& weights) noexcept {
  const int value_bits = quantizer.value_bits();
  if (value_bits < 1 || value_bits > 31) return Fault::weight_bits_out_of_range;
  if (quantizer.axis == WeightAxis::none) channels = 1;
  scales.assign(channels, 0.0F);
  for (std::size_t i = 0; i < w.size(); ++i) {
    const float a = float32::absolute(w[i]);
    float& range = scales[i % channels];
    range = a > range ? a : range;
  }
  for (auto& s : scales) s = weight_scale(s, value_bits);
  weights.resize(w.size());
  for (std::size_t i = 0; i < w.size(); ++i) {
    weights[i] = static_cast<typename Weights::value_type>(
        quantize_weight(w[i], scales[i % channels], value_bits));
  }
  return Fault::none;
}

/// scales of a product: those of the weights, times the single scale of the input if it has one.
template <class F, class Floats>
constexpr void multiply_scales(Format<F>& x, const Floats& weight_scales) noexcept {
  typename Format<F>::Floats scales{};
  for (const float s : weight_scales) {
    scales.push_back(x.has_scales() ? float32::multiply(x.scale_of(0), s) : s);
  }
  x.scales = scales;
}

/// Integers of `values` (rows of `values.size() / rows` elements) on the scales and fractional bits of `y`, as a
/// bias or a maximum. The range of an element is its magnitude over the rows; with 4 bits or less, that of all.
template <class F, class Out, class Ints>
constexpr Fault align_values(std::span<const float> values, std::size_t rows,
                             const AlignedWeightQuantizer& quantizer, const Format<F>& y, Out& out,
                             Ints& shifts) noexcept {
  const int value_bits = quantizer.value_bits();
  if (value_bits < 1 || value_bits > 31) return Fault::weight_bits_out_of_range;
  const std::size_t columns = values.size() / rows;
  const bool one_range = quantizer.bitwidth <= 4;
  const float whole_range = one_range ? largest_magnitude(values) : 0.0F;
  const auto larger = [](std::size_t a, std::size_t b) { return a > b ? a : b; };
  const std::size_t ratios = larger(one_range ? 1 : columns, y.scales.size());
  const std::size_t channels = larger(larger(columns, ratios), y.frac_bits.size());
  out.resize(rows * channels);
  shifts.clear();
  for (std::size_t c = 0; c < channels; ++c) {
    const std::size_t column = columns == 1 ? 0 : c;
    float range = whole_range;
    for (std::size_t r = 0; !one_range && r < rows; ++r) {
      const float a = float32::absolute(values[r * columns + column]);
      range = a > range ? a : range;
    }
    for (std::size_t r = 0; r < rows; ++r) {
      const AlignedValue v =
          align_weight(values[r * columns + column], range, y.scale_of(c), value_bits,
                       y.frac_bits_of(c), y.value_bits, {ratios == 1 ? 0 : c, ratios});
      if (v.shift >= y.value_bits) return Fault::aligned_value_exceeds_buffer;
      out[r * channels + c] = static_cast<typename Out::value_type>(v.value);
      if (r == 0) shifts.push_back(v.shift);
    }
  }
  return Fault::none;
}

/// Bias and output quantizer of a layer with weights, `y` being the format of its sums; `y` becomes the format
/// of the output.
template <class F, class Storage>
constexpr Fault prepare_output(Format<F>& y, const FloatVariables& variables,
                               const LayerQuantizers& quantizers,
                               LayerConstants<Storage>& constants) noexcept {
  if (!variables.bias.empty()) {
    const Fault fault = align_values(variables.bias, 1, quantizers.bias, y, constants.bias,
                                     constants.bias_shift);
    if (fault != Fault::none) return fault;
  }
  constants.has_output = quantizers.has_output;
  return quantizers.has_output ? quantize_output(y, quantizers.output, variables.range_max,
                                                 variables.rescaling_rate, constants.output)
                               : Fault::none;
}

[[nodiscard]] constexpr std::int64_t magnitude(std::int64_t v) noexcept { return v < 0 ? -v : v; }

/// The largest magnitude that a sum of products can have in any column of the weights (rows, columns), where
/// `top(row, column)` is the largest magnitude of the input at a row. Partial sums are no larger.
template <class Weights, class Top>
[[nodiscard]] constexpr std::int64_t largest_sum(const Weights& weights, std::size_t columns,
                                                 const Top& top) noexcept {
  std::int64_t largest_column = 0;
  for (std::size_t column = 0; column < columns; ++column) {
    std::int64_t sum = 0;
    for (std::size_t row = 0; row * columns + column < weights.size(); ++row) {
      sum += magnitude(weights[row * columns + column]) * top(row, column);
    }
    largest_column = sum > largest_column ? sum : largest_column;
  }
  return largest_column;
}

/// Adds the bias of a float layer.
struct AddBias {
  std::span<const float> bias;
  constexpr float operator()(float sum, std::int32_t channel) const noexcept {
    return bias.empty() ? sum : sum + bias[static_cast<std::size_t>(channel)];
  }
};

/// One element of the input, aligned as the constants ask.
template <class Constants>
struct AlignElement {
  const Constants& constants;

  template <class X>
  [[nodiscard]] constexpr std::int64_t operator()(X v, std::int32_t channel) const noexcept {
    if (constants.input_shift.empty()) return static_cast<std::int64_t>(v);
    return shift_left_saturated(static_cast<std::int64_t>(v),
                                constants.input_shift[static_cast<std::size_t>(channel)], constants.buffer_bits);
  }
};
template <class Constants>
AlignElement(const Constants&) -> AlignElement<Constants>;

/// Writes x, aligned by `shifts`, to `aligned`; the channels are the last axis.
template <class X, class Ints>
constexpr void align_input(const X* x, std::int64_t count, const Ints& shifts, int buffer_bits,
                           std::int32_t* aligned) noexcept {
  const auto channels = static_cast<std::int64_t>(shifts.size());
  for (std::int64_t i = 0; i < count; i += channels) {
    for (std::int64_t c = 0; c < channels; ++c) {
      aligned[i + c] = static_cast<std::int32_t>(shift_left_saturated(
          static_cast<std::int64_t>(x[i + c]), shifts[static_cast<std::size_t>(c)], buffer_bits));
    }
  }
}

/// Calls `compute(input)` with x itself, or with its aligned copy in `scratch` (as many elements as x) if the
/// constants ask for alignment.
template <class Constants, class X, class Compute>
constexpr void with_aligned_input(const Constants& constants, const X* x, std::int64_t count,
                                  std::int32_t* scratch, const Compute& compute) noexcept {
  if (constants.input_shift.empty()) {
    compute(x);
  } else {
    align_input(x, count, constants.input_shift, constants.buffer_bits, scratch);
    compute(static_cast<const std::int32_t*>(scratch));
  }
}

/// Calls `compute.template operator()<Sum>()` with the narrowest type that holds every sum.
template <class Constants, class Compute>
constexpr void with_sum_type(const Constants& constants, const Compute& compute) noexcept {
  if (constants.fits_int32()) {
    compute.template operator()<std::int32_t>();
  } else {
    compute.template operator()<std::int64_t>();
  }
}

}  // namespace tenon
