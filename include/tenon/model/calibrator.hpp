// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <concepts>
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
    const LayerKind kind = layers[i].traits().kind;
    const bool has_scales = kind != LayerKind::add && kind != LayerKind::attention &&
                            kind != LayerKind::stateful_recurrent;
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

namespace detail {

inline constexpr std::size_t all_inputs = static_cast<std::size_t>(-1);

/// Frames that a temporal convolution remembers besides the last one.
template <std::integral Size>
constexpr std::size_t frames_of(Size kernel_size) noexcept {
  return static_cast<std::size_t>(kernel_size - 1);
}

/// How many inputs before the last one can still change an output; `all_inputs` if a layer is
/// recurrent.
template <class Model, std::size_t... I>
constexpr std::size_t count_remembered(std::index_sequence<I...>) noexcept {
  std::size_t frames = 0;
  const auto add = [&](const auto& params) {
    if (params.traits.kind == LayerKind::stateful_recurrent) frames = all_inputs;
    if constexpr (requires { frames_of(params.kernel_size); }) {
      if (frames != all_inputs) frames += frames_of(params.kernel_size);
    }
  };
  (add(Model::template LayerAt<I>::params), ...);
  return frames;
}

}  // namespace detail

/// How many inputs before the last one a calibration has to repeat to come to the same state.
template <class Model>
inline constexpr std::size_t remembered_inputs =
    detail::count_remembered<Model>(detail::LayerIndices<Model>{});

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
    if constexpr (is_stateful<Model>) {
      constexpr bool recurrent = remembered_inputs<Model> == detail::all_inputs;
      const Streams streams = streams_of(samples.size() / sample_size, options, recurrent);
      observe_streams(arch, samples, streams, options.epochs);
    } else {
      observe_batches(arch, samples, options);
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
  constexpr void observe_batches(Arch arch, std::span<const In> samples,
                                 const CalibrationOptions& options) noexcept {
    const auto sample_count = static_cast<std::int64_t>(samples.size() / sample_size);
    const Batches batches = batches_of(sample_count, options);
    for (std::int32_t epoch = 0; epoch < options.epochs; ++epoch) {
      for (std::int64_t b = 0; b < batches.count; ++b) {
        const auto begin = static_cast<std::size_t>(batches.begin(b));
        const auto end = static_cast<std::size_t>(batches.end(b, sample_count));
        observe_batch(arch, samples.subspan(begin * sample_size, (end - begin) * sample_size));
      }
    }
  }

  /// A batch is one step of all streams. There is one state only: where several streams run in
  /// parallel, each of them is brought to its state again at every step.
  template <class Arch, class In>
  constexpr void observe_streams(Arch arch, std::span<const In> samples, const Streams& streams,
                                 std::int32_t epochs) noexcept {
    constexpr std::size_t back = remembered_inputs<Model>;
    const std::size_t steps = streams.steps * static_cast<std::size_t>(epochs > 0 ? epochs : 0);
    const auto nothing = [](std::size_t, std::span<const float>) {};
    float_pass_.reset();
    for (std::size_t now = 0; now < steps; ++now) {
      for (float& m : batch_maximum_) m = 0.0F;
      for (std::size_t s = 0; s < streams.count; ++s) {
        const auto sample = [&](std::size_t step) {
          return samples.subspan(streams.at(s, step % streams.steps) * sample_size, sample_size);
        };
        if (streams.count > 1) {
          float_pass_.reset();
          for (std::size_t t = now > back ? now - back : 0; t < now; ++t) {
            float_pass_(arch, weights_, sample(t), nothing);
          }
        }
        float_pass_(arch, weights_, sample(now), widening());
      }
      observe_all();
    }
  }

  template <class Arch, class In>
  constexpr void observe_batch(Arch arch, std::span<const In> samples) noexcept {
    for (float& m : batch_maximum_) m = 0.0F;
    for (std::size_t at = 0; at < samples.size(); at += sample_size) {
      float_pass_(arch, weights_, samples.subspan(at, sample_size), widening());
    }
    observe_all();
  }

  [[nodiscard]] constexpr auto widening() noexcept {
    return [this](std::size_t layer, std::span<const float> outputs) {
      const std::span<float> maximum = ranges_of(batch_maximum_, layer);
      if (!maximum.empty()) widen(maximum, outputs);
    };
  }
  constexpr void observe_all() noexcept {
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
