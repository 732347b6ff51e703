// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/reference/magnitude_sum.hpp>
#include <tenon/kernel/reference/token.hpp>
#include <tenon/kernel/x86/token.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/number/quotient.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// A normalization of each token by the mean magnitude of its channels: x * trunc(g / sum |x|) + beta, where g is gamma *
// channels, shifted left as far as the output quantizer leaves room. One integer division an element, no table. The mean
// is not subtracted. A token of zeros gives beta.
struct LayerMadNormalizationParams {
  static constexpr LayerTraits traits{LayerKind::layer_mad_normalization, false, true, true, Accepts::fixed};

  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept { return input; }
  [[nodiscard]] constexpr std::int64_t macs(const Shape& input) const noexcept { return input.size(); }
};

template <class F, class Storage>
constexpr Fault prepare(const LayerMadNormalizationParams&, const Shape& input, Format<F>& x,
                        const FloatVariables& variables, const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  const int buffer_bits = quantizers.buffer_bitwidth - 1;
  constants.buffer_bits = buffer_bits;
  if (buffer_bits > 31) return Fault::buffer_too_large;
  Fault fault = prepare_input(x, buffer_bits, true, constants.input_shift);
  if (fault != Fault::none) return fault;
  const auto count = static_cast<float>(input.channels());
  typename Format<F>::Floats gamma{};
  for (std::size_t c = 0; c < static_cast<std::size_t>(input.channels()); ++c) {
    gamma.push_back(float32::multiply(variables.gamma.empty() ? 1.0F : variables.gamma[c], count));
  }
  typename Format<F>::Floats scale{};
  fault = quantize_weights(std::span<const float>(gamma.data(), gamma.size()), quantizers.weights, 1, scale,
                           constants.weights);
  if (fault != Fault::none) return fault;
  const int scale_bits = quantizers.has_output ? quantizers.output.scale_bits : 0;
  constants.weight_shift = buffer_bits - scale_bits - quantizers.weights.value_bits();
  if (constants.weight_shift < 0) return Fault::buffer_too_small;
  constants.dividend_bits = constants.weight_shift + quantizers.weights.value_bits();
  multiply_scales(x, scale);
  x.frac_bits.assign(1, constants.weight_shift);  // those of x and of its magnitude cancel
  FloatVariables shifted = variables;
  shifted.bias = variables.beta;
  constants.output.float32_products = true;
  return prepare_output(x, shifted, quantizers, constants);
}

namespace detail {

// Each factor is 0 where the magnitudes exceed gamma, and 24 bits hold what is divided: all in 32 bits, since no product
// is larger than its gamma.
template <class Constants, class X, class Y>
constexpr void normalize_in_32_bits(const Constants& constants, const X* token, std::int32_t channels, std::int64_t sum,
                                    Y* y) noexcept {
  const FinishSum finish{constants};
  const std::int32_t divisor = sum <= largest(24) ? static_cast<std::int32_t>(sum) : 0;
  const std::int32_t one = std::int32_t{1} << constants.weight_shift;
  for (std::int32_t c = 0; c < channels; ++c) {
    const std::int32_t g = static_cast<std::int32_t>(constants.weights[static_cast<std::size_t>(c)]) * one;
    const std::int32_t factor = divisor == 0 ? 0 : g / divisor;
    y[c] = static_cast<Y>(finish(static_cast<std::int32_t>(token[c]) * factor, c));
  }
}

template <class Constants, class X, class Y>
constexpr void normalize(const Constants& constants, const X* token, std::int32_t channels, std::int64_t sum,
                         Y* y) noexcept {
  const FinishSum finish{constants};
  const int bits = constants.buffer_bits;
  for (std::int32_t c = 0; c < channels; ++c) {
    const std::int64_t g =
        shift_left_saturated(constants.weights[static_cast<std::size_t>(c)], constants.weight_shift, bits);
    const std::int64_t factor = sum == 0 ? 0 : saturate(float32_quotient(g, sum), bits);
    y[c] = static_cast<Y>(finish(token[c] * factor, c));
  }
}

}  // namespace detail

/// `scratch` holds one token, input.channels() elements, if the input is aligned. `y` may be `x`.
template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch arch, const LayerMadNormalizationParams&, const Shape& input, const Constants& constants, const X* x,
                   Y* y, std::int32_t* scratch) noexcept {
  const std::int32_t channels = input.channels();
  for (std::int64_t i = 0; i < input.size();) {
    if (constants.dividends_fit_24_bits()) {
      const std::int64_t left = (input.size() - i) / channels;
      const std::int64_t done = kernel::normalize_by_magnitude(arch, x + i, static_cast<std::size_t>(channels), left, y + i,
                                                               AlignElement{constants}, FinishSum{constants});
      i += done * channels;
      if (done > 0) continue;
    }
    with_aligned_input(constants, x + i, channels, scratch, [&](const auto* token) {
      std::int64_t sum = 0;
      for (std::int32_t c = 0; c < channels; ++c) sum += magnitude(static_cast<std::int64_t>(token[c]));
      sum = saturate(sum, constants.buffer_bits);
      if (constants.dividends_fit_24_bits()) {
        detail::normalize_in_32_bits(constants, token, channels, sum, y + i);
      } else {
        detail::normalize(constants, token, channels, sum, y + i);
      }
    });
    i += channels;
  }
}

template <class Arch>
constexpr void run_float(Arch arch, const LayerMadNormalizationParams&, const Shape& input,
                         const FloatVariables& variables, const float* x, float* y) noexcept {
  const std::int32_t channels = input.channels();
  const float share = 1.0F / static_cast<float>(channels);
  for (std::int64_t i = 0; i < input.size(); i += channels) {
    const float mean = kernel::magnitude_sum(arch, x + i, channels) * share;
    for (std::int32_t c = 0; c < channels; ++c) {
      const auto k = static_cast<std::size_t>(c);
      const float scaled = variables.gamma.empty() ? x[i + c] : variables.gamma[k] * x[i + c];
      y[i + c] = scaled / mean + (variables.beta.empty() ? 0.0F : variables.beta[k]);
    }
  }
}

}  // namespace tenon
