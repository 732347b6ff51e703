// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/check/fault.hpp>
#include <tenon/kernel/arch.hpp>
#include <tenon/model/calibrator.hpp>
#include <tenon/model/execution.hpp>
#include <tenon/model/format_report.hpp>
#include <tenon/model/graph.hpp>
#include <tenon/model/integer_memory.hpp>
#include <tenon/model/model_state.hpp>
#include <tenon/model/stored_constants.hpp>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tenon {

/// Why a model does not compute, and the layer where that showed; converts to false if all is well.
struct ModelFault {
  Fault fault = Fault::none;
  std::size_t layer = 0;

  constexpr explicit operator bool() const noexcept { return fault != Fault::none; }
  constexpr bool operator==(const ModelFault&) const = default;
};

// A model with integer constants, made from float weights and calibration samples when it is
// constructed, be that at run time or in a constant expression. Calling it computes with integers
// only, allocates nothing, and needs `arena_bytes` of memory, on the stack or where the caller
// wants it. A model with temporal or recurrent layers takes one input of a stream after the other
// and remembers `state_bytes` of it, in itself or in a State of the caller, of which there may be
// many for one constant model.
template <class Model, QuantizationParams Params = QuantizationParams{}, class Arch = arch::native,
          bool Fits = can_be_quantized<Model, Params>>
class Quantized {
  static constexpr std::size_t count = Model::layer_count;
  using Indices = std::make_index_sequence<count>;
  static constexpr const auto& tensors = tensors_of<Model, Params>;
  static constexpr const auto& memory_plan = memory_plan_of<Model, Params>;
  static constexpr std::size_t output_holder = tensors[count - 1].holder;

  static_assert(sizeof(LastOutputReport<detail::TagAt<Model, count - 1>,
                                        detail::carries_last_output<Model, Params>>) > 0);
  static_assert(sizeof(RatesReport<detail::TagAt<Model, detail::rate_refusing_layer<Model, Params>>,
                                   detail::rate_refusing_layer<Model, Params> == 0>) > 0);

 public:
  using Input = ElementOf<tensors[0].type>;
  using OutputElement = ElementOf<tensors[count - 1].type>;
  static constexpr Shape input_shape = Model::input_shape;
  static constexpr Shape output_shape = Model::output_shape;
  static constexpr auto input_size = static_cast<std::size_t>(input_shape.size());
  static constexpr auto output_size = static_cast<std::size_t>(output_shape.size());
  using Output = std::array<OutputElement, output_size>;

  static constexpr const std::array<LayerPlan, count>& plan = plan_of<Model, Params>;
  static constexpr std::int64_t macs = Model::macs;
  static constexpr auto arena_bytes = static_cast<std::size_t>(memory_plan.bytes);
  /// The largest sum of tensors needed at a time: no arena is smaller.
  static constexpr auto arena_bound = static_cast<std::size_t>(memory_plan.bound);
  /// Integer weights as they are stored, biases not counted.
  static constexpr std::size_t weight_bytes = detail::count_weight_bytes<Model, Params>(Indices{});
  static constexpr bool stateful = is_stateful<Model>;
  /// What the model remembers between inputs, zeros before the first one.
  using State = ModelState<Model, Params>;
  static constexpr std::size_t state_bytes = State::bytes;
  /// What an inference works on; its contents mean nothing between inferences but for the last
  /// outputs.
  using Arena = IntegerArena<Model, Params>;

  /// `weights`: floats in the order of variables.hpp. `samples`: elements of the input type, one
  /// sample behind the other.
  template <class Weights, class Samples>
  constexpr Quantized(const Weights& weights, const Samples& samples,
                      const CalibrationOptions& options = {}) noexcept {
    Calibrator<Model, Params> calibrator;
    quantize(std::span(weights), std::span(samples), options, calibrator);
  }
  /// With the memory that calibration needs outside of the stack.
  template <class Weights, class Samples>
  constexpr Quantized(const Weights& weights, const Samples& samples,
                      const CalibrationOptions& options,
                      Calibrator<Model, Params>& calibrator) noexcept {
    quantize(std::span(weights), std::span(samples), options, calibrator);
  }

