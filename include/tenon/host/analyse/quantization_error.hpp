// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <tenon/host/analyse/error_metrics.hpp>
#include <tenon/host/calibrate/samples.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/interpret/program.hpp>
#include <tenon/host/parallel.hpp>
#include <utility>
#include <vector>

// The error of each layer of a quantized model against the same layer of the float one: alone, on
// the same inputs, or with all that the layers before it have added.
namespace tenon::host {

enum class ErrorMode { single, cumulative };

namespace detail {

[[nodiscard]] inline bool is_measured(const Step& step) {
  if (step.mode != Mode::integer) return false;
  switch (traits_of(step.params).kind) {
    case LayerKind::dropout:
    case LayerKind::flatten:
    case LayerKind::reshape:
    case LayerKind::permute:
    case LayerKind::rescaling:
      return false;
    case LayerKind::max_pooling2d:
    case LayerKind::global_average_pooling2d:
      return step.constants.has_output;
    default:
      return true;
  }
}

/// Positions of the layers to measure: all, or the target. TN3039 for a target that is no layer,
/// TN3038 for none.
[[nodiscard]] inline std::vector<std::size_t> measured_layers(const Program& program,
                                                              const std::string& target) {
  std::vector<std::size_t> found;
  bool known = target.empty();
  for (std::size_t i = 0; i < program.steps().size(); ++i) {
    const Step& step = program.steps()[i];
    if (!target.empty() && step.layer->name != target) continue;
    known = true;
    if (is_measured(step)) found.push_back(i);
  }
  if (!known) throw Error{3039, program.graph().name + " must have layer '" + target + "'"};
  if (found.empty()) {
    throw Error{3038, (target.empty() ? program.graph().name : "'" + target + "'") +
                          " has no layer that generates quantization error"};
  }
  return found;
}

/// Rates by which equalization made a tensor differ from the float one: those of the output
/// quantizer that it comes from, through layers that compute nothing. A flattened tensor repeats
/// its channels.
[[nodiscard]] inline std::span<const float> rates_of(const Program& program, std::size_t value) {
  while (value < program.steps().size()) {
    const Step& step = program.steps()[value];
    if (step.mode == Mode::integer && step.constants.has_output)
      return step.variables.rescaling_rate;
    if (step.inputs.size() != 1 || is_measured(step)) break;
    value = step.inputs.front();
  }
  return {};
}

/// The floats of a quantized tensor as the float model would have them.
[[nodiscard]] inline std::vector<float> without_rates(const Program& program, std::size_t value,
                                                      const Workspace& w) {
  std::vector<float> x = program.floats(value, w);
  const std::span<const float> rates = rates_of(program, value);
  for (std::size_t i = 0; i < x.size() && !rates.empty(); ++i) x[i] /= rates[i % rates.size()];
  return x;
}

/// Adds one tensor: the float one, and the quantized one as floats and integers.
inline void compare(const Program& program, std::size_t value, const Workspace& w,
                    const std::vector<float>& wanted, std::vector<ErrorMetrics>& channels) {
  const std::vector<float> got = without_rates(program, value, w);
  const Value& v = program.values()[value];
  with_integers(w.values[value], v.storage, [&](const auto* integers) {
    for (std::size_t i = 0; i < got.size(); ++i) {
      channels[i % channels.size()].add(
          wanted[i], got[i], at_limit(static_cast<std::int64_t>(integers[i]), v.format.value_bits));
    }
  });
}

/// The layer of the float program with the same name, which must take and give tensors of the same
/// sizes.
[[nodiscard]] inline std::size_t float_layer(const Program& floats, const Program& quantized,
                                             std::size_t i) {
  const std::string& name = quantized.steps()[i].layer->name;
  const std::size_t found = floats.graph().index(name);
  if (found == Graph::none)
    throw Error{3039, "the float model must have layer '" + name + "' after sanitizing"};
  const Step& step = floats.steps()[found];
  if (step.mode != Mode::floating) {
    throw Error{3039, "layer '" + name + "' of the float model cannot be computed with floats"};
  }
  bool same = step.inputs.size() == quantized.steps()[i].inputs.size() &&
              floats.values()[found].shape == quantized.values()[i].shape;
  for (std::size_t k = 0; same && k < step.inputs.size(); ++k) {
    same = floats.values()[step.inputs[k]].shape.size() ==
           quantized.values()[quantized.steps()[i].inputs[k]].shape.size();
  }
  if (!same)
    throw Error{3039, "layer '" + name + "' has other inputs or outputs in the float model"};
  return found;
}

}  // namespace detail

/// Errors of all measured layers, in the order of the model; of the target only, channel by
/// channel, if one is named.
[[nodiscard]] inline std::vector<MeasuredError> measure_errors(const Program& floats,
                                                               const Program& quantized,
                                                               const Samples& samples,
                                                               ErrorMode mode,
                                                               const std::string& target) {
  const std::vector<std::size_t> layers = detail::measured_layers(quantized, target);
  std::vector<std::size_t> counterparts;
  std::vector<MeasuredError> empty;
  for (const std::size_t i : layers) {
    counterparts.push_back(detail::float_layer(floats, quantized, i));
    const Layer& layer = *quantized.steps()[i].layer;
    const auto channels = static_cast<std::size_t>(quantized.values()[i].shape.channels());
    empty.push_back({layer.name + " (" + layer.class_name + ")",
                     std::vector<ErrorMetrics>(target.empty() ? 1 : channels), !target.empty()});
  }
  const std::size_t workers = worker_count(samples.count);
  std::vector<std::vector<MeasuredError>> errors(workers, empty);
  std::vector<Workspace> float_runs(workers);
  std::vector<Workspace> integer_runs(workers);
  for (Workspace& w : float_runs) w = floats.workspace();
  for (Workspace& w : integer_runs) w = quantized.workspace();
  parallel_for(samples.count, [&](std::size_t worker, std::size_t s) {
    Workspace& f = float_runs[worker];
    Workspace& q = integer_runs[worker];
    Program::reset(f);
    Program::reset(q);
    quantized.run(samples[s], q, layers.back() + 1);
    if (mode == ErrorMode::cumulative) {
      floats.run(samples[s], f, *std::max_element(counterparts.begin(), counterparts.end()) + 1);
    }
    for (std::size_t k = 0; k < layers.size(); ++k) {
      const Step& step = floats.steps()[counterparts[k]];
      for (std::size_t n = 0; mode == ErrorMode::single && n < step.inputs.size(); ++n) {
        f.values[step.inputs[n]].floats =
            detail::without_rates(quantized, quantized.steps()[layers[k]].inputs[n], q);
      }
      if (mode == ErrorMode::single) floats.run_step(counterparts[k], f);
      detail::compare(quantized, layers[k], q, f.values[counterparts[k]].floats,
                      errors[worker][k].parts);
    }
  });
  for (const std::vector<MeasuredError>& part : errors) {
    for (std::size_t k = 0; k < empty.size(); ++k) {
      for (std::size_t c = 0; c < empty[k].parts.size(); ++c)
        empty[k].parts[c].add(part[k].parts[c]);
    }
  }
  return empty;
}

}  // namespace tenon::host
