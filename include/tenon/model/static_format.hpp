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
#include <tenon/model/shape_check.hpp>
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
  using Table = StaticVector<std::int32_t, MaxChannels>;
};

struct StaticFormat {
  int value_bits = 0;
  int stored_bits = 0;  ///< value bits that occur, where a wide buffer is known not to be filled
  std::size_t frac_bits = 1;
  std::size_t scales = 0;
  bool raw = false;
  bool aligned = false;  ///< all fractional bits are known to be equal
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
  std::size_t table = 0;
  std::size_t mantissas = 0;
  std::size_t shifts = 0;
  int weight_bits = 8;
  int scale_bits = 8;
  int buffer_bits = 31;
  int output_buffer_bits = 32;
  int output_bits = 0;
  int table_bits = 31;  ///< value bits of the elements of a table
  int input_bits = 0;
  int state_bits = 0;
  int exp_bits = 0;
  int exp_buffer_bits = 0;
  bool has_output = false;
  bool float32_products = false;  ///< of the output quantizer, as Requantization has it
  bool alignment = false;   ///< whether the input shifts are needed depends on the calibration
  bool fits_int32 = false;  ///< whatever the weights are
  bool scores_fit_int32 = false;
  bool dividends_fit_24_bits = false;
  bool turns_fit_int32 = false;
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
  if constexpr (requires { params.units; }) {  // more than channels where a reshape follows
    most = larger(most, static_cast<std::size_t>(params.units));
  }
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
         std::is_same_v<Params, LayerMadNormalizationParams> ||
         std::is_same_v<Params, AttentionParams> ||
         std::is_same_v<Params, GlobalAveragePooling2DParams>;
}

/// Whether a sum of products is below 2^31 for all weights and inputs.
template <class Params>
constexpr bool always_fits_int32(const Params& params, const Shape& input, int input_bits,
                                 int weight_bits, bool alignment, int buffer_bits) noexcept {
  std::int64_t terms = 0;
  int sum_bits = 31;
  if constexpr (std::is_same_v<Params, GlobalAveragePooling2DParams>) {
    terms = input.pixels();
    weight_bits = 1;
  } else if constexpr (std::is_same_v<Params, SeparableConv2DParams>) {
    return false;
  } else if constexpr (std::is_same_v<Params, StatefulProjectionParams>) {
    terms = params.rows_shape(input).channels();
  } else if constexpr (std::is_same_v<Params, DepthwiseBufferTempConvParams>) {
    terms = params.kernel_size;
    sum_bits = buffer_bits < 31 ? buffer_bits : 31;  // products have the limit of sums
  } else if constexpr (requires { params.kernel_count(input); }) {
    terms = params.kernel_count(input) / params.output_shape(input).channels();
  }
  if constexpr (requires { params.has_padding_value; }) {
    if (params.has_padding_value) return false;
  }
  const int room = sum_bits - input_bits - (weight_bits - 1);
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
  if constexpr (keeps_format<Params> || std::is_same_v<Params, ReLUParams> ||
                std::is_same_v<Params, ExtractTokenParams>) {
    bits = x.stored_bits;
  }
  if constexpr (std::is_same_v<Params, GlobalAveragePooling2DParams>) {
    bits = x.stored_bits;
    if (x.frac_bits > 1 && !x.scales) return y.value_bits;  // aligned
    for (std::int64_t n = 1; n < input.pixels(); n *= 2) ++bits;
  }
  return bits < y.value_bits ? bits : y.value_bits;
}

/// What `prepare` does for vectors without weights in them.
template <class Params, class Storage>
constexpr Fault prepare_sizes(const Params& params, const Shape& input, Format<Storage>& x,
                              const FloatVariables& v, const LayerQuantizers& quantizers,
                              LayerConstants<Storage>& constants) noexcept {
  if constexpr (std::is_same_v<Params, ActivationParams>) {
    const Fault fault = check_table(x, quantizers);
    return fault != Fault::none ? fault : prepare_table_output(1.0F, x, v, quantizers, constants);
  } else if constexpr (std::is_same_v<Params, AddPositionEmbsParams>) {
    return prepare(params, Shape{1, input.channels()}, x, v, quantizers, constants);  // one token
  } else {
    return prepare(params, input, x, v, quantizers, constants);
  }
}

/// Elements of the table of a layer.
template <class Params>
constexpr std::size_t table_elements(const Params&, const Shape& input, int input_bits) noexcept {
  if (std::is_same_v<Params, ActivationParams>) return table_size(input_bits);
  return std::is_same_v<Params, AddPositionEmbsParams> ? static_cast<std::size_t>(input.size()) : 0;
}

/// Formats and shapes of the inputs; those that a layer does not have are copies of its last one.
struct StaticInputs {
  StaticFormat a{};
  StaticFormat b{};
  StaticFormat c{};
  Shape first{};
  Shape second{};
};

