// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/kernel/arch.hpp>
#include <tenon/model/execution.hpp>
#include <tenon/model/graph.hpp>
#include <tenon/model/model_state.hpp>
#include <utility>

// The float model that a calibration observes: one sample goes through all layers, in memory whose
// size is a constant of the model. A model with a state remembers samples until it is reset.
namespace tenon {

namespace detail {

template <class Params>
constexpr bool copies_floats(const Params&) noexcept {
  return std::is_same_v<Params, FlattenParams> || std::is_same_v<Params, ReshapeParams> ||
         std::is_same_v<Params, DropoutParams>;
}

template <class Model, std::size_t... I>
constexpr auto plan_floats(std::index_sequence<I...>) noexcept {
  constexpr std::array<bool, sizeof...(I)> copies{
      copies_floats(Model::template LayerAt<I>::params)...};
  std::array<TensorPlan, sizeof...(I)> plan{};
  for (std::size_t i = 0; i < plan.size(); ++i) {
    plan[i].type = DataType::float32;
    plan[i].computed = i > 0 && !copies[i];
    plan[i].holder = copies[i] ? plan[Model::inputs[i][0]].holder : i;
  }
  return plan;
}

template <class Model, std::size_t I>
constexpr LayerMemory float_memory() noexcept {
  constexpr auto params = Model::template LayerAt<I>::params;
  LayerMemory memory;
  memory.bytes = 4 * Model::shapes[I].size();
  if constexpr (std::is_same_v<const SeparableConv2DParams, decltype(params)>) {
    constexpr Shape input = Model::shapes[Model::inputs[I][0]];
    memory.scratch = 4 * params.window(input).output(input.channels()).size();
  }
  if constexpr (std::is_same_v<const AttentionParams, decltype(params)>) {
    memory.scratch = 4 * Model::shapes[Model::inputs[I][1]][0];
  }
  const bool by_element = goes_by_element(params);
  memory.overwrites = {by_element || writes_over_query(params), by_element, by_element};
  return memory;
}

template <class Model, std::size_t... I>
constexpr auto place_floats(std::index_sequence<I...> indices) noexcept {
  return place_tensors(Model::inputs, plan_floats<Model>(indices),
                       std::array{float_memory<Model, I>()...});
}

}  // namespace detail

template <class Model>
class FloatPass {
  static constexpr std::size_t count = Model::layer_count;
  static constexpr auto tensors = detail::plan_floats<Model>(detail::LayerIndices<Model>{});
  static constexpr TensorMemory<count> memory_plan =
      detail::place_floats<Model>(detail::LayerIndices<Model>{});

 public:
  /// Runs one sample; `observe(layer, outputs)` sees what each layer puts out.
  template <class Arch, class In, class Observe>
  constexpr void operator()(Arch arch, std::span<const float> weights, std::span<const In> sample,
                            const Observe& observe) noexcept {
    float* input = tensor<0>();
    for (std::size_t i = 0; i < sample.size(); ++i) input[i] = static_cast<float>(sample[i]);
    run_all(arch, weights, observe, std::make_index_sequence<count>{});
  }
  /// The next sample begins a stream.
  constexpr void reset() noexcept { state_.reset(); }

 private:
  template <std::size_t I>
  constexpr float* tensor() noexcept {
    return memory_.data() + memory_plan.offsets[tensors[I].holder] / 4;
  }

  template <class Arch, class Observe, std::size_t... I>
  constexpr void run_all(Arch arch, std::span<const float> weights, const Observe& observe,
                         std::index_sequence<I...>) noexcept {
    (run_layer<I>(arch, weights, observe), ...);
  }

  template <std::size_t I, class Arch, class Observe>
  constexpr void run_layer(Arch arch, std::span<const float> weights,
                           const Observe& observe) noexcept {
    constexpr auto params = Model::template LayerAt<I>::params;
    if constexpr (tensors[I].computed) {
      constexpr LayerInputs inputs = Model::inputs[I];
      constexpr Shape input = Model::shapes[inputs[0]];
      const FloatVariables v =
          variables_in(weights.subspan(Model::weight_offsets[I]), variable_counts(params, input));
      const float* x = tensor<inputs[0]>();
      float* y = tensor<I>();
      if constexpr (inputs.count == 3) {
        float* scratch = memory_.data() + memory_plan.scratch_offsets[I] / 4;
        run_float(arch, params, input, Model::shapes[inputs[1]], v, x,
                  static_cast<const float*>(tensor<inputs[1]>()),
                  static_cast<const float*>(tensor<inputs[2]>()), y, scratch,
                  static_cast<float*>(nullptr));
      } else if constexpr (inputs.count == 2) {
        const float* second = tensor<inputs[1]>();
        run_float(arch, params, input, Model::shapes[inputs[1]], v, x, second, y);
      } else if constexpr (detail::state_elements<Model, I>() > 0) {
        run_float(arch, params, input, v, x, y, state_.template layer<I>());
      } else if constexpr (requires { run_float(arch, params, input, v, x, y, y); }) {
        run_float(arch, params, input, v, x, y,
                  memory_.data() + memory_plan.scratch_offsets[I] / 4);
      } else {
        run_float(arch, params, input, v, x, y);
      }
    }
    constexpr auto size = static_cast<std::size_t>(Model::shapes[I].size());
    if constexpr (I > 0) observe(I, std::span<const float>(tensor<I>(), size));
  }

  std::array<float, static_cast<std::size_t>(memory_plan.bytes / 4)> memory_{};
  FloatModelState<Model> state_{};
};

}  // namespace tenon
