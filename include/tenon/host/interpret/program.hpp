// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tenon/akida/device.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/graph/params.hpp>
#include <tenon/host/graph/shapes.hpp>
#include <tenon/host/interpret/compiled_for.hpp>
#include <tenon/host/interpret/float_convolution.hpp>
#include <tenon/host/interpret/float_layers.hpp>
#include <tenon/host/interpret/half_step_relu.hpp>
#include <tenon/host/interpret/storage.hpp>
#include <tenon/host/interpret/toolkit_layers.hpp>
#include <tenon/host/quantize/quantizers.hpp>
#include <tenon/kernel/arch.hpp>
#include <tenon/layer/any_layer.hpp>
#include <type_traits>
#include <utility>
#include <vector>

// A graph made ready to run, float or quantized: every layer has its typed parameters, its shapes and, if quantized, its
// integer constants and formats. Integer layers compute with integers only.
namespace tenon::host {

enum class Mode : std::uint8_t { input, integer, floating, dequantize, skipped };

/// One tensor of a program: the first output of a layer, or behind them all the mask of an attention.
struct Value {
  std::string layer;
  Shape shape{};
  Storage storage = Storage::floats;
  HostFormat format{};  ///< of integers
};

struct Step {
  const Layer* layer = nullptr;
  LayerParams params{};
  Mode mode = Mode::skipped;
  std::vector<std::size_t> inputs;  ///< positions of values; value i is the output of step i
  HostConstants constants{};
  FloatVariables variables{};
  std::vector<float> kernel;  ///< a kernel in the order of Tenon where Keras has another one
  std::size_t second = Graph::none;  ///< position of the second output among the values
  std::vector<HalfStep> half_steps;  ///< of a ReLU that computes as hardware of version 1; else none
};

/// The buffers of one inference; reused by the next.
struct Workspace {
  std::vector<Buffer> values;
  std::vector<std::int32_t> scratch;
  std::vector<float> middle;
  std::vector<StreamState> states;  ///< of the steps, for one stream
};

class OpenOutputs;

class Program {
 public:
  explicit Program(Graph graph);

  [[nodiscard]] const Graph& graph() const { return graph_; }
  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
  [[nodiscard]] const std::vector<Value>& values() const { return values_; }
  [[nodiscard]] std::size_t input() const { return input_; }
  /// Positions of the values that the model returns.
  [[nodiscard]] const std::vector<std::size_t>& outputs() const { return outputs_; }
  [[nodiscard]] DataType input_type() const { return std::get<InputParams>(steps_[input_].params).type; }
  [[nodiscard]] bool quantized() const { return quantized_; }

  [[nodiscard]] Workspace workspace() const;
  /// Whether some layer remembers earlier samples.
  [[nodiscard]] bool stateful() const { return stateful_; }
  /// Whether inputs may be a stream of steps.
  [[nodiscard]] bool streaming() const;
  /// Whether some layer's state is fed back at every step of its input.
  [[nodiscard]] bool recurrent() const;
  /// Forgets them: the next sample is the first of a stream.
  static void reset(Workspace& workspace);
  /// One sample, without batch: integers of the input type for a quantized model. Runs the first `limit` layers.
  void run(std::span<const float> sample, Workspace& workspace,
           std::size_t limit = static_cast<std::size_t>(-1)) const;
  /// One layer, on what the values of its inputs hold.
  void run_step(std::size_t i, Workspace& workspace) const;
  /// The elements of a value as floats (dequantized).
  [[nodiscard]] std::vector<float> floats(std::size_t value, const Workspace& workspace) const;
  /// Refuses a model whose outputs cannot be computed, naming the layer that stands in the way.
  void require_outputs() const;

 private:
  friend class OpenOutputs;  // analyse/open_outputs.hpp: the same layers without their output quantizers
  friend void compute_as(akida::Version version, Program& program);  // as_akida.hpp

  [[nodiscard]] std::size_t value_at(std::size_t step, std::size_t tensor) const {
    return tensor == 0 ? step : tensor == 1 ? steps_[step].second : Graph::none;
  }
  void add_mask(std::size_t i);
  void prepare_step(std::size_t i);
  void prepare_integer(std::size_t i);
  void bind_variables(Step& step, const Shape* input);
  template <class Arch>
  void run_integer(Arch arch, std::size_t i, Workspace& workspace) const;
  template <class Arch>
  void run_floating(Arch arch, std::size_t i, Workspace& workspace) const;
  template <class Arch>
  void run_layer(Arch arch, std::size_t i, Workspace& workspace) const;
  void to_floats(std::size_t value, Workspace& workspace) const;

