// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/layer/constants.hpp>
#include <tenon/layer/state.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// For each step of (steps, channels) and each channel, the complex state s becomes s * a + x, rounded to the bits of the
// output quantizer; real and imaginary parts are the output (steps, channels, 2). The state of the last step stays for
// the next call. Inputs come to the fractional bits of the products first.
struct StatefulRecurrentParams {
  static constexpr LayerTraits traits{LayerKind::stateful_recurrent, true, false, true,
                                      Accepts::fixed | Accepts::scaled};

  [[nodiscard]] constexpr Shape output_shape(Shape input) const noexcept {
    input.push_back(2);
    return input;
  }
  [[nodiscard]] constexpr std::int64_t state_size(const Shape& input) const noexcept {
    return 2 * std::int64_t{input.channels()};
  }
  [[nodiscard]] constexpr std::int64_t macs(const Shape& input) const noexcept { return 4 * input.size(); }
};

/// `constants.output` brings inputs to the state: by the quantized scales of the input, and a shift. `weights` are the real
/// parts of a, then the imaginary ones.
template <class F, class Storage>
constexpr Fault prepare(const StatefulRecurrentParams&, const Shape&, Format<F>& x,
                        const FloatVariables& variables, const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  const int buffer_bits = quantizers.buffer_bitwidth - 1;
  const int state_bits = quantizers.output.value_bits();
  const int weight_bits = quantizers.weights.value_bits();
  if (weight_bits < 1 || weight_bits > 30) return Fault::weight_bits_out_of_range;
  if (state_bits < 1 || state_bits > 30 || quantizers.output.bitwidth + buffer_bits > 62) {
    return Fault::output_bits_out_of_range;
  }
  constants.buffer_bits = buffer_bits;
  constants.state_bits = state_bits;
  constants.turn_bits = state_bits + weight_bits + 1;
  const Fault fault = prepare_input(x, buffer_bits, true, constants.input_shift);
  if (fault != Fault::none) return fault;
  if (buffer_bits <= state_bits) return Fault::output_not_narrower;

  constants.weight_shift = float32::max_frac_bits(weight_bits, largest_magnitude(variables.a_real));
  if (constants.weight_shift != float32::max_frac_bits(weight_bits, largest_magnitude(variables.a_imag))) {
    return Fault::recurrent_weights_not_aligned;
  }
  constants.weights.clear();
  for (const auto& part : {variables.a_real, variables.a_imag}) {
    for (const float a : part) {
      constants.weights.push_back(static_cast<typename decltype(constants.weights)::value_type>(
          round_half_even(float32::scale_by_power_of_two(a, constants.weight_shift), weight_bits)));
    }
  }

  auto& input = constants.output;
  input.mantissas.clear();
  input.mantissa_frac_bits.clear();
  input.shifts.clear();
  input.buffer_bits = buffer_bits;
  input.value_bits = buffer_bits;
  input.float32_products = true;
  const std::int32_t frac_bits =
      float32::max_frac_bits(state_bits, variables.range_max.empty() ? 1.0F : variables.range_max[0]);
  const std::size_t count = x.scales.size();
  for (std::size_t i = 0; i < count; ++i) {
    const QuantizedScale q = quantize_scale(x.scales[i], quantizers.output.bitwidth, {i, count});
    input.mantissas.push_back(q.mantissa);
    input.mantissa_frac_bits.push_back(q.frac_bits);
  }
  for (std::size_t i = 0; i < (count > 0 ? count : 1); ++i) {
    const std::int32_t from = x.frac_bits[0] + (count > 0 ? input.mantissa_frac_bits[i] : 0);
    input.shifts.push_back(frac_bits + constants.weight_shift - from);
  }
  constants.has_output = true;
  x.value_bits = state_bits;
  x.frac_bits.assign(2, frac_bits);
  x.scales.clear();
  x.raw = false;
  return Fault::none;
}

namespace detail {

struct Turned {
  std::int64_t re = 0;
  std::int64_t im = 0;
};

// s * a before anything is rounded, each product and sum limited to the buffer.
template <class Constants>
constexpr Turned turn(const Constants& constants, std::int32_t re, std::int32_t im, std::int32_t a_real,
                      std::int32_t a_imag) noexcept {
  if (constants.turns_fit_int32()) return {re * a_real - im * a_imag, re * a_imag + im * a_real};
  const auto product = [&](std::int64_t a, std::int64_t b) { return saturate(a * b, constants.buffer_bits); };
  return {saturate(product(re, a_real) - product(im, a_imag), constants.buffer_bits),
          saturate(product(re, a_imag) + product(im, a_real), constants.buffer_bits)};
}

}  // namespace detail

template <class Arch, class Constants, class X, class Y, class Values>
constexpr void run(Arch, const StatefulRecurrentParams&, const Shape& input, const Constants& constants, const X* x,
                   Y* y, std::int32_t*, LayerState<Values>& state) noexcept {
  using Value = typename Values::value_type;
  const std::int32_t channels = input.channels();
  const auto to_state = [&](std::int64_t v) {
    return static_cast<Value>(rescale_float32(v, -constants.weight_shift, constants.state_bits));
  };
  for (std::int64_t i = 0; i < input.size(); i += channels) {
    for (std::int32_t c = 0; c < channels; ++c, y += 2) {
      const auto k = static_cast<std::size_t>(c);
      Value& re = state.values[2 * k];
      Value& im = state.values[2 * k + 1];
      const detail::Turned turned =
          detail::turn(constants, static_cast<std::int32_t>(re), static_cast<std::int32_t>(im),
                       static_cast<std::int32_t>(constants.weights[k]),
                       static_cast<std::int32_t>(constants.weights[k + static_cast<std::size_t>(channels)]));
      const std::int64_t added = constants.output(AlignElement{constants}(x[i + c], c), k);
      re = to_state(saturate(turned.re + added, constants.buffer_bits));
      im = to_state(turned.im);
      y[0] = static_cast<Y>(re);
      y[1] = static_cast<Y>(im);
    }
  }
}

template <class Arch, class Values>
constexpr void run_float(Arch, const StatefulRecurrentParams&, const Shape& input, const FloatVariables& variables,
                         const float* x, float* y, LayerState<Values>& state) noexcept {
  const std::int32_t channels = input.channels();
  for (std::int64_t i = 0; i < input.size(); i += channels) {
    for (std::int32_t c = 0; c < channels; ++c, y += 2) {
      const auto k = static_cast<std::size_t>(c);
      const float re = state.values[2 * k];
      const float im = state.values[2 * k + 1];
      const float a_real = variables.a_real[k];
      const float a_imag = variables.a_imag[k];
      const float turned = float32::subtract(float32::multiply(re, a_real), float32::multiply(im, a_imag));
      y[0] = state.values[2 * k] = float32::add(turned, x[i + c]);
      y[1] = state.values[2 * k + 1] = float32::add(float32::multiply(a_imag, re), float32::multiply(a_real, im));
    }
  }
}

}  // namespace tenon