  /// Numbers that do not fit, found at construction. A model with a fault returns zeros.
  [[nodiscard]] constexpr ModelFault fault() const noexcept { return fault_; }

  /// The outputs for one input, computed in an arena on the stack.
  template <class In>
  [[nodiscard]] constexpr Output operator()(const In& input) const noexcept requires(!stateful) {
    State none;
    return (*this)(input, none);
  }
  /// The same for the next input of a stream. A constant model needs a State.
  template <class In>
  [[nodiscard]] constexpr Output operator()(const In& input) noexcept requires stateful {
    return (*this)(input, state_);
  }
  template <class In>
  [[nodiscard]] constexpr Output operator()(const In& input, State& state) const noexcept {
    const std::span<const Input, input_size> x = fixed_input(std::span(input));
    Output output{};
    if (fault_) return output;
    if (std::is_constant_evaluated()) {
      TypedMemory<Model, Params> memory;
      infer(arch::reference{}, x.data(), memory, state, Indices{});
      copy_output(x.data(), memory, output);
    } else {
      Arena memory;
      infer(Arch{}, x.data(), memory, state, Indices{});
      copy_output(x.data(), memory, output);
    }
    return output;
  }
  /// The same in the arena of the caller, where the outputs stay until the next inference.
  template <class In>
  [[nodiscard]] std::span<const OutputElement, output_size> operator()(const In& input,
                                                                       Arena& arena) const noexcept
      requires(!stateful) {
    State none;
    return (*this)(input, arena, none);
  }
  template <class In>
  [[nodiscard]] std::span<const OutputElement, output_size> operator()(
      const In& input, Arena& arena) noexcept requires stateful {
    return (*this)(input, arena, state_);
  }
  template <class In>
  [[nodiscard]] std::span<const OutputElement, output_size> operator()(
      const In& input, Arena& arena, State& state) const noexcept {
    static_assert(output_holder != 0, "a model that computes nothing has no outputs in an arena");
    const std::span<const Input, input_size> x = fixed_input(std::span(input));
    OutputElement* output = arena.template tensor<output_holder>();
    if (fault_) {
      for (std::size_t i = 0; i < output_size; ++i) output[i] = 0;
    } else {
      infer(Arch{}, x.data(), arena, state, Indices{});
    }
    return std::span<const OutputElement, output_size>(output, output_size);
  }

  /// Forgets the inputs so far: the next one begins a stream.
  constexpr void reset() noexcept { state_.reset(); }

  /// What the integers of the output stand for.
  [[nodiscard]] constexpr const auto& format() const noexcept { return format_; }
  [[nodiscard]] constexpr std::array<float, output_size> to_float(
      std::span<const OutputElement, output_size> output) const noexcept {
    std::array<float, output_size> floats{};
    if (!fault_) dequantize(format_, output_shape, output.data(), floats.data());
    return floats;
  }

 private:
  static constexpr std::size_t capacity = detail::largest_capacity<Model, Params>(Indices{});
  using WorkingFormat = Format<StaticStorage<capacity>>;
  static constexpr const StaticFormat& output_format =
      static_layer<Model, Params, count - 1>.format;

  static constexpr auto signed_input_size = static_cast<std::int64_t>(input_size);
  /// An unknown extent passes the checks at compile time.
  template <std::size_t Extent, std::size_t Wanted>
  static constexpr auto given = static_cast<std::int64_t>(Extent == std::dynamic_extent ? Wanted
                                                                                        : Extent);

  template <class In, std::size_t Extent>
  static constexpr std::span<const Input, input_size> fixed_input(
      std::span<In, Extent> input) noexcept {
    static_assert(std::is_same_v<std::remove_const_t<In>, Input>,
                  "TN1023: the elements of the input have another type than the model takes");
    static_assert(Extent != std::dynamic_extent,
                  "TN1021: give the size of the input as a constant, as in span.first<N>()");
    static_assert(
        check::equal<check::Given<given<Extent, input_size>>, check::Needed<signed_input_size>>,
        "TN1021: the input has another number of elements than the model takes");
    if constexpr (std::is_same_v<std::remove_const_t<In>, Input> && Extent == input_size) {
      return input;
    } else {  // said already
      return std::span<const Input, input_size>(static_cast<const Input*>(nullptr), input_size);
    }
  }

