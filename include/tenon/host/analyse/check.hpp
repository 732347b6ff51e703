// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tenon/host/analyse/bounds.hpp>
#include <tenon/host/analyse/open_outputs.hpp>
#include <tenon/host/calibrate/samples.hpp>
#include <tenon/host/calibrate/streams.hpp>
#include <tenon/host/interpret/program.hpp>
#include <tenon/host/parallel.hpp>
#include <utility>
#include <vector>

// Is a quantized model computed as it should be? Three questions for each layer: was its output
// calibrated, do the integer scales stand for the float ones, and can integers run into the limits
// of their bits. The last is answered twice: by bounds that hold for every input, and by the worst
// that samples do.
namespace tenon::host {

struct CheckOptions {
  double scale_error = 0.05;    ///< of a channel; the threshold of QuantizeML's own check
  double clamped_share = 0.01;  ///< of the elements of a layer
};

/// What samples did in one channel.
struct ChannelCounts {
  std::size_t elements = 0;
  std::size_t sums = 0;      ///< at the limits of the buffer
  std::size_t products = 0;  ///< beyond the limits of the buffer of the output quantizer
  std::size_t outputs = 0;   ///< beyond the range of the output quantizer
  double largest_sum = 0;

  void add(const ChannelCounts& other) {
    elements += other.elements;
    sums += other.sums;
    products += other.products;
    outputs += other.outputs;
    largest_sum = std::max(largest_sum, other.largest_sum);
  }
};

struct LayerCheck {
  std::string layer;
  std::string class_name;
  bool calibrated = true;
  bool has_output = false;
  int buffer_bits = 0;   ///< value bits of sums
  int product_bits = 0;  ///< value bits of scaled sums
  int output_bits = 0;
  LayerBounds bounds;
  std::vector<double> scale_errors;   ///< relative, a channel; empty without scales
  std::vector<ChannelCounts> counts;  ///< of the samples; empty without
  std::size_t inputs =
      0;  ///< elements of the samples that are aligned, where bounds.cut_inputs are some
  std::size_t cut_inputs = 0;  ///< those that the buffer cuts
};

enum class CheckKind {
  not_calibrated,
  inaccurate_scales,
  saturating_sums,
  saturating_products,
  cut_inputs,
  clamped
};

struct CheckFinding {
  CheckKind kind;
  std::string layer;
  std::vector<std::size_t> channels;  ///< the worst first; empty where it concerns the whole layer
  double value = 0;                   ///< of the worst channel
  double limit = 0;
  std::string text;
};

struct Check {
  std::string model;
  std::size_t samples = 0;
  std::vector<LayerCheck> layers;
  std::vector<CheckFinding> findings;
};

namespace detail {

[[nodiscard]] inline bool is_calibrated(const Step& step) {
  const auto& range = step.variables.range_max;
  return std::any_of(range.begin(), range.end(), [](float r) { return r != 1.0F; });
}

/// |q - s| / s, where s is the float scale of the sums and of the equalization, and q what the
/// integers multiply by.
[[nodiscard]] inline std::vector<double> scale_errors(const Step& step, const HostFormat& before) {
  std::vector<double> errors;
  const Requantization<Heap>& output = step.constants.output;
  const auto& rates = step.variables.rescaling_rate;
  for (std::size_t c = 0; c < output.mantissas.size(); ++c) {
    const double rate = rates.empty() ? 1.0 : static_cast<double>(rates[rates.size() == 1 ? 0 : c]);
    const double wanted = static_cast<double>(before.scale_of(c)) * rate;
    const double got =
        std::ldexp(static_cast<double>(output.mantissas[c]), -output.mantissa_frac_bits[c]);
    errors.push_back(wanted > 0 ? std::abs(got - wanted) / wanted : 0.0);
  }
  return errors;
}

/// Counts what one tensor of integers, before the output quantizer, does to the limits.
template <class T>
void count(const Step& step, const T* values, std::size_t size, bool summed,
           std::vector<ChannelCounts>& counts) {
  const Requantization<Heap>& output = step.constants.output;
  const std::int64_t top = largest(step.constants.buffer_bits);
  const std::int64_t range = std::int64_t{1} << output.value_bits;
  const auto of = [](const auto& v, std::size_t c) { return v[v.size() == 1 ? 0 : c]; };
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t c = i % counts.size();
    ChannelCounts& n = counts[c];
    auto v = static_cast<std::int64_t>(values[i]);
    ++n.elements;
    n.largest_sum = std::max(n.largest_sum, std::abs(static_cast<double>(v)));
    if (summed && (v >= top || v <= -top - 1)) ++n.sums;
    if (!step.constants.has_output) continue;
    if (!output.mantissas.empty()) {
      const std::int64_t product = v * of(output.mantissas, c);
      v = saturate(product, output.buffer_bits);
      if (v != product) ++n.products;
    }
    const std::int64_t result = rescale(v, of(output.shifts, c), 60);  // the limits are far away
    if (result < -range || result >= range) ++n.outputs;
  }
}

/// Without a way to look before the quantizer: elements that stand at the limits of its range.
template <class T>
void count_limits(const T* values, std::size_t size, int value_bits,
                  std::vector<ChannelCounts>& counts) {
  const std::int64_t top = largest(value_bits);
  for (std::size_t i = 0; i < size; ++i) {
    ChannelCounts& n = counts[i % counts.size()];
    ++n.elements;
    if (values[i] >= top || values[i] <= -top - 1) ++n.outputs;
  }
}

/// Elements of an input that do not fit the buffer once they are aligned.
[[nodiscard]] inline std::size_t count_cut(const Program& program, const Workspace& run,
                                           const Step& step) {
  const std::size_t from = step.inputs.front();
  const auto size = static_cast<std::size_t>(program.values()[from].shape.size());
  const std::vector<std::int32_t>& shifts = step.constants.input_shift;
  std::size_t cut = 0;
  with_integers(run.values[from], program.values()[from].storage, [&](const auto* values) {
    for (std::size_t i = 0; i < size; ++i) {
      const auto v = static_cast<std::int64_t>(values[i]);
      const std::int64_t aligned = v * (std::int64_t{1} << shifts[i % shifts.size()]);
      if (aligned != saturate(aligned, step.constants.buffer_bits)) ++cut;
    }
  });
  return cut;
}

/// Layers that samples say something about: those that sum or have an output quantizer.
[[nodiscard]] inline bool is_counted(const LayerCheck& layer) {
  return layer.has_output || !layer.bounds.sums.empty();
}

/// One sample that has run: counts for every layer.
inline void count_sample(const Program& program, const OpenOutputs& open, const Workspace& run,
                         Workspace& own, const std::vector<LayerCheck>& layers,
                         std::vector<std::vector<ChannelCounts>>& counts) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i].empty()) continue;
    const Step& step = program.steps()[i];
    const bool known = open.knows(i);
    const Buffer& buffer = known ? open.integers(i, run, own) : run.values[i];
    const Storage storage = known ? open.storage(i) : program.values()[i].storage;
    const auto size = static_cast<std::size_t>(program.values()[i].shape.size());
    with_integers(buffer, storage, [&](const auto* values) {
      if (step.constants.has_output && !known) {
        count_limits(values, size, program.values()[i].format.value_bits, counts[i]);
      } else {
        count(step, values, size, !layers[i].bounds.sums.empty(), counts[i]);
      }
    });
  }
}

}  // namespace detail

