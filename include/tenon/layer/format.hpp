// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/check/fault.hpp>
#include <tenon/layer/quantizer.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/number/float32.hpp>
#include <tenon/number/rounding.hpp>

namespace tenon {

// What the integers of a tensor stand for: value * 2^-frac_bits * scale, with one number of fractional bits
// for all or one for each channel, and no scales (a fixed-point tensor), one, or one for each channel. `Storage`
// says where vectors live: std::vector on the host, in place in a typed model.
template <class Storage>
struct Format {
  using Ints = typename Storage::template Channels<std::int32_t>;
  using Floats = typename Storage::template Channels<float>;

  int value_bits = 0;
  Ints frac_bits{};
  Floats scales{};
  bool raw = false;  ///< the integers of the model input, no layer between

  [[nodiscard]] constexpr bool has_scales() const noexcept { return !scales.empty(); }
  [[nodiscard]] constexpr bool per_tensor() const noexcept {
    return frac_bits.size() <= 1 && scales.size() <= 1;
  }
  [[nodiscard]] constexpr std::int32_t frac_bits_of(std::size_t channel) const noexcept {
    return frac_bits[frac_bits.size() == 1 ? 0 : channel];
  }
  [[nodiscard]] constexpr float scale_of(std::size_t channel) const noexcept {
    return scales.empty() ? 1.0F : scales[scales.size() == 1 ? 0 : channel];
  }
  [[nodiscard]] constexpr std::int32_t largest_frac_bits() const noexcept {
    std::int32_t top = frac_bits[0];
    for (const std::int32_t f : frac_bits) top = f > top ? f : top;
    return top;
  }
  /// The float that `value` of `channel` stands for.
  [[nodiscard]] constexpr float to_float(std::int64_t value, std::size_t channel) const noexcept {
    const float fixed =
        float32::scale_by_power_of_two(static_cast<float>(value), -frac_bits_of(channel));
    return has_scales() ? float32::multiply(fixed, scale_of(channel)) : fixed;
  }
};

/// Copies between storages.
template <class To, class From>
constexpr void assign_format(Format<To>& to, const Format<From>& from) noexcept {
  to.value_bits = from.value_bits;
  to.frac_bits.clear();
  for (const auto f : from.frac_bits) to.frac_bits.push_back(f);
  to.scales.clear();
  for (const auto s : from.scales) to.scales.push_back(s);
  to.raw = from.raw;
}

/// Whether a layer with these traits takes a tensor of this format.
template <class Storage>
[[nodiscard]] constexpr Fault accepts(const LayerTraits& traits, const Format<Storage>& x) noexcept {
  if (x.raw && !includes(traits.accepts, Accepts::raw)) return Fault::input_is_raw;
  if (x.raw) return Fault::none;
  if (x.has_scales() && !includes(traits.accepts, Accepts::scaled)) return Fault::input_has_scales;
  if (!x.has_scales() && !includes(traits.accepts, Accepts::fixed)) return Fault::input_is_fixed;
  return Fault::none;
}

// The output quantizer of a layer as integers: v * mantissa, limited to the buffer, then one rounded shift
// and a clamp. Without mantissas (a fixed-point input) only the shift.
template <class Storage>
struct Requantization {
  using Ints = typename Storage::template Channels<std::int32_t>;

  Ints mantissas{};        ///< none, one, or one a channel
  Ints mantissa_frac_bits{};
  Ints shifts{};           ///< to the left; one, or one a channel
  int buffer_bits = 32;
  int value_bits = 0;
  /// Where the reference's storage in float32 shows in the results: products keep 24 bits.
  bool float32_products = false;

  [[nodiscard]] constexpr std::int64_t operator()(std::int64_t v, std::size_t channel) const noexcept {
    if (!mantissas.empty()) {
      v = saturate(v * mantissas[mantissas.size() == 1 ? 0 : channel], buffer_bits);
    }
    const int by = shifts[shifts.size() == 1 ? 0 : channel];
    return float32_products ? rescale_float32(v, by, value_bits) : rescale(v, by, value_bits);
  }
};

/// Fills `output` for an output quantizer with calibrated ranges on a tensor of format `x`, and makes `x` the
/// format of its result. `original_bits` are the value bits of the tensor before any promotion.
template <class Storage, class OtherStorage>
constexpr Fault quantize_output(Format<Storage>& x, const OutputQuantizer& quantizer,
                                std::span<const float> range_max,
                                std::span<const float> rescaling_rate,
                                Requantization<OtherStorage>& output) noexcept {
  const int value_bits = quantizer.value_bits();
  if (value_bits < 1 || value_bits > 32 || quantizer.scale_bits < 1 || quantizer.scale_bits > 30 ||
      quantizer.buffer_bitwidth + quantizer.scale_bits > 62) {
    return Fault::output_bits_out_of_range;
  }
  output.value_bits = value_bits;
  output.buffer_bits = quantizer.buffer_bitwidth;
  output.mantissas.clear();
  output.mantissa_frac_bits.clear();
  output.shifts.clear();
  const auto at = [](const auto& v, std::size_t i) { return v[v.size() == 1 ? 0 : i]; };
  if (x.has_scales()) {
    if (quantizer.buffer_bitwidth < x.value_bits) return Fault::buffer_too_small;
    const std::size_t count =
        x.scales.size() > rescaling_rate.size() ? x.scales.size() : rescaling_rate.size();
    for (std::size_t i = 0; i < count; ++i) {
      const QuantizedScale q = quantize_scale(float32::multiply(x.scale_of(i), at(rescaling_rate, i)),
                                              quantizer.scale_bits, {i, count});
      output.mantissas.push_back(q.mantissa);
      output.mantissa_frac_bits.push_back(q.frac_bits);
    }
  }
  if (x.value_bits <= value_bits) return Fault::output_not_narrower;
  std::size_t channels = x.frac_bits.size();
  if (range_max.size() > channels) channels = range_max.size();
  if (output.mantissas.size() > channels) channels = output.mantissas.size();
  typename Format<Storage>::Ints frac_bits{};
  for (std::size_t i = 0; i < range_max.size(); ++i) {
    frac_bits.push_back(float32::max_frac_bits(value_bits, range_max[i], {i, range_max.size()}));
  }
  for (std::size_t i = 0; i < channels; ++i) {
    const std::int32_t from =
        at(x.frac_bits, i) + (output.mantissas.empty() ? 0 : at(output.mantissa_frac_bits, i));
    const std::int32_t by = at(frac_bits, i) - from;
    if (by >= value_bits) return Fault::output_shift_too_large;
    output.shifts.push_back(by);
  }
  x.value_bits = value_bits;
  x.frac_bits = frac_bits;
  x.scales.clear();
  x.raw = false;
  return Fault::none;
}

}  // namespace tenon
