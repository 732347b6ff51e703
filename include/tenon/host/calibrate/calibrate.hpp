// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tenon/host/calibrate/samples.hpp>
#include <tenon/host/calibrate/streams.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/describe.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/interpret/program.hpp>
#include <tenon/host/parallel.hpp>
#include <tenon/model/calibration.hpp>
#include <vector>

// Calibration: the float model sees the samples, observers keep the moving maximum of each output that will be
// quantized; then the ranges go into the quantized model, equalized with the kernels behind them.
namespace tenon::host {

/// Called with the share of the work that is done, from 0 to 1.
using Progress = std::function<void(double)>;

/// Layers to observe, and the number of ranges of each: 1, or one for each channel.
using Observed = std::map<std::string, std::size_t>;
using Ranges = std::map<std::string, std::vector<float>>;

/// Which rows of maxima make each batch, in the order in which batches are observed, and which samples make the rows.
struct CalibrationOrder {
  Streams streams;            ///< each runs in order, from a reset state
  std::int32_t passes = 1;    ///< over the samples; a state goes on from one to the next
  std::vector<std::vector<std::size_t>> batches;

  /// Of the sample at a step of a stream.
  [[nodiscard]] std::size_t row(std::int32_t pass, std::size_t sample) const {
    return static_cast<std::size_t>(pass) * streams.count * streams.steps + sample;
  }
};

/// Without a state: independent samples, in slices.
[[nodiscard]] inline CalibrationOrder independent_order(std::size_t samples, const CalibrationOptions& options) {
  const Batches batches = batches_of(static_cast<std::int64_t>(samples), options);
  const std::size_t used = std::min(samples, static_cast<std::size_t>(batches.count * batches.size));
  CalibrationOrder order{{used, 1}, 1, {}};
  for (std::int32_t epoch = 0; epoch < options.epochs; ++epoch) {
    for (std::int64_t batch = 0; batch < batches.count; ++batch) {
      std::vector<std::size_t>& rows = order.batches.emplace_back();
      const std::int64_t end = batches.end(batch, static_cast<std::int64_t>(used));
      for (std::int64_t s = batches.begin(batch); s < end; ++s) rows.push_back(static_cast<std::size_t>(s));
    }
  }
  return order;
}

/// With a state: a batch is one step of all streams.
[[nodiscard]] inline CalibrationOrder stream_order(const Streams& streams, std::int32_t epochs) {
  CalibrationOrder order{streams, epochs, {}};
  for (std::int32_t epoch = 0; epoch < epochs; ++epoch) {
    for (std::size_t step = 0; step < streams.steps; ++step) {
      std::vector<std::size_t>& rows = order.batches.emplace_back();
      for (std::size_t s = 0; s < streams.count; ++s) rows.push_back(order.row(epoch, streams.at(s, step)));
    }
  }
  return order;
}

/// The order for a model. Samples of a recurrent model are sequences, and are cut into steps that all run in parallel;
/// frames of a model with temporal convolutions come from `batch_size` parallel clips.
[[nodiscard]] inline CalibrationOrder calibration_order(const Program& model, Samples& samples,
                                                        const CalibrationOptions& options) {
  if (!model.stateful()) return independent_order(samples.count, options);
  const Streams streams = model.recurrent()
                              ? cut_sequences(samples, model.values()[model.input()].shape)
                              : parallel_clips(samples, static_cast<std::size_t>(options.batch_size));
  return stream_order(streams, options.epochs);
}

namespace detail {

struct Observer {
  std::size_t value;
  std::size_t first;  ///< of its ranges in a row of maxima
  std::vector<float> range_max;
};

/// Rows of largest magnitudes, one for every sample of every pass, `width` of them in a row.
inline std::vector<float> sample_maxima(const Program& model, const std::vector<Observer>& observers,
                                        std::size_t width, const Samples& samples, const CalibrationOrder& order,
                                        const Progress& progress) {
  const Streams& streams = order.streams;
  const std::size_t rows = order.row(order.passes, 0);
  const std::size_t last = observers.empty() ? 0 : observers.back().value;
  std::vector<float> maxima(rows * width, 0.0F);
  std::vector<Workspace> workspaces(worker_count(streams.count));
  for (Workspace& w : workspaces) w = model.workspace();
  std::atomic<std::size_t> done{0};
  parallel_for(streams.count, [&](std::size_t worker, std::size_t stream) {
    Workspace& w = workspaces[worker];
    Program::reset(w);
    for (std::int32_t pass = 0; pass < order.passes; ++pass) {
      for (std::size_t step = 0; step < streams.steps; ++step) {
        const std::size_t sample = streams.at(stream, step);
        model.run(samples[sample], w, last + 1);
        float* row = maxima.data() + order.row(pass, sample) * width;
        for (const Observer& o : observers) {
          widen({row + o.first, o.range_max.size()}, w.values[o.value].floats);
        }
        const std::size_t now = ++done;
        if (worker == 0 && progress) progress(static_cast<double>(now) / static_cast<double>(rows));
      }
    }
  });
  return maxima;
}

}  // namespace detail

/// The calibrated ranges of the observed layers of a float model.
[[nodiscard]] inline Ranges calibrate(const Program& model, const Observed& observed, const Samples& samples,
                                      const CalibrationOrder& order, const Progress& progress) {
  std::vector<detail::Observer> observers;
  std::size_t width = 0;
  for (std::size_t i = 0; i < model.values().size(); ++i) {
    const auto found = observed.find(model.values()[i].layer);
    if (found == observed.end()) continue;
    observers.push_back({i, width, std::vector<float>(found->second, 1.0F)});
    width += found->second;
  }
  const std::vector<float> maxima = detail::sample_maxima(model, observers, width, samples, order, progress);
  for (const std::vector<std::size_t>& batch : order.batches) {
    for (detail::Observer& o : observers) {
      std::vector<float> top(o.range_max.size(), 0.0F);
      for (const std::size_t row : batch) {
        for (std::size_t c = 0; c < top.size(); ++c) top[c] = std::max(top[c], maxima[row * width + o.first + c]);
      }
      observe(o.range_max, top);
    }
  }
  Ranges ranges;
  for (detail::Observer& o : observers) {
    for (const float r : o.range_max) {
      if (!std::isfinite(r)) {
        throw Error{5008, "layer '" + model.values()[o.value].layer +
                              "': its calibrated range is not finite; check samples and weights for overflow"};
      }
    }
    ranges[model.values()[o.value].layer] = std::move(o.range_max);
  }
  return ranges;
}

/// Puts calibrated ranges into a quantized graph and equalizes: `described` is the graph itself, with parameters also
/// for its float layers.
inline void apply_ranges(Graph& graph, const GraphDescription& described, const Ranges& ranges) {
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const auto found = ranges.find(graph.layers[i].name);
    if (found == ranges.end()) continue;
    Variable& range_max = *graph.layers[i].variable("output_quantizer/range_max");
    Variable& rate = *graph.layers[i].variable("output_quantizer/rescaling_rate");
    range_max.data = found->second;
    const LayerKind kind = described.layers[i].traits().kind;
    if (kind == LayerKind::add || kind == LayerKind::attention || kind == LayerKind::stateful_recurrent) continue;  // no scales to move a rate to
    const LayerQuantizers quantizers = quantizers_of(graph.layers[i], kind);
    const bool per_axis = quantizers.output.per_axis;
    const std::size_t target = equalization_target(described.layers, i, per_axis);
    if (target == no_layer) continue;
    const LayerParams& params = described.layers[target].params;
    if (!takes_rates(params, per_axis)) {
      throw Error{3031, "layer '" + graph.layers[target].name +
                            "': a grouped convolution cannot follow the per-axis output quantizer of '" +
                            graph.layers[i].name + "'; use per-tensor activations"};
    }
    if (!equalize_range(range_max.data, quantizers.output.bitwidth, rate.data)) continue;
    Variable* kernel = graph.layers[target].variable("depthwise_kernel");
    if (kernel == nullptr) kernel = graph.layers[target].variable("kernel");
    const bool transposed = std::holds_alternative<Conv2DTransposeParams>(params);
    divide_kernel(kernel->data, transposed ? 1 : elements_behind_channels(params), rate.data);
  }
}

}  // namespace tenon::host
