// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/number/float32.hpp>
#include <tenon/number/rounding.hpp>

// The three quantizers of the guide and the numbers they choose. All are structural literal types.
namespace tenon {

/// Scales of a weight tensor: one for each element of the last axis, of the last but one, or one for all.
enum class WeightAxis : std::int8_t { last, second_last, none };

struct WeightQuantizer {
  std::int32_t bitwidth = 4;
  bool is_signed = true;
  WeightAxis axis = WeightAxis::last;
  [[nodiscard]] constexpr int value_bits() const noexcept { return bitwidth - (is_signed ? 1 : 0); }
};

/// For biases, maxima, padding values: aligned on the scales and fractional bits of another tensor.
struct AlignedWeightQuantizer {
  std::int32_t bitwidth = 8;
  bool is_signed = true;
  [[nodiscard]] constexpr int value_bits() const noexcept { return bitwidth - (is_signed ? 1 : 0); }
};

struct OutputQuantizer {
  std::int32_t bitwidth = 8;
  bool is_signed = true;
  bool per_axis = false;
  std::int32_t scale_bits = 8;
  std::int32_t buffer_bitwidth = 32;
  [[nodiscard]] constexpr int value_bits() const noexcept { return bitwidth - (is_signed ? 1 : 0); }
};

/// The quantizers of one layer. Which of them a layer has, its own file says.
struct LayerQuantizers {
  WeightQuantizer weights{};
  WeightQuantizer pointwise{};  ///< of a separable convolution
  AlignedWeightQuantizer bias{};
  AlignedWeightQuantizer maximum{8, false};
  OutputQuantizer output{};
  bool has_output = false;
  std::int32_t buffer_bitwidth = 32;
  std::int32_t lut_bitwidth = 14;  ///< of an activation table
  std::int32_t exp_bitwidth = 10;  ///< of a shiftmax
  std::int32_t softmax_buffer_bitwidth = 0;  ///< of the shiftmax in an attention; 0: the attention's own
};

/// Largest magnitude; NaN never wins.
[[nodiscard]] constexpr float largest_magnitude(std::span<const float> values) noexcept {
  float top = 0;
  for (const float v : values) {
    const float a = float32::absolute(v);
    if (a > top) top = a;
  }
  return top;
}

/// Scale of weights with magnitudes up to `range`: a product with the float32 reciprocal of the largest
/// integer, at least 1e-6.
[[nodiscard]] constexpr float weight_scale(float range, int value_bits) noexcept {
  const float scale = float32::multiply(range, 1.0F / static_cast<float>(largest(value_bits)));
  return scale > 1e-6F ? scale : 1e-6F;
}

/// round(w / scale), ties to even, saturated.
[[nodiscard]] constexpr std::int64_t quantize_weight(float w, float scale, int value_bits) noexcept {
  return round_half_even(w / scale, value_bits);
}

struct AlignedValue {
  std::int64_t value = 0;
  std::int32_t shift = 0;  ///< how far it was shifted left to the fractional bits of the other tensor
};

/// x on `scale` with as many fractional bits as `value_bits` allow for magnitudes up to `range`, then shifted left
/// to `frac_bits` with `buffer_bits` value bits. The shift must stay below `buffer_bits`.
[[nodiscard]] constexpr AlignedValue align_weight(float x, float range, float scale, int value_bits,
                                                  std::int32_t frac_bits, int buffer_bits,
                                                  float32::Position at) noexcept {
  std::int32_t own = float32::max_frac_bits(value_bits, range / scale, at);
  if (own > frac_bits) own = frac_bits;
  const float scaled = float32::scale_by_power_of_two(x / scale, own);
  const std::int32_t shift = frac_bits - own;
  return {rescale(round_half_even(scaled, value_bits), shift, buffer_bits), shift};
}

/// A float scale as mantissa * 2^-frac_bits with an unsigned mantissa of `bits` bits. A power of two becomes
/// (2^bits - 1) * 2^-frac_bits, as in the reference.
struct QuantizedScale {
  std::int32_t mantissa = 0;
  std::int32_t frac_bits = 0;
};
[[nodiscard]] constexpr QuantizedScale quantize_scale(float scale, int bits,
                                                      float32::Position at) noexcept {
  const std::int32_t frac_bits = bits - float32::ceil_log2(scale, at);
  return {static_cast<std::int32_t>(
              round_half_even(float32::scale_by_power_of_two(scale, frac_bits), bits)),
          frac_bits};
}

}  // namespace tenon
