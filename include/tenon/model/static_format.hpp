// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/layer/any_layer.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/format.hpp>
#include <tenon/model/plan.hpp>
#include <tenon/model/variables.hpp>
#include <tenon/tensor/static_vector.hpp>
#include <type_traits>

// What is known of the tensors and constants of a layer before any weight is: value bits, and how
// many fractional bits, scales, shifts, mantissas there are. It comes from preparing the layer, by
// the same function that prepares it later, with weights of no size and ranges that make all
// fractional bits 0.
namespace tenon {

/// Vectors in place, for the constants of a typed model.
template <std::size_t MaxChannels, class Weight = std::int8_t, std::size_t WeightCount = 0>
struct StaticStorage {
  template <class T>
  using Channels = StaticVector<T, MaxChannels>;
  using Weights = StaticVector<Weight, WeightCount>;
};

struct StaticFormat {
  int value_bits = 0;
  int stored_bits = 0;  ///< value bits that occur, where a wide buffer is known not to be filled
  std::size_t frac_bits = 1;
  std::size_t scales = 0;
  bool raw = false;
};

/// Elements of each constant of a layer.
struct ConstantCounts {
  std::size_t input_shift = 0;
  std::size_t second_shift = 0;
  std::size_t weights = 0;
  std::size_t pointwise = 0;
  std::size_t bias = 0;
  std::size_t maximum = 0;
  std::size_t padding = 0;
  std::size_t mantissas = 0;
  std::size_t shifts = 0;
  int weight_bits = 8;
  int scale_bits = 8;
  int buffer_bits = 31;
  int output_buffer_bits = 32;
  int output_bits = 0;
  bool has_output = false;
  bool alignment = false;   ///< whether the input shifts are needed depends on the calibration
  bool fits_int32 = false;  ///< whatever the weights are
};

struct StaticLayer {
  StaticFormat format{};
  ConstantCounts counts{};
  std::size_t capacity =
      1;  ///< elements of the longest vector of its format and constants, weights aside
  Fault fault = Fault::none;
};

namespace detail {

constexpr std::size_t larger(std::size_t a, std::size_t b) noexcept { return a > b ? a : b; }

/// Layers that pass on the format of their input, whatever the number of channels of their output.
template <class Params>
inline constexpr bool keeps_format =
    std::is_same_v<Params, FlattenParams> || std::is_same_v<Params, ReshapeParams> ||
    std::is_same_v<Params, DropoutParams> || std::is_same_v<Params, RescalingParams> ||
    std::is_same_v<Params, MaxPooling2DParams> || std::is_same_v<Params, PermuteParams>;

template <class Params>
constexpr std::size_t capacity_of(const Params& params, const Shape& input, const Shape& output,
                                  std::size_t input_vectors) noexcept {
  if (keeps_format<Params>) return larger(input_vectors, 1);
  std::size_t most = larger(input_vectors, static_cast<std::size_t>(output.channels()));
  if constexpr (requires { params.has_padding_value; }) {
    if (params.has_padding_value) most = larger(most, static_cast<std::size_t>(input.channels()));
  }
  return most;
}

/// Layers that shift the channels of a per-axis input to common fractional bits.
template <class Params>
constexpr bool aligns(const Params&) noexcept {
  return std::is_same_v<Params, FlattenParams> ||
         (Params::traits.has_weights && !std::is_same_v<Params, DepthwiseConv2DParams>) ||
         std::is_same_v<Params, BatchNormalizationParams> ||
         std::is_same_v<Params, GlobalAveragePooling2DParams>;
}

/// Whether a sum of products is below 2^31 for all weights and inputs.
template <class Params>
constexpr bool always_fits_int32(const Params& params, const Shape& input, int input_bits,
                                 int weight_bits, bool alignment) noexcept {
  std::int64_t terms = 0;
  if constexpr (std::is_same_v<Params, GlobalAveragePooling2DParams>) {
    terms = input.pixels();
    weight_bits = 1;
  } else if constexpr (std::is_same_v<Params, SeparableConv2DParams>) {
    return false;
  } else if constexpr (requires { params.kernel_count(input); }) {
    terms = params.kernel_count(input) / params.output_shape(input).channels();
  }
  if constexpr (requires { params.has_padding_value; }) {
    if (params.has_padding_value) return false;
  }
  const int room = 31 - input_bits - (weight_bits - 1);
  return terms > 0 && !alignment && room > 0 && terms < (std::int64_t{1} << room);
}

template <class Storage>
constexpr Format<Storage> format_of(const StaticFormat& known) noexcept {
  Format<Storage> format;
  format.value_bits = known.value_bits;
  format.frac_bits.assign(known.frac_bits, 0);
  format.scales.assign(known.scales, 1.0F);
  format.raw = known.raw;
  return format;
}

/// Value bits of what the layer really puts out: a buffer of 32 bits is rarely filled.
template <class Params>
constexpr int bits_that_occur(const Params&, const Shape& input, const StaticFormat& x,
                              const StaticFormat& y, bool has_output) noexcept {
  if (has_output) return y.value_bits;
  int bits = y.value_bits;
  if constexpr (keeps_format<Params> || std::is_same_v<Params, ReLUParams>) bits = x.stored_bits;
  if constexpr (std::is_same_v<Params, GlobalAveragePooling2DParams>) {
    bits = x.stored_bits;
    if (x.frac_bits > 1 && !x.scales) return y.value_bits;  // aligned
    for (std::int64_t n = 1; n < input.pixels(); n *= 2) ++bits;
  }
  return bits < y.value_bits ? bits : y.value_bits;
}

/// `a` and `b` are the formats of the inputs; `second` and `b` count for layers with two inputs
/// only.
template <std::size_t Capacity, class Params>
constexpr StaticLayer prepare_statically(const Params& params, const Shape& input,
                                         const Shape& second, const Shape& output,
                                         const StaticFormat& a, const StaticFormat& b,
                                         const LayerQuantizers& quantizers) noexcept {
  using Storage = StaticStorage<Capacity, std::int8_t, Capacity>;
  StaticLayer known;
  known.capacity = Capacity;
  Format<Storage> x = format_of<Storage>(a);
  LayerConstants<Storage> constants;
  std::array<float, Capacity> ones{};
  std::array<float, Capacity> zeros{};
  std::array<float, Capacity> ranges{};
  for (float& one : ones) one = 1.0F;
  const float range =
      quantizers.output.value_bits() >= 1 && quantizers.output.value_bits() <= 32
          ? static_cast<float>(float32::power_of_two(quantizers.output.value_bits()))
          : 1.0F;
  for (float& r : ranges) r = range;
  const VariableCounts counts = variable_counts(params, input);
  const auto first = [](const auto& values, std::size_t n) {
    return std::span<const float>(values.data(), n);
  };
  FloatVariables v;
  v.bias = first(zeros, counts.bias);
  v.padding_value = first(zeros, counts.padding_value);
  v.moving_mean = v.moving_variance = first(ones, counts.normalization);
  const std::size_t per_axis =
      quantizers.output.per_axis ? static_cast<std::size_t>(output.channels()) : 1;
  v.range_max = first(ranges, per_axis);
  v.rescaling_rate = first(ones, per_axis);

  known.fault = accepts(Params::traits, x);
  if (known.fault != Fault::none) return known;
  if constexpr (requires { prepare(params, input, x, v, quantizers, constants); }) {
    known.fault = prepare(params, input, x, v, quantizers, constants);
  } else {
    const Format<Storage> y = format_of<Storage>(b);
    known.fault = accepts(Params::traits, y);
    if (known.fault != Fault::none) return known;
    known.fault = prepare(params, input, second, x, y, v, quantizers, constants);
  }
  if (known.fault != Fault::none) return known;

  known.format = {x.value_bits, 0, x.frac_bits.size(), x.scales.size(), false};
  known.format.stored_bits = bits_that_occur(params, input, a, known.format, quantizers.has_output);
  ConstantCounts& c = known.counts;
  c.alignment = aligns(params) && a.frac_bits > 1 && a.scales == 0;
  c.input_shift = c.alignment ? a.frac_bits : constants.input_shift.size();
  c.second_shift = constants.second_shift.size();
  c.weights = counts.kernel + counts.normalization;
  c.pointwise = counts.pointwise_kernel;
  c.bias = constants.bias.size();
  c.maximum = constants.maximum.size();
  c.padding = constants.padding.size();
  c.weight_bits = quantizers.weights.bitwidth;
  c.buffer_bits = constants.buffer_bits;
  c.has_output = quantizers.has_output;
  if (c.has_output) {
    c.mantissas = constants.output.mantissas.size();
    c.shifts = constants.output.shifts.size();
    c.scale_bits = quantizers.output.scale_bits;
    c.output_buffer_bits = constants.output.buffer_bits;
    c.output_bits = constants.output.value_bits;
  }
  c.fits_int32 = always_fits_int32(params, input, a.value_bits, c.weight_bits, c.alignment);
  return known;
}

/// The plan of a whole model: all layers are quantized, the last one has `last_output_bits` if
/// given.
template <class Model>
constexpr auto plan_model(const QuantizationParams& params) noexcept {
  const auto layers = Model::descriptions();
  std::array<LayerPlan, Model::layer_count> plan{};
  plan_outputs(layers, params, plan);
  plan_layers(layers, params, Model::layer_count, plan);
  if (params.last_output_bits > 0) {
    LayerPlan& last = plan.back();
    last.has_output = true;
    last.output = {params.last_output_bits, true, false, params.last_output_bits >= 16 ? 16 : 8,
                   params.buffer_bits};
  }
  return plan;
}

}  // namespace detail

template <class Model, QuantizationParams Params>
inline constexpr std::array<LayerPlan, Model::layer_count> plan_of =
    detail::plan_model<Model>(Params);

template <class Model, QuantizationParams Params, std::size_t I>
inline constexpr LayerQuantizers quantizers_of = default_quantizers(
    Model::template LayerAt<I>::params.traits.kind, plan_of<Model, Params>[I], Params);

namespace detail {

template <class Model, QuantizationParams Params, std::size_t I>
constexpr StaticLayer prepare_layer_statically() noexcept;

}  // namespace detail

/// Each layer is a constant of its own, within the steps that compilers allow for one.
template <class Model, QuantizationParams Params, std::size_t I>
inline constexpr StaticLayer static_layer = detail::prepare_layer_statically<Model, Params, I>();

namespace detail {

template <class Model, QuantizationParams Params, std::size_t I>
constexpr StaticLayer prepare_layer_statically() noexcept {
  constexpr auto params = Model::template LayerAt<I>::params;
  if constexpr (I == 0) {
    StaticLayer known;
    const int bits = value_bits_of(params.type);
    known.format = {bits, bits, 1, 0, true};
    return known;
  } else {
    constexpr auto inputs = Model::inputs[I];
    constexpr const StaticLayer& a = static_layer<Model, Params, inputs[0]>;
    constexpr const StaticLayer& b = static_layer<Model, Params, inputs[inputs.count - 1]>;
    constexpr Shape input = Model::shapes[inputs[0]];
    constexpr Shape second = Model::shapes[inputs[inputs.count - 1]];
    constexpr std::size_t vectors = larger(larger(a.format.frac_bits, a.format.scales),
                                           larger(b.format.frac_bits, b.format.scales));
    if constexpr (a.fault != Fault::none || b.fault != Fault::none) {
      return {};  // the layer in front is reported
    } else {
      constexpr std::size_t capacity = capacity_of(params, input, Model::shapes[I], vectors);
      return prepare_statically<capacity>(params, input, second, Model::shapes[I], a.format,
                                          b.format, quantizers_of<Model, Params, I>);
    }
  }
}

}  // namespace detail

}  // namespace tenon