  template <class Float, std::size_t Extent, class Sample, std::size_t Samples>
  constexpr void quantize(std::span<Float, Extent> weights, std::span<Sample, Samples> samples,
                          const CalibrationOptions& options,
                          Calibrator<Model, Params>& calibrator) noexcept {
    static_assert(std::is_same_v<std::remove_const_t<Sample>, Input>,
                  "TN1023: the elements of the samples have another type than the model takes");
    static_assert(std::is_same_v<std::remove_const_t<Float>, float>,
                  "TN1024: the weights must be of type float");
    constexpr auto needed = static_cast<std::int64_t>(Model::weight_count);
    static_assert(
        check::equal<check::Given<given<Extent, Model::weight_count>>, check::Needed<needed>>,
        "TN1002: the weights have another number of elements than the layers need");
    static_assert(
        check::multiple<check::Given<given<Samples, input_size>>, check::Needed<signed_input_size>>,
        "TN1022: the samples are no whole number of inputs");
    if constexpr (std::is_same_v<std::remove_const_t<Sample>, Input> &&
                  std::is_same_v<std::remove_const_t<Float>, float>) {
      if (weights.size() != Model::weight_count) {
        fault_ = {Fault::weight_count, 0};
      } else if (samples.empty() || samples.size() % input_size != 0) {
        fault_ = {Fault::sample_count, 0};
      } else if (stateful && !makes_streams(samples.size() / input_size, options)) {
        fault_ = {Fault::clip_count, 0};
      } else {
        if (std::is_constant_evaluated()) {  // plain loops; others may use instructions
          calibrator(arch::reference{}, std::span<const float>(weights),
                     std::span<const Input>(samples), options);
        } else {
          calibrator(Arch{}, std::span<const float>(weights), std::span<const Input>(samples),
                     options);
        }
        prepare_all(calibrator, Indices{});
      }
    }
  }

  static constexpr bool makes_streams(std::size_t count_of_samples,
                                      const CalibrationOptions& options) noexcept {
    constexpr bool recurrent = remembered_inputs<Model> == detail::all_inputs;
    return streams_of(count_of_samples, options, recurrent).count > 0;
  }

  template <std::size_t... I>
  constexpr void prepare_all(const Calibrator<Model, Params>& calibrator,
                             std::index_sequence<I...>) noexcept {
    std::array<WorkingFormat, count> formats{};
    input_format(Model::template LayerAt<0>::params, formats[0]);
    (prepare_layer<I>(calibrator, formats), ...);
    assign_format(format_, formats.back());
  }

  /// The same steps as for static formats, now with numbers.
  template <std::size_t I>
  constexpr void prepare_layer(const Calibrator<Model, Params>& calibrator,
                               std::array<WorkingFormat, count>& formats) noexcept {
    if constexpr (I > 0) {
      if (fault_) return;
      constexpr auto params = Model::template LayerAt<I>::params;
      constexpr LayerInputs inputs = Model::inputs[I];
      constexpr Shape input = Model::shapes[inputs[0]];
      using Storage = detail::PreparingStorage<Model, Params, I>;
      const FloatVariables variables = calibrator.template variables<I>();
      LayerConstants<Storage> constants;
      WorkingFormat& x = formats[I];
      x = formats[inputs[0]];
      Fault fault = Fault::none;
      if constexpr (inputs.count == 3) {
        fault = prepare(params, input, Model::shapes[inputs[1]], x, formats[inputs[1]],
                        formats[inputs[2]], variables, quantizers_of<Model, Params, I>, constants);
      } else if constexpr (inputs.count == 2) {
        fault = prepare(params, input, Model::shapes[inputs[1]], x, formats[inputs[1]], variables,
                        quantizers_of<Model, Params, I>, constants);
      } else {
        fault = prepare(params, input, x, variables, quantizers_of<Model, Params, I>, constants);
      }
      x.raw = false;
      if (fault != Fault::none) fault_ = {fault, I};
      if constexpr (tensors[I].computed) store(std::get<I>(constants_), constants);
      constexpr std::size_t applier = detail::output_applier(tensors, I);
      if constexpr (applier != 0) store_output(std::get<applier>(constants_).output, constants);
    }
  }

