// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/model/calibration.hpp>
#include <tenon/model/float_pass.hpp>
#include <tenon/model/static_format.hpp>
#include <utility>

// From float weights and samples of a typed model to calibrated ranges and equalized weights. It
// holds a copy of the weights and the float tensors, so it is large, but only needed while a model
// is quantized.
namespace tenon {

namespace detail {

/// Floats before the ranges of each layer that has an output quantizer, and behind the last one.
template <class Model, QuantizationParams Params>
constexpr auto count_ranges() noexcept {
  std::array<std::size_t, Model::layer_count + 1> offsets{};
  for (std::size_t i = 0; i < Model::layer_count; ++i) {
    const LayerPlan& plan = plan_of<Model, Params>[i];
    const auto channels = static_cast<std::size_t>(Model::shapes[i].channels());
    offsets[i + 1] = offsets[i] + (!plan.has_output ? 0 : plan.output.per_axis ? channels : 1);
  }
  return offsets;
}

/// The layer whose kernel takes the rates of each layer's output, or `no_layer`.
template <class Model, QuantizationParams Params>
constexpr auto find_targets() noexcept {
  const auto layers = Model::descriptions();
  std::array<std::size_t, Model::layer_count> targets{};
  for (std::size_t i = 0; i < Model::layer_count; ++i) {
    const LayerPlan& plan = plan_of<Model, Params>[i];
    const bool has_scales = layers[i].traits().kind != LayerKind::add;
    targets[i] = plan.has_output && has_scales
                     ? equalization_target(layers, i, plan.output.per_axis)
                     : no_layer;
  }
  return targets;
}

}  // namespace detail

template <class Model, QuantizationParams Params>
inline constexpr auto range_offsets_of = detail::count_ranges<Model, Params>();

template <class Model, QuantizationParams Params>
inline constexpr auto equalization_targets_of = detail::find_targets<Model, Params>();

template <class Model, QuantizationParams Params>
class Calibrator {
  static constexpr std::size_t count = Model::layer_count;
  static constexpr const auto& offsets = range_offsets_of<Model, Params>;
  static constexpr auto sample_size = static_cast<std::size_t>(Model::input_shape.size());

 public:
  /// Weights as in variables.hpp; `samples` one behind the other.
  template <class Arch, class In>
  constexpr void operator()(Arch arch, std::span<const float> weights, std::span<const In> samples,
                            const CalibrationOptions& options) noexcept {
    copy_weights(weights, std::make_index_sequence<count>{});
    for (float& r : range_max_) r = 1.0F;
    for (float& r : rescaling_rate_) r = 1.0F;
    const auto sample_count = static_cast<std::int64_t>(samples.size() / sample_size);
    const Batches batches = batches_of(sample_count, options);
    for (std::int32_t epoch = 0; epoch < options.epochs; ++epoch) {
      for (std::int64_t b = 0; b < batches.count; ++b) {
        const auto begin = static_cast<std::size_t>(batches.begin(b));
        const auto end = static_cast<std::size_t>(batches.end(b, sample_count));
        observe_batch(arch, samples.subspan(begin * sample_size, (end - begin) * sample_size));
      }
    }
    equalize(std::make_index_sequence<count>{});
  }

  /// The equalized variables, the range and the rates of a layer.
  template <std::size_t I>
  [[nodiscard]] constexpr FloatVariables variables() const noexcept {
    constexpr auto params = Model::template LayerAt<I>::params;
    FloatVariables v =
        variables_in(std::span<const float>(weights_).subspan(Model::weight_offsets[I]),
                     variable_counts(params, Model::shapes[Model::inputs[I][0]]));
    v.range_max =
        std::span<const float>(range_max_).subspan(offsets[I], offsets[I + 1] - offsets[I]);
    v.rescaling_rate =
        std::span<const float>(rescaling_rate_).subspan(offsets[I], offsets[I + 1] - offsets[I]);
    return v;
  }

 private:
  template <std::size_t... I>
  constexpr void copy_weights(std::span<const float> weights, std::index_sequence<I...>) noexcept {
    const auto copy = [&]<std::size_t L>() {
      constexpr auto params = Model::template LayerAt<L>::params;
      constexpr std::size_t begin = Model::weight_offsets[L];
      constexpr std::size_t size = Model::weight_offsets[L + 1] - begin;
      copy_variables(params, Model::shapes[Model::inputs[L][0]], weights.subspan(begin, size),
                     std::span<float>(weights_).subspan(begin, size));
    };
    (copy.template operator()<I>(), ...);
  }

  template <class Arch, class In>
  constexpr void observe_batch(Arch arch, std::span<const In> samples) noexcept {
    for (float& m : batch_maximum_) m = 0.0F;
    for (std::size_t at = 0; at < samples.size(); at += sample_size) {
      float_pass_(arch, weights_, samples.subspan(at, sample_size),
                  [&](std::size_t layer, std::span<const float> outputs) {
                    const std::span<float> maximum = ranges_of(batch_maximum_, layer);
                    if (!maximum.empty()) widen(maximum, outputs);
                  });
    }
    for (std::size_t i = 0; i < count; ++i) {
      observe(ranges_of(range_max_, i), ranges_of(batch_maximum_, i));
    }
  }

  template <std::size_t... I>
  constexpr void equalize(std::index_sequence<I...>) noexcept {
    (equalize_layer<I>(), ...);
  }
  template <std::size_t I>
  constexpr void equalize_layer() noexcept {
    constexpr std::size_t target = equalization_targets_of<Model, Params>[I];
    if constexpr (target != no_layer) {
      const std::span<float> rates = ranges_of(rescaling_rate_, I);
      if (!equalize_range(ranges_of(range_max_, I), plan_of<Model, Params>[I].output.bitwidth,
                          rates)) {
        return;
      }
      constexpr auto params = Model::template LayerAt<target>::params;
      constexpr std::size_t kernel =
          variable_counts(params, Model::shapes[Model::inputs[target][0]]).kernel;
      divide_kernel(std::span<float>(weights_).subspan(Model::weight_offsets[target], kernel),
                    elements_behind_channels(params), rates);
    }
  }

  template <std::size_t Size>
  [[nodiscard]] static constexpr std::span<float> ranges_of(std::array<float, Size>& all,
                                                            std::size_t layer) noexcept {
    return std::span<float>(all).subspan(offsets[layer], offsets[layer + 1] - offsets[layer]);
  }

  std::array<float, Model::weight_count> weights_{};
  std::array<float, offsets.back()> range_max_{};
  std::array<float, offsets.back()> batch_maximum_{};
  std::array<float, offsets.back()> rescaling_rate_{};
  FloatPass<Model> float_pass_{};
};

}  // namespace tenon