  Graph graph_;
  std::vector<Step> steps_;
  std::vector<Value> values_;
  std::vector<std::size_t> outputs_;
  std::size_t input_ = 0;
  std::size_t scratch_size_ = 0;
  bool quantized_ = false;
  bool stateful_ = false;
};

namespace detail {

inline std::span<const float> data_of(const Layer& layer, std::string_view leaf) {
  const Variable* v = layer.variable(leaf);
  return v == nullptr ? std::span<const float>{} : std::span<const float>(v->data);
}

inline void require_size(const Layer& layer, std::span<const float> data, std::int64_t wanted,
                         std::string_view what) {
  if (static_cast<std::int64_t>(data.size()) != wanted) {
    throw Error{1002, "layer '" + layer.name + "' (" + layer.class_name + "): its " + std::string(what) + " has " +
                          std::to_string(data.size()) + " elements, " + std::to_string(wanted) +
                          " are needed for its input"};
  }
}

/// (height, width, filters, channels) to (height, width, channels, filters).
inline std::vector<float> transposed_kernel(std::span<const float> kernel, std::size_t filters,
                                            std::size_t channels) {
  std::vector<float> out(kernel.size());
  const std::size_t plane = filters * channels;
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    const std::size_t f = i % plane / channels;
    const std::size_t c = i % channels;
    out[i / plane * plane + c * filters + f] = kernel[i];
  }
  return out;
}

}  // namespace detail

/// Layers whose tensors may have more than 31 value bits; for all others the rules of the formats forbid it.
template <class Params>
concept WideLayer = PassingLayer<Params> || std::is_same_v<Params, ReLUParams> ||
                    std::is_same_v<Params, MaxPooling2DParams> ||
                    std::is_same_v<Params, GlobalAveragePooling2DParams>;

inline Program::Program(Graph graph) : graph_(std::move(graph)) {
  if (graph_.inputs.size() != 1) {
    throw Error{3001, "the model has " + std::to_string(graph_.inputs.size()) +
                          " inputs; only models with one input are supported"};
  }
  const std::vector<std::optional<Shape>> shapes = infer_shapes(graph_);
  for (const Layer& layer : graph_.layers) quantized_ = quantized_ || is_quantized(layer);
  steps_.resize(graph_.layers.size());
  values_.resize(graph_.layers.size());
  input_ = graph_.index(graph_.inputs.front().layer);
  std::map<std::string_view, std::size_t> position;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Layer& layer = graph_.layers[i];
    position[layer.name] = i;
    values_[i].layer = layer.name;
    Step& step = steps_[i];
    step.layer = &layer;
    step.params = params_of(layer);
    bool ready = shapes[i].has_value() && layer.calls.size() <= 1;
    for (const Endpoint& e : layer.inputs()) {
      const auto found = position.find(e.layer);
      ready = ready && found != position.end() && found->second < i &&
              steps_[found->second].mode != Mode::skipped && value_at(found->second, e.tensor) != Graph::none;
      if (ready) step.inputs.push_back(value_at(found->second, e.tensor));
    }
    if (!ready) continue;
    values_[i].shape = *shapes[i];
    prepare_step(i);
  }
  for (const Endpoint& e : graph_.outputs) {
    const std::size_t i = graph_.index(e.layer);
    // A Dequantizer of several tensors has as many outputs.
    const bool several = steps_[i].mode == Mode::dequantize && e.tensor < steps_[i].inputs.size();
    const std::size_t own = value_at(i, e.tensor) == Graph::none ? i : value_at(i, e.tensor);
    outputs_.push_back(several && steps_[i].inputs.size() > 1 ? steps_[i].inputs[e.tensor] : own);
  }
}

inline void Program::prepare_step(std::size_t i) {
  Step& step = steps_[i];
  Value& value = values_[i];
  if (auto* input = std::get_if<InputParams>(&step.params)) {
    step.mode = Mode::input;
    input->shape = value.shape;
    if (quantized_) {
      if (input->type == DataType::float32) {
        throw Error{3002, "the input '" + value.layer + "' of a quantized model must have an integer dtype"};
      }
      input_format(*input, value.format);
      value.storage = storage_for(value.format.value_bits);
    }
    return;
  }
  bind_variables(step, step.inputs.empty() ? nullptr : &values_[step.inputs.front()].shape);
  stateful_ = stateful_ || is_stateful(step.params);
  if (std::holds_alternative<DequantizerParams>(step.params)) {
    step.mode = Mode::dequantize;
  } else if (is_quantized(*step.layer)) {
    step.mode = Mode::integer;
    prepare_integer(i);
  } else if (step.params.index() != 0 || computes_float_layer(*step.layer)) {
    step.mode = Mode::floating;
  }
  add_mask(i);
}

