// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/multiply_add.hpp>
#include <tenon/kernel/reference/token.hpp>
#include <tenon/kernel/x86/token.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// A normalization that could not be folded: v * a + b on the last axis, with a = gamma / sqrt(variance + epsilon)
// quantized with one scale and b = beta - mean * a as a bias (FinishSum). A per-axis input is aligned.
struct BatchNormalizationParams {
  static constexpr LayerTraits traits{LayerKind::batch_normalization, false, true, true,
                                      Accepts::fixed | Accepts::scaled};

  float epsilon = 1e-3F;

  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept { return input; }
  [[nodiscard]] constexpr std::int64_t macs(const Shape& input) const noexcept { return input.size(); }
};

/// sqrt(x), x > 0.
[[nodiscard]] constexpr double square_root(float x) noexcept {
  const auto v = static_cast<double>(x);
  double root = v > 1 ? v : 1;
  for (int i = 0; i < 200; ++i) {  // Newton, from above
    const double next = 0.5 * (root + v / root);
    if (!(next < root)) break;
    root = next;
  }
  return root;
}
/// 1 / sqrt(x) rounded once to float32, x > 0.
[[nodiscard]] constexpr float reciprocal_square_root(float x) noexcept {
  return static_cast<float>(1 / square_root(x));
}

/// a and b of a channel, in the order of the reference's float32 operations.
struct Normalization {
  float a = 1;
  float b = 0;
};
[[nodiscard]] constexpr Normalization normalization(const FloatVariables& variables, float epsilon,
                                                    std::size_t c) noexcept {
  const float gamma = variables.gamma.empty() ? 1.0F : variables.gamma[c];
  const float beta = variables.beta.empty() ? 0.0F : variables.beta[c];
  const float rec = reciprocal_square_root(float32::add(variables.moving_variance[c], epsilon));
  const float scaled_mean = float32::multiply(-variables.moving_mean[c], gamma);
  return {float32::multiply(gamma, rec), float32::add(float32::multiply(scaled_mean, rec), beta)};
}

template <class F, class Storage>
constexpr Fault prepare(const BatchNormalizationParams& params, const Shape& input, Format<F>& x,
                        const FloatVariables& variables, const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  const int input_bits = x.value_bits;
  const int buffer_bits = quantizers.buffer_bitwidth - 1;
  constants.buffer_bits = buffer_bits;
  Fault fault = prepare_input(x, buffer_bits, true, constants.input_shift);
  if (fault != Fault::none) return fault;
  if (!x.per_tensor()) return Fault::input_not_per_tensor;
  const auto channels = static_cast<std::size_t>(input.channels());
  typename Format<F>::Floats a{};
  typename Format<F>::Floats b{};
  for (std::size_t c = 0; c < channels; ++c) {
    const Normalization n = normalization(variables, params.epsilon, c);
    a.push_back(n.a);
    b.push_back(n.b);
  }
  typename Format<F>::Floats scale{};
  fault = quantize_weights(std::span<const float>(a.data(), channels), quantizers.weights, 1, scale,
                           constants.weights);
  if (fault != Fault::none) return fault;
  constants.largest_sum = largest_sum(constants.weights, channels, [&](std::size_t, std::size_t c) {
    return largest_input(input_bits, constants.input_shift, c, buffer_bits);
  });
  multiply_scales(x, scale);
  FloatVariables shifted = variables;
  shifted.bias = std::span<const float>(b.data(), channels);
  return prepare_output(x, shifted, quantizers, constants);
}

/// `scratch` holds input.size() elements.
template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch arch, const BatchNormalizationParams&, const Shape& input, const Constants& constants, const X* x,
                   Y* y, std::int32_t*) noexcept {
  constexpr std::int32_t* no_table = nullptr;
  const std::int32_t channels = input.channels();
  for (std::int64_t i = 0; i < input.size(); i += channels) {
    kernel::scale_and_add(arch, x + i, constants.weights.data(), no_table, static_cast<std::size_t>(channels), y + i,
                          AlignElement{constants}, FinishSum{constants});
  }
}

template <class Arch>
constexpr void run_float(Arch arch, const BatchNormalizationParams& params, const Shape& input,
                         const FloatVariables& variables, const float* x, float* y) noexcept {
  const std::int32_t channels = input.channels();
  for (std::int32_t c = 0; c < channels; ++c) {
    const auto k = static_cast<std::size_t>(c);
    const float gamma = variables.gamma.empty() ? 1.0F : variables.gamma[k];
    const float beta = variables.beta.empty() ? 0.0F : variables.beta[k];
    const float mean = variables.moving_mean[k];
    const float variance = float32::add(variables.moving_variance[k], params.epsilon);
    if (input.rank == 3) {
      const float rec = 1.0F / static_cast<float>(square_root(variance));
      for (std::int64_t i = c; i < input.size(); i += channels) {
        y[i] = kernel::multiply_add(arch, beta, float32::multiply(x[i] - mean, rec), gamma);
      }
    } else {
      const float a = float32::multiply(gamma, reciprocal_square_root(variance));
      const float b = float32::subtract(beta, float32::multiply(mean, a));
      for (std::int64_t i = c; i < input.size(); i += channels) {
        y[i] = float32::add(float32::multiply(x[i], a), b);
      }
    }
  }
}

}  // namespace tenon
