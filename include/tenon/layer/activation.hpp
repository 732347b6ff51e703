// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/number/transcendental.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

enum class ActivationFunction : std::uint8_t { gelu, swish, hard_silu, leaky_relu };

// A smooth activation by a table over all values that the input can have, which the output quantizer in front of it keeps
// to 11 bits. Entries have `lut_bitwidth` bits and one scale; then the layer's own output quantizer.
struct ActivationParams {
  static constexpr LayerTraits traits{LayerKind::activation, false, true, true, Accepts::fixed};

  ActivationFunction activation = ActivationFunction::gelu;
  float alpha = 0.2F;  ///< slope of leaky_relu below 0

  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept { return input; }

  [[nodiscard]] constexpr double operator()(double x) const noexcept {
    constexpr double root_half = 0.70710678118654752;
    switch (activation) {
      case ActivationFunction::gelu: return 0.5 * x * (1 + error_function(x * root_half));
      case ActivationFunction::swish: return x / (1 + exponential(-x));
      case ActivationFunction::hard_silu: return x * (x < -3 ? 0 : x > 3 ? 6 : x + 3) / 6;
      case ActivationFunction::leaky_relu: break;
    }
    return x > 0 ? x : static_cast<double>(alpha) * x;
  }
};

/// Entries of the table for an input of so many value bits.
[[nodiscard]] constexpr std::size_t table_size(int input_bits) noexcept { return std::size_t{2} << input_bits; }

/// Whether there can be a table for this input.
template <class F>
[[nodiscard]] constexpr Fault check_table(const Format<F>& x, const LayerQuantizers& quantizers) noexcept {
  constexpr int most_input_bits = 15;
  if (!x.per_tensor()) return Fault::input_not_per_tensor;
  if (x.value_bits > most_input_bits) return Fault::table_too_large;
  const int bits = quantizers.lut_bitwidth - 1;
  return bits < 1 || bits > 31 ? Fault::weight_bits_out_of_range : Fault::none;
}

/// All but the table: the output of one whose entries have this scale.
template <class F, class Storage>
constexpr Fault prepare_table_output(float scale, Format<F>& x, const FloatVariables& variables,
                                     const LayerQuantizers& quantizers,
                                     LayerConstants<Storage>& constants) noexcept {
  constants.input_bits = x.value_bits;
  x.value_bits = quantizers.lut_bitwidth - 1;
  x.frac_bits.assign(1, 0);
  x.scales.assign(1, scale);
  return prepare_output(x, variables, quantizers, constants);
}

template <class F, class Storage>
constexpr Fault prepare(const ActivationParams& params, const Shape&, Format<F>& x, const FloatVariables& variables,
                        const LayerQuantizers& quantizers, LayerConstants<Storage>& constants) noexcept {
  const Fault fault = check_table(x, quantizers);
  if (fault != Fault::none) return fault;
  const int bits = quantizers.lut_bitwidth - 1;
  const std::int32_t half = std::int32_t{1} << x.value_bits;
  const double step = float32::power_of_two(-x.frac_bits[0]);
  double largest_output = 0;
  for (std::int32_t i = -half; i < half; ++i) {
    const double y = params(i * step);
    const double a = y < 0 ? -y : y;
    largest_output = a > largest_output ? a : largest_output;
  }
  const float scale = static_cast<float>(largest_output) / static_cast<float>(largest(bits));
  constants.table.clear();
  for (std::int32_t i = -half; i < half; ++i) {
    constants.table.push_back(static_cast<typename decltype(constants.table)::value_type>(
        round_half_even(params(i * step) / static_cast<double>(scale), bits)));
  }
  return prepare_table_output(scale, x, variables, quantizers, constants);
}

template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch, const ActivationParams&, const Shape& input, const Constants& constants, const X* x, Y* y,
                   std::int32_t*) noexcept {
  const std::int32_t channels = input.channels();
  const std::int32_t half = std::int32_t{1} << constants.input_bits;
  for (std::int64_t i = 0; i < input.size(); i += channels) {
    for (std::int32_t c = 0; c < channels; ++c) {
      const auto entry = static_cast<std::size_t>(static_cast<std::int32_t>(x[i + c]) + half);
      const std::int64_t v = constants.table[entry];
      y[i + c] = static_cast<Y>(
          constants.has_output ? constants.output(v, static_cast<std::size_t>(c)) : v);
    }
  }
}

template <class Arch>
constexpr void run_float(Arch, const ActivationParams& params, const Shape& input, const FloatVariables&,
                         const float* x, float* y) noexcept {
  for (std::int64_t i = 0; i < input.size(); ++i) {
    y[i] = static_cast<float>(params(static_cast<double>(x[i])));
  }
}

}  // namespace tenon