inline void Program::add_mask(std::size_t i) {
  const auto* attention = std::get_if<AttentionParams>(&steps_[i].params);
  if (attention == nullptr || steps_[i].mode == Mode::skipped) return;
  Value mask;
  mask.layer = values_[i].layer + "/mask";
  mask.shape = attention->mask_shape(values_[steps_[i].inputs[0]].shape, values_[steps_[i].inputs[1]].shape);
  if (steps_[i].mode == Mode::integer) {
    mask_format(steps_[i].constants, mask.format);
    mask.storage = storage_for(mask.format.value_bits);
  }
  steps_[i].second = values_.size();
  values_.push_back(std::move(mask));
}

inline void Program::bind_variables(Step& step, const Shape* input) {
  const Layer& layer = *step.layer;
  FloatVariables& v = step.variables;
  v.kernel = detail::data_of(layer, "depthwise_kernel");
  if (v.kernel.empty()) v.kernel = detail::data_of(layer, "kernel");
  v.pointwise_kernel = detail::data_of(layer, "pointwise_kernel");
  v.bias = detail::data_of(layer, "bias");
  v.gamma = detail::data_of(layer, "gamma");
  v.beta = detail::data_of(layer, "beta");
  v.moving_mean = detail::data_of(layer, "moving_mean");
  v.moving_variance = detail::data_of(layer, "moving_variance");
  v.cls = detail::data_of(layer, "cls");
  v.pos_embedding = detail::data_of(layer, "pos_embedding");
  v.a_real = detail::data_of(layer, "A_real");
  v.a_imag = detail::data_of(layer, "A_imag");
  v.range_max = detail::data_of(layer, "output_quantizer/range_max");
  v.rescaling_rate = detail::data_of(layer, "output_quantizer/rescaling_rate");
  if (input == nullptr) return;
  if (const auto* conv = std::get_if<Conv2DParams>(&step.params); conv != nullptr && conv->has_padding_value) {
    for (const double p : numbers_entry(layer, "padding_value", 0).values) {
      step.kernel.push_back(static_cast<float>(p));
    }
    v.padding_value = step.kernel;
    if (v.padding_value.size() != 1) {
      detail::require_size(layer, v.padding_value, input->channels(), "padding_value");
    }
  }
  if (const auto* conv = std::get_if<Conv2DTransposeParams>(&step.params)) {
    detail::require_size(layer, v.kernel, conv->kernel_count(*input), "kernel");
    step.kernel = detail::transposed_kernel(v.kernel, static_cast<std::size_t>(conv->filters),
                                            static_cast<std::size_t>(input->channels()));
    v.kernel = step.kernel;
  }
  std::visit(
      [&](const auto& p) {
        if constexpr (requires { p.kernel_count(*input); }) {
          detail::require_size(layer, v.kernel, p.kernel_count(*input), "kernel");
        }
        if constexpr (requires { p.pointwise_count(*input); }) {
          detail::require_size(layer, v.pointwise_kernel, p.pointwise_count(*input), "pointwise kernel");
        }
        if constexpr (requires { p.use_bias; p.output_shape(*input); }) {
          std::int64_t units = p.output_shape(*input).channels();
          if constexpr (requires { p.units; }) units = p.units;
          detail::require_size(layer, v.bias, p.use_bias ? units : 0, "bias");
        }
        if constexpr (std::is_same_v<std::decay_t<decltype(p)>, BatchNormalizationParams>) {
          detail::require_size(layer, v.moving_mean, input->channels(), "moving_mean");
          detail::require_size(layer, v.moving_variance, input->channels(), "moving_variance");
          if (!v.gamma.empty()) detail::require_size(layer, v.gamma, input->channels(), "gamma");
          if (!v.beta.empty()) detail::require_size(layer, v.beta, input->channels(), "beta");
        }
        for (const auto& [data, wanted, what] : toolkit_variables(p, v, *input)) {
          detail::require_size(layer, data, wanted, what);
        }
      },
      step.params);
}