  template <class A, class Memory, std::size_t... I>
  constexpr void infer(A arch, const Input* input, Memory& memory, State& state,
                       std::index_sequence<I...>) const noexcept {
    (infer_layer<I>(arch, input, memory, state), ...);
  }

  template <std::size_t I, class A, class Memory>
  constexpr void infer_layer(A arch, const Input* model_input, Memory& memory,
                             [[maybe_unused]] State& state) const noexcept {
    if constexpr (tensors[I].computed) {
      constexpr auto params = Model::template LayerAt<I>::params;
      constexpr LayerInputs inputs = Model::inputs[I];
      constexpr Shape input = Model::shapes[inputs[0]];
      const auto& constants = std::get<I>(constants_);
      const auto* x = elements<tensors[inputs[0]].holder>(model_input, memory);
      auto* y = memory.template tensor<I>();
      if constexpr (inputs.count == 3) {
        run(arch, params, input, Model::shapes[inputs[1]], constants, x,
            elements<tensors[inputs[1]].holder>(model_input, memory),
            elements<tensors[inputs[2]].holder>(model_input, memory), y,
            memory.template scratch<I>());
      } else if constexpr (inputs.count == 2) {
        const auto* second = elements<tensors[inputs[1]].holder>(model_input, memory);
        run(arch, params, input, Model::shapes[inputs[1]], constants, x, second, y);
      } else if constexpr (detail::state_elements<Model, I>() > 0) {
        run(arch, params, input, constants, x, y, memory.template scratch<I>(),
            state.template layer<I>());
      } else {
        run(arch, params, input, constants, x, y, memory.template scratch<I>());
      }
      memory.next_layer();
    }
  }

  template <std::size_t Holder, class Memory>
  static constexpr auto elements(const Input* model_input, Memory& memory) noexcept {
    if constexpr (Holder == 0) {
      return model_input;
    } else {
      return static_cast<const ElementOf<tensors[Holder].type>*>(memory.template tensor<Holder>());
    }
  }

  template <class Memory>
  static constexpr void copy_output(const Input* input, Memory& memory, Output& output) noexcept {
    const auto* y = elements<output_holder>(input, memory);
    for (std::size_t i = 0; i < output_size; ++i) output[i] = y[i];
  }

  detail::ConstantsOfModel<Model, Params, Indices> constants_{};
  Format<StaticStorage<detail::larger(output_format.frac_bits, output_format.scales)>> format_{};
  ModelFault fault_{};
  [[no_unique_address]] State state_{};
};

// A model that cannot be quantized says why, once. The members are there so that code which uses
// it adds nothing to that.
template <class Model, QuantizationParams Params, class Arch>
class Quantized<Model, Params, Arch, false> {
  static_assert(sizeof(*detail::report<Model, Params>()) > 0);

 public:
  static constexpr std::size_t input_size = 1;
  static constexpr std::size_t output_size = 1;
  static constexpr std::size_t arena_bytes = 0;
  static constexpr std::size_t weight_bytes = 0;
  using Output = std::array<std::int8_t, 1>;
  struct Arena {};
  struct State {
    constexpr void reset() noexcept {}
  };
  static constexpr std::size_t state_bytes = 0;
  static constexpr bool stateful = false;

  template <class... Arguments>
  constexpr explicit Quantized(const Arguments&...) noexcept {}
  template <class... Arguments>
  constexpr Output operator()(const Arguments&...) const noexcept {
    return {};
  }
  [[nodiscard]] constexpr ModelFault fault() const noexcept { return {}; }
  constexpr void reset() noexcept {}
  template <class Argument>
  constexpr std::array<float, 1> to_float(const Argument&) const noexcept {
    return {};
  }
};

}  // namespace tenon
