// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tenon/host/analyse/error_metrics.hpp>
#include <tenon/host/analyse/open_outputs.hpp>
#include <tenon/host/analyse/quantization_error.hpp>
#include <tenon/host/interpret/program.hpp>
#include <tenon/number/float32.hpp>
#include <utility>
#include <vector>

// The error of the weights, biases and other constants of a quantized model: each as a float of the
// file against the integers that the layer computes with.
namespace tenon::host {

namespace detail {

/// One quantizer of a layer: what went in and what came out, channels along the last axis.
struct QuantizedConstants {
  std::string_view quantizer;
  std::vector<float> floats;
  std::vector<float> dequantized;
  std::vector<bool> limits;  ///< which integers stand at the ends of their range
  std::size_t channels = 1;
};

/// Weights with `scales` scales, as quantize_weights makes them.
[[nodiscard]] inline QuantizedConstants weights_of(std::string_view name,
                                                   std::span<const float> floats,
                                                   const WeightQuantizer& quantizer,
                                                   std::size_t scales, std::size_t channels) {
  QuantizedConstants c{name, {floats.begin(), floats.end()}, {}, {}, channels};
  std::vector<float> scale;
  std::vector<std::int32_t> integers;
  if (quantize_weights(floats, quantizer, scales, scale, integers) != Fault::none) return c;
  for (std::size_t i = 0; i < integers.size(); ++i) {
    c.dequantized.push_back(static_cast<float>(integers[i]) * scale[i % scale.size()]);
    c.limits.push_back(at_limit(integers[i], quantizer.value_bits()));
  }
  return c;
}

/// Integers on the format of the tensor that they are added to or compared with.
template <class Integers>
[[nodiscard]] QuantizedConstants aligned_of(std::string_view name, std::span<const float> floats,
                                            const Integers& integers, const HostFormat& format) {
  const std::size_t channels =
      std::max<std::size_t>(integers.size() / std::max<std::size_t>(floats.size(), 1), 1);
  QuantizedConstants c{name, {}, {}, {}, floats.size() == 1 ? integers.size() : floats.size()};
  for (std::size_t i = 0; i < integers.size(); ++i) {
    // One float may stand for all channels.
    c.floats.push_back(floats[channels > 1 ? 0 : i]);
    const std::size_t widest = std::max(format.frac_bits.size(), format.scales.size());
    c.dequantized.push_back(format.to_float(integers[i], i % widest));
    c.limits.push_back(at_limit(integers[i], format.value_bits));
  }
  return c;
}

struct WeightsOf {
  const Step& step;
  const Shape& input;
  const LayerQuantizers& quantizers;

  using List = std::vector<QuantizedConstants>;

  [[nodiscard]] List kernel(std::size_t scales, std::size_t channels) const {
    return {weights_of("weight_quantizer", step.variables.kernel, quantizers.weights, scales,
                       channels)};
  }
  List operator()(const Conv2DParams& p) const { return same(p.filters); }
  List operator()(const Conv2DTransposeParams& p) const { return same(p.filters); }
  List operator()(const DenseParams& p) const { return same(p.units); }
  List operator()(const BufferTempConvParams& p) const { return same(p.filters); }
  List operator()(const DepthwiseConv2DParams&) const { return same(input.channels()); }
  List operator()(const DepthwiseBufferTempConvParams&) const { return same(input.channels()); }
  List operator()(const DepthwiseConv2DTransposeParams&) const {
    return kernel(1, static_cast<std::size_t>(input.channels()));
  }
  List operator()(const StatefulProjectionParams& p) const {
    return kernel(p.upshape.rank > 0 ? 1 : static_cast<std::size_t>(p.units),
                  static_cast<std::size_t>(p.units));
  }
  List operator()(const SeparableConv2DParams& p) const {
    const auto filters = static_cast<std::size_t>(p.filters);
    return {weights_of("dw_weight_quantizer", step.variables.kernel, quantizers.weights, 1,
                       static_cast<std::size_t>(input.channels())),
            weights_of("pw_weight_quantizer", step.variables.pointwise_kernel, quantizers.pointwise,
                       filters, filters)};
  }
  List operator()(const BatchNormalizationParams& p) const {
    std::vector<float> a;
    for (std::size_t c = 0; c < static_cast<std::size_t>(input.channels()); ++c) {
      a.push_back(normalization(step.variables, p.epsilon, c).a);
    }
    return {weights_of("a_quantizer", a, quantizers.weights, 1, a.size())};
  }
  List operator()(const LayerMadNormalizationParams&) const {
    const std::span<const float> gamma = step.variables.gamma;
    return {weights_of("gamma_quantizer", gamma, quantizers.weights, 1, gamma.size())};
  }
  /// Fixed-point weights, real parts and then imaginary ones.
  List operator()(const StatefulRecurrentParams&) const {
    QuantizedConstants c{"a_quantizer", {}, {}, {}, step.variables.a_real.size()};
    for (const auto& part : {step.variables.a_real, step.variables.a_imag}) {
      c.floats.insert(c.floats.end(), part.begin(), part.end());
    }
    for (const std::int32_t w : step.constants.weights) {
      c.dequantized.push_back(
          float32::scale_by_power_of_two(static_cast<float>(w), -step.constants.weight_shift));
      c.limits.push_back(at_limit(w, quantizers.weights.value_bits()));
    }
    return {c};
  }
  template <class Params>
  List operator()(const Params&) const {
    return {};
  }