inline void Program::prepare_integer(std::size_t i) {
  Step& step = steps_[i];
  Value& value = values_[i];
  const Layer& layer = *step.layer;
  for (const std::size_t k : step.inputs) {
    if (values_[k].storage == Storage::floats) {
      throw Error{3003, "layer '" + layer.name + "' is quantized but its input '" + values_[k].layer +
                            "' is float"};
    }
  }
  const Value& first = values_[step.inputs.front()];
  const LayerKind kind = traits_of(step.params).kind;
  const LayerQuantizers quantizers = quantizers_of(layer, kind);
  value.format = first.format;
  Fault fault = Fault::none;
  for (const std::size_t k : step.inputs) {
    const Fault refused = accepts(traits_of(step.params), values_[k].format);
    if (fault == Fault::none) fault = refused;
  }
  if (quantizers.has_output) {
    const auto wanted = quantizers.output.per_axis ? std::int64_t{value.shape.channels()} : 1;
    detail::require_size(layer, step.variables.range_max, wanted, "output_quantizer/range_max");
    const std::size_t rates = step.variables.rescaling_rate.size();
    if (rates != 1) detail::require_size(layer, step.variables.rescaling_rate, wanted, "rescaling_rate");
  }
  if (fault == Fault::none) {
    fault = std::visit(
        [&](const auto& p) {
          if constexpr (requires {
                          prepare(p, first.shape, value.format, step.variables, quantizers,
                                  step.constants);
                        }) {
            return prepare(p, first.shape, value.format, step.variables, quantizers, step.constants);
          } else if constexpr (requires {
                                 prepare(p, first.shape, first.shape, value.format, value.format,
                                         step.variables, quantizers, step.constants);
                               }) {
            if (step.inputs.size() != 2) {
              throw Error{3004, "layer '" + layer.name + "' (" + layer.class_name + ") has " +
                                    std::to_string(step.inputs.size()) + " inputs, it needs 2"};
            }
            const Value& second = values_[step.inputs[1]];
            return prepare(p, first.shape, second.shape, value.format, second.format, step.variables,
                           quantizers, step.constants);
          } else if constexpr (std::is_same_v<std::decay_t<decltype(p)>, AttentionParams>) {
            const Value& key = values_[step.inputs[1]];
            return prepare(p, first.shape, key.shape, value.format, key.format, values_[step.inputs[2]].format,
                           step.variables, quantizers, step.constants);
          } else {
            throw Error{3005, "layer '" + layer.name + "' (" + layer.class_name + ") cannot be run"};
            return Fault::none;
          }
        },
        step.params);
  }
  if (fault != Fault::none) {
    throw Error{static_cast<int>(fault),
                "layer '" + layer.name + "' (" + layer.class_name + "): " + text(fault)};
  }
  value.format.raw = false;
  value.storage = storage_for(value.format.value_bits);
  bool wide = value.storage == Storage::wide;
  for (const std::size_t k : step.inputs) wide = wide || values_[k].storage == Storage::wide;
  if (wide && !std::visit([](const auto& p) { return WideLayer<std::decay_t<decltype(p)>>; }, step.params)) {
    throw Error{2011, "layer '" + layer.name + "' (" + layer.class_name + "): tensors of more than 31 value bits only "
                      "pass through activations and pooling; lower the bits of the output quantizer before it"};
  }
  std::size_t scratch = static_cast<std::size_t>(values_[step.inputs.back()].shape.size());
  scratch = std::max(scratch, static_cast<std::size_t>(first.shape.size()));
  if (const auto* separable = std::get_if<SeparableConv2DParams>(&step.params)) {
    scratch += static_cast<std::size_t>(separable->window(first.shape).output(first.shape.channels()).size());
  }
  scratch_size_ = std::max(scratch_size_, scratch);
}

inline Workspace Program::workspace() const {
  Workspace w;
  w.values.resize(values_.size());
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (i < steps_.size() && steps_[i].mode == Mode::skipped) continue;
    resize(w.values[i], values_[i].storage, static_cast<std::size_t>(values_[i].shape.size()));
  }
  w.scratch.resize(scratch_size_);
  for (const Step& step : steps_) {
    w.states.push_back(step.mode == Mode::skipped || step.inputs.empty()
                           ? StreamState{}
                           : make_state(step.params, values_[step.inputs.front()].shape, step.mode == Mode::integer));
  }
  return w;
}

