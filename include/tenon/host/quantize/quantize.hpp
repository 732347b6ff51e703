// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tenon/host/analyse/function_change.hpp>
#include <tenon/host/calibrate/calibrate.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/describe.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/graph/order.hpp>
#include <tenon/host/graph/params.hpp>
#include <tenon/host/interpret/program.hpp>
#include <tenon/host/quantize/input_shape.hpp>
#include <tenon/host/quantize/quantizers.hpp>
#include <tenon/host/quantize/replace_layers.hpp>
#include <tenon/host/transform/sanitize.hpp>
#include <tenon/model/plan.hpp>
#include <utility>
#include <vector>

// quantize(): a float graph becomes a quantized one. Sanitize, plan, replace layers, calibrate, equalize, and a
// last check that every layer can compute with the numbers it got.
namespace tenon::host {

struct QuantizeOptions {
  QuantizationParams params{};
  Json q_config = Json::object();
  std::optional<Samples> samples;
  CalibrationOptions calibration{};
  std::string quantize_until;
  std::optional<Shape> input_shape;
  std::uint64_t seed = 0;
  Progress progress;
};

struct QuantizeResult {
  Graph graph;
  std::vector<std::string> warnings;
  Report sanitize_report;
};

namespace detail {

inline void refuse_quantized(const Graph& graph) {
  for (const Layer& layer : graph.layers) {
    if (is_quantized(layer)) {
      throw Error{3032, "layer '" + layer.name +
                            "' is quantized already; quantize the original float model instead"};
    }
  }
}

inline Observed observed_layers(const Graph& quantized) {
  Observed observed;
  for (const Layer& layer : quantized.layers) {
    const Variable* range_max = layer.variable("output_quantizer/range_max");
    if (range_max != nullptr) observed[layer.name] = range_max->data.size();
  }
  return observed;
}

}  // namespace detail

[[nodiscard]] inline QuantizeResult quantize(Graph graph, const QuantizeOptions& options) {
  QuantizeResult result;
  if (!options.samples && !options.params.per_tensor_activations) {
    result.warnings.push_back(
        "calibrating per-axis activations with random samples is not accurate; give samples (-sa) or use "
        "--per_tensor_activations");
  }
  detail::refuse_quantized(graph);
  const Layer* until = graph.find(options.quantize_until);  // the input of a chain is none of its layers
  if (!options.quantize_until.empty() && (until == nullptr || (graph.sequential && is_input(*until)))) {
    throw Error{3033, "--quantize_until: '" + options.quantize_until + "' is not a layer of '" + graph.name + "'"};
  }
  if (graph.inputs.size() != 1) {
    throw Error{3001, "the model has " + std::to_string(graph.inputs.size()) +
                          " inputs; only models with one input are supported"};
  }
  const bool recurrent = has_recurrent_layer(graph);
  // The samples of a recurrent model may be longer than its input.
  set_input_shape(graph, options.samples && !recurrent ? std::optional(options.samples->shape) : options.input_shape,
                  recurrent);
  if (options.samples && options.input_shape && *options.input_shape != options.samples->shape) {
    result.warnings.push_back("--input_shape is ignored: the samples say the shape");
  }
  const Graph original = graph;
  Graph sanitized = sanitize(std::move(graph), result.sanitize_report);
  if (changes_function(result.sanitize_report)) {
    measure_changes(original, samples_to_compare(original, options.samples ? &*options.samples : nullptr, options.seed),
                    result.sanitize_report);
  }
  result.graph = replace_layers(sanitized, options.params, options.q_config, options.quantize_until,
                                result.warnings);

  const Observed observed = detail::observed_layers(result.graph);
  if (!observed.empty()) {
    const Program model(std::move(sanitized));
    const Shape& shape = model.values()[model.input()].shape;
    const DataType type = data_type_named(
        text_entry(*result.graph.find(result.graph.inputs.front().layer), "dtype", "uint8"));
    // Samples may be large: a copy is made only where a state needs them cut into steps.
    Samples own;
    if (!options.samples) {
      own = random_samples(shape, type, static_cast<std::size_t>(options.calibration.num_samples), options.seed);
    } else if (model.stateful()) {
      own = *options.samples;
    }
    const bool as_given = options.samples && !model.stateful();
    const Samples& samples = as_given ? *options.samples : own;
    if (samples.count == 0) throw Error{5009, "there is not one calibration sample"};
    const CalibrationOrder order = as_given ? independent_order(samples.count, options.calibration)
                                            : calibration_order(model, own, options.calibration);
    apply_ranges(result.graph, describe(result.graph),
                 calibrate(model, observed, samples, order, options.progress));
  }
  (void)Program(result.graph);  // refuses what could not run, with the layer's name
  return result;
}

}  // namespace tenon::host