/// Runs all samples and fills `counts` of every layer that sums or has an output quantizer.
inline void count_samples(const Program& program, const OpenOutputs& open, const Samples& samples,
                          const Streams& streams, std::vector<LayerCheck>& layers) {
  std::vector<std::vector<ChannelCounts>> empty(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (detail::is_counted(layers[i])) {
      empty[i].resize(static_cast<std::size_t>(program.values()[i].shape.channels()));
    }
  }
  const std::size_t workers = worker_count(streams.count);
  std::vector<Workspace> runs(workers);
  std::vector<Workspace> owns(workers);
  std::vector<std::vector<std::vector<ChannelCounts>>> counts(workers, empty);
  std::vector<std::vector<std::size_t>> cuts(workers, std::vector<std::size_t>(layers.size(), 0));
  for (Workspace& w : runs) w = program.workspace();
  for (Workspace& w : owns) w = open.workspace();
  parallel_for(streams.count, [&](std::size_t worker, std::size_t stream) {
    Program::reset(runs[worker]);
    Program::reset(owns[worker]);
    for (std::size_t step = 0; step < streams.steps; ++step) {
      program.run(samples[streams.at(stream, step)], runs[worker]);
      detail::count_sample(program, open, runs[worker], owns[worker], layers, counts[worker]);
      for (std::size_t i = 0; i < layers.size(); ++i) {
        if (!layers[i].bounds.cut_inputs.empty())
          cuts[worker][i] += detail::count_cut(program, runs[worker], program.steps()[i]);
      }
    }
  });
  for (std::size_t i = 0; i < layers.size(); ++i) {
    layers[i].counts = std::move(empty[i]);
    for (const auto& part : counts) {
      for (std::size_t c = 0; c < layers[i].counts.size(); ++c) layers[i].counts[c].add(part[i][c]);
    }
    if (layers[i].bounds.cut_inputs.empty()) continue;
    const std::size_t from = program.steps()[i].inputs.front();
    layers[i].inputs =
        samples.count * static_cast<std::size_t>(program.values()[from].shape.size());
    for (const auto& part : cuts) layers[i].cut_inputs += part[i];
  }
}

/// Everything but the samples and the findings.
[[nodiscard]] inline std::vector<LayerCheck> examine(const Program& program,
                                                     const OpenOutputs& open) {
  std::vector<LayerBounds> bounds = prove_bounds(program);
  std::vector<LayerCheck> layers(program.steps().size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Step& step = program.steps()[i];
    LayerCheck& check = layers[i];
    check.layer = step.layer->name;
    check.class_name = step.layer->class_name;
    check.bounds = std::move(bounds[i]);
    if (step.mode != Mode::integer) {
      check.bounds = {};
      continue;
    }
    check.buffer_bits = step.constants.buffer_bits;
    check.output_bits = program.values()[i].format.value_bits;
    check.has_output = step.constants.has_output;
    if (!check.has_output) continue;
    check.calibrated = detail::is_calibrated(step);
    check.product_bits = step.constants.output.buffer_bits;
    if (open.knows(i)) check.scale_errors = detail::scale_errors(step, open.format(i));
  }
  return layers;
}

}  // namespace tenon::host