inline bool Program::streaming() const {
  const auto streams = [](const Step& s) {
    return is_stateful(s.params) || std::holds_alternative<StatefulProjectionParams>(s.params);
  };
  return std::any_of(steps_.begin(), steps_.end(), streams);
}

inline bool Program::recurrent() const {
  return std::any_of(steps_.begin(), steps_.end(),
                     [](const Step& s) { return std::holds_alternative<StatefulRecurrentParams>(s.params); });
}

inline void Program::reset(Workspace& workspace) {
  for (StreamState& state : workspace.states) state.reset();
}

inline void Program::to_floats(std::size_t value, Workspace& workspace) const {
  const Value& v = values_[value];
  if (v.storage == Storage::floats) return;
  Buffer& buffer = workspace.values[value];
  buffer.floats.resize(static_cast<std::size_t>(v.shape.size()));
  with_integers(buffer, v.storage,
                [&](const auto* x) { dequantize(v.format, v.shape, x, buffer.floats.data()); });
}

inline std::vector<float> Program::floats(std::size_t value, const Workspace& workspace) const {
  const Value& v = values_[value];
  const Buffer& buffer = workspace.values[value];
  if (v.storage == Storage::floats) return buffer.floats;
  std::vector<float> out(static_cast<std::size_t>(v.shape.size()));
  with_integers(buffer, v.storage, [&](const auto* x) { dequantize(v.format, v.shape, x, out.data()); });
  return out;
}

template <class Arch>
void Program::run_integer(Arch arch, std::size_t i, Workspace& workspace) const {
  const Step& step = steps_[i];
  const Value& first = values_[step.inputs.front()];
  with_integers(workspace.values[i], values_[i].storage, [&](auto* y) {
    with_integers(workspace.values[step.inputs[0]], first.storage, [&](const auto* x) {
      if (!step.half_steps.empty()) {
        return run_half_step_relu(step.half_steps, step.constants.output.value_bits, first.shape, x, y);
      }
      std::visit(
          [&](const auto& p) {
            constexpr bool narrow =
                std::is_same_v<decltype(x), const std::int32_t*> && std::is_same_v<decltype(y), std::int32_t*>;
            if constexpr (!narrow && !WideLayer<std::decay_t<decltype(p)>>) {
              // prepare_integer refused such tensors.
            } else if constexpr (requires {
                            tenon::run(arch, p, first.shape, step.constants, x, y, workspace.scratch.data());
                          }) {
              compiled_for(arch, [&] {
                tenon::run(arch, p, first.shape, step.constants, x, y, workspace.scratch.data());
              });
            } else if constexpr (requires {
                                   tenon::run(arch, p, first.shape, first.shape, step.constants, x, x, y);
                                 }) {
              const Value& second = values_[step.inputs[1]];
              const std::int32_t* x2 = workspace.values[step.inputs[1]].narrow.data();
              compiled_for(arch, [&] {
                tenon::run(arch, p, first.shape, second.shape, step.constants, x, x2, y);
              });
            } else if constexpr (StatefulLayer<std::decay_t<decltype(p)>>) {
              compiled_for(arch, [&] {
                tenon::run(arch, p, first.shape, step.constants, x, y, workspace.scratch.data(),
                           workspace.states[i].integers);
              });
            } else if constexpr (std::is_same_v<std::decay_t<decltype(p)>, AttentionParams>) {
              // Attention refuses inputs of more than 31 value bits, so keys and values are narrow.
              compiled_for(arch, [&] {
                tenon::run(arch, p, first.shape, values_[step.inputs[1]].shape, step.constants, x,
                           workspace.values[step.inputs[1]].narrow.data(),
                           workspace.values[step.inputs[2]].narrow.data(), y, workspace.scratch.data(),
                           workspace.values[step.second].narrow.data());
              });
            } else if constexpr (PassingLayer<std::decay_t<decltype(p)>>) {
              std::copy_n(x, first.shape.size(), y);
            }
          },
          step.params);
    });
  });
}