 private:
  [[nodiscard]] List same(std::int32_t channels) const {
    return kernel(static_cast<std::size_t>(channels), static_cast<std::size_t>(channels));
  }
};

/// Biases, maxima, padding values and tables, on the format of the sums of the layer.
inline void add_aligned(const Program& program, std::size_t i, const LayerQuantizers& quantizers,
                        HostFormat sums, std::vector<QuantizedConstants>& list) {
  const Step& step = program.steps()[i];
  const LayerKind kind = traits_of(step.params).kind;
  sums.value_bits = step.constants.buffer_bits;
  const std::string_view name = quantizer_keys(kind).aligned;
  std::vector<float> shift;  // the bias of a normalization is made of its variables
  std::span<const float> bias = step.variables.bias;
  if (kind == LayerKind::layer_mad_normalization) bias = step.variables.beta;
  if (kind == LayerKind::class_token) bias = step.variables.cls;
  if (const auto* norm = std::get_if<BatchNormalizationParams>(&step.params)) {
    for (std::size_t c = 0; c < step.constants.bias.size(); ++c) {
      shift.push_back(normalization(step.variables, norm->epsilon, c).b);
    }
    bias = shift;
  }
  if (!bias.empty() && !step.constants.bias.empty())
    list.push_back(aligned_of(name, bias, step.constants.bias, sums));
  if (kind == LayerKind::add_position_embs) {
    list.push_back(aligned_of(name, step.variables.pos_embedding, step.constants.table, sums));
  }
  if (const auto* relu = std::get_if<ReLUParams>(&step.params); relu != nullptr && relu->bounded) {
    list.push_back(aligned_of("max_value_quantizer", std::span<const float>(&relu->max_value, 1),
                              step.constants.maximum, sums));
  }
  if (!step.constants.padding.empty()) {
    HostFormat input = program.values()[step.inputs.front()].format;
    input.value_bits = quantizers.weights.value_bits();
    list.push_back(aligned_of("padding_value_quantizer", step.variables.padding_value,
                              step.constants.padding, input));
  }
}

}  // namespace detail

/// Errors of every quantizer of constants of the measured layers, or of the target, channel by
/// channel.
[[nodiscard]] inline std::vector<MeasuredError> measure_weight_errors(const Program& program,
                                                                      const std::string& target) {
  const OpenOutputs open(program);
  std::vector<MeasuredError> errors;
  for (const std::size_t i : detail::measured_layers(program, target)) {
    const Step& step = program.steps()[i];
    const LayerQuantizers quantizers = quantizers_of(*step.layer, traits_of(step.params).kind);
    const Shape& input = program.values()[step.inputs.front()].shape;
    auto list = std::visit(detail::WeightsOf{step, input, quantizers}, step.params);
    const bool has_sums = open.knows(i) || !step.constants.has_output;
    if (has_sums) {
      detail::add_aligned(program, i, quantizers,
                          open.knows(i) ? open.format(i) : program.values()[i].format, list);
    }
    for (const detail::QuantizedConstants& c : list) {
      MeasuredError error{step.layer->name + "/" + std::string(c.quantizer),
                          std::vector<ErrorMetrics>(target.empty() ? 1 : c.channels),
                          !target.empty()};
      for (std::size_t n = 0; n < c.dequantized.size(); ++n) {
        error.parts[n % error.parts.size()].add(c.floats[n], c.dequantized[n], c.limits[n]);
      }
      if (!c.dequantized.empty()) errors.push_back(std::move(error));
    }
  }
  if (errors.empty()) {
    throw Error{3038, (target.empty() ? program.graph().name : "'" + target + "'") +
                          " has no quantized weights"};
  }
  return errors;
}

}  // namespace tenon::host