template <std::size_t Capacity, class Params>
constexpr StaticLayer prepare_statically(const Params& params, const StaticInputs& inputs,
                                         const Shape& output,
                                         const LayerQuantizers& quantizers) noexcept {
  const StaticFormat& a = inputs.a;
  const Shape& input = inputs.first;
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
  v.moving_mean = v.moving_variance = first(ones, counts.moments);
  v.gamma = first(ones, counts.normalization);
  v.beta = first(zeros, counts.normalization);
  v.cls = first(zeros, counts.cls);
  if (counts.pos_embedding > 0) {
    v.pos_embedding = first(zeros, static_cast<std::size_t>(input.channels()));
  }
  const std::size_t per_axis =
      quantizers.output.per_axis ? static_cast<std::size_t>(output.channels()) : 1;
  v.range_max = first(ranges, per_axis);
  v.rescaling_rate = first(ones, per_axis);

  known.fault = accepts(Params::traits, x);
  if (known.fault != Fault::none) return known;
  if constexpr (inputs_needed<Params> == 1) {
    known.fault = prepare_sizes(params, input, x, v, quantizers, constants);
  } else {
    const Format<Storage> y = format_of<Storage>(inputs.b);
    const Format<Storage> z = format_of<Storage>(inputs.c);
    known.fault = accepts(Params::traits, y);
    if (known.fault == Fault::none) known.fault = accepts(Params::traits, z);
    if (known.fault != Fault::none) return known;
    if constexpr (inputs_needed<Params> == 2) {
      known.fault = prepare(params, input, inputs.second, x, y, v, quantizers, constants);
    } else {
      known.fault = prepare(params, input, inputs.second, x, y, z, v, quantizers, constants);
    }
  }
  if (known.fault != Fault::none) return known;

  known.format = {x.value_bits, 0, x.frac_bits.size(), x.scales.size(), false};
  known.format.stored_bits = bits_that_occur(params, input, a, known.format, quantizers.has_output);
  known.format.aligned =
      std::is_same_v<Params, StatefulRecurrentParams> || (keeps_format<Params> && a.aligned);
  ConstantCounts& c = known.counts;
  const StaticFormat& summed = inputs_needed<Params> == 3 ? inputs.c : a;
  c.alignment = aligns(params) && summed.frac_bits > 1 && summed.scales == 0 && !summed.aligned;
  c.input_shift = c.alignment ? summed.frac_bits : constants.input_shift.size();
  c.second_shift = constants.second_shift.size();
  c.weights = counts.kernel + counts.normalization + 2 * counts.recurrent;
  c.pointwise = counts.pointwise_kernel;
  c.bias = constants.bias.size();
  c.maximum = constants.maximum.size();
  c.padding = constants.padding.size();
  c.table = table_elements(params, input, a.value_bits);
  if (std::is_same_v<Params, ActivationParams>) c.table_bits = quantizers.lut_bitwidth - 1;
  c.input_bits = constants.input_bits;
  c.state_bits = constants.state_bits;
  c.exp_bits = constants.exp_bits;
  c.exp_buffer_bits = constants.exp_buffer_bits;
  c.scores_fit_int32 = constants.scores_fit_int32();
  c.dividends_fit_24_bits = constants.dividends_fit_24_bits();
  c.turns_fit_int32 = constants.turns_fit_int32();
  c.weight_bits = quantizers.weights.bitwidth;
  c.buffer_bits = constants.buffer_bits;
  c.has_output = quantizers.has_output;
  if (c.has_output) {
    c.mantissas = constants.output.mantissas.size();
    c.shifts = constants.output.shifts.size();
    c.scale_bits = std::is_same_v<Params, StatefulRecurrentParams> ? quantizers.output.bitwidth
                                                                   : quantizers.output.scale_bits;
    c.output_buffer_bits = constants.output.buffer_bits;
    c.output_bits = constants.output.value_bits;
    c.float32_products = constants.output.float32_products;
  }
  c.fits_int32 =
      always_fits_int32(params, input, a.value_bits, c.weight_bits, c.alignment, c.buffer_bits);
  if (std::is_same_v<Params, AttentionParams> && !c.alignment)
    c.fits_int32 = constants.fits_int32();
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
    constexpr std::size_t last = inputs[inputs.count - 1];
    constexpr std::size_t middle = inputs.count == 1 ? last : inputs[1];
    constexpr const StaticLayer& a = static_layer<Model, Params, inputs[0]>;
    constexpr const StaticLayer& b = static_layer<Model, Params, middle>;
    constexpr const StaticLayer& c = static_layer<Model, Params, last>;
    constexpr StaticInputs given{a.format, b.format, c.format, Model::shapes[inputs[0]],
                                 Model::shapes[middle]};
    constexpr std::size_t vectors = larger(larger(larger(a.format.frac_bits, a.format.scales),
                                                  larger(b.format.frac_bits, b.format.scales)),
                                           larger(c.format.frac_bits, c.format.scales));
    if constexpr (a.fault != Fault::none || b.fault != Fault::none || c.fault != Fault::none) {
      return {};  // the layer in front is reported
    } else {
      constexpr std::size_t capacity = capacity_of(params, given.first, Model::shapes[I], vectors);
      return prepare_statically<capacity>(params, given, Model::shapes[I],
                                          quantizers_of<Model, Params, I>);
    }
  }
}

}  // namespace detail

}  // namespace tenon