template <class Arch>
void Program::run_floating(Arch arch, std::size_t i, Workspace& workspace) const {
  const Step& step = steps_[i];
  std::vector<float>& y = workspace.values[i].floats;
  const auto input = [&](std::size_t k) -> const std::vector<float>& {
    return workspace.values[step.inputs[k]].floats;
  };
  const Shape& shape = values_[step.inputs.front()].shape;
  std::visit(
      [&](const auto& p) {
        using Params = std::decay_t<decltype(p)>;
        const float* x = input(0).data();
        if constexpr (std::is_same_v<Params, SeparableConv2DParams>) {
          workspace.middle.resize(static_cast<std::size_t>(p.window(shape).output(shape.channels()).size()));
          compiled_for(arch, [&] {
            tenon::run_float(arch, p, shape, step.variables, x, y.data(), workspace.middle.data());
          });
        } else if constexpr (requires { run_float(arch, p, shape, step.variables, x, y.data()); }) {
          if (run_float_convolution(arch, p, shape, step.variables, x, y.data(), workspace.middle)) return;
          compiled_for(arch, [&] { tenon::run_float(arch, p, shape, step.variables, x, y.data()); });
        } else if constexpr (requires {
                               run_float(arch, p, shape, shape, step.variables, x, x, y.data());
                             }) {
          Shape sum = shape;
          std::vector<float> left = input(0);
          for (std::size_t k = 1; k < step.inputs.size(); ++k) {  // Keras adds and concatenates any number
            const Shape& other = values_[step.inputs[k]].shape;
            const Shape next = p.output_shape(sum, other);
            y.resize(static_cast<std::size_t>(next.size()));
            compiled_for(arch, [&] {
              tenon::run_float(arch, p, sum, other, step.variables, left.data(), input(k).data(), y.data());
            });
            if (k + 1 < step.inputs.size()) left = y;
            sum = next;
          }
        } else if constexpr (StatefulLayer<Params>) {
          compiled_for(arch, [&] {
            tenon::run_float(arch, p, shape, step.variables, x, y.data(), workspace.states[i].floats);
          });
        } else if constexpr (std::is_same_v<Params, AttentionParams>) {
          const Shape& keys = values_[step.inputs[1]].shape;
          workspace.middle.resize(static_cast<std::size_t>(keys[0]));
          compiled_for(arch, [&] {
            tenon::run_float(arch, p, shape, keys, step.variables, x, input(1).data(), input(2).data(), y.data(),
                             workspace.middle.data(), workspace.values[step.second].floats.data());
          });
        } else if constexpr (std::is_same_v<Params, UnsupportedParams>) {
          std::vector<Shape> shapes;
          std::vector<const std::vector<float>*> inputs;
          for (std::size_t k = 0; k < step.inputs.size(); ++k) {
            shapes.push_back(values_[step.inputs[k]].shape);
            inputs.push_back(&input(k));
          }
          run_float_layer(*step.layer, shapes, values_[i].shape, inputs, y);
        } else {
          y = input(0);
        }
      },
      step.params);
}

template <class Arch>
void Program::run_layer(Arch arch, std::size_t i, Workspace& workspace) const {
  if (steps_[i].mode == Mode::integer) {
    run_integer(arch, i, workspace);
  } else {
    run_floating(arch, i, workspace);
  }
}

inline void Program::run_step(std::size_t i, Workspace& workspace) const {
  const Step& step = steps_[i];
  switch (step.mode) {
    case Mode::skipped:
    case Mode::input: break;
    case Mode::floating:
      for (const std::size_t k : step.inputs) to_floats(k, workspace);
      [[fallthrough]];
    case Mode::integer:
      with_layer_arch([&](auto arch) { run_layer(arch, i, workspace); });
      break;
    case Mode::dequantize: {
      const std::size_t from = step.inputs.front();
      to_floats(from, workspace);
      workspace.values[i].floats = workspace.values[from].floats;
      break;
    }
  }
}

inline void Program::run(std::span<const float> sample, Workspace& workspace, std::size_t limit) const {
  for (std::size_t i = 0; i < std::min(limit, steps_.size()); ++i) {
    if (steps_[i].mode != Mode::input) {
      run_step(i, workspace);
    } else if (values_[i].storage == Storage::floats) {
      workspace.values[i].floats.assign(sample.begin(), sample.end());
    } else {
      with_integers(workspace.values[i], values_[i].storage, [&](auto* x) {
        for (std::size_t k = 0; k < sample.size(); ++k) {
          x[k] = static_cast<std::decay_t<decltype(*x)>>(sample[k]);
        }
      });
    }
  }
}

inline void Program::require_outputs() const {
  for (const Step& step : steps_) {
    if (step.mode == Mode::skipped) {
      throw Error{3006, "layer '" + step.layer->name + "' (" + step.layer->class_name +
                            ") cannot be computed here, so the output of the model is unknown"};
    }
  }
}

}  // namespace tenon::host
