// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/interpret/program.hpp>
#include <utility>
#include <vector>

// How the weights of each layer are spread, output channel by output channel: floats of a float
// model, integers of a quantized one. Channels that are far narrower than others lose most of their
// bits with a scale for all.
namespace tenon::host {

struct ChannelDistribution {
  std::size_t count = 0;
  double minimum = 0;
  double lower = 0;  ///< quartiles, linear between neighbours
  double median = 0;
  double upper = 0;
  double maximum = 0;
  double mean = 0;
  double deviation = 0;
  std::vector<std::size_t> histogram;  ///< over the range of the layer
};

struct KernelDistribution {
  std::string layer;
  std::string class_name;
  double low = 0;  ///< range of the histograms
  double high = 0;
  std::vector<ChannelDistribution> channels;
};

namespace detail {

inline constexpr std::size_t histogram_bins = 50;

[[nodiscard]] inline double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

[[nodiscard]] inline ChannelDistribution distribution(std::vector<double> values, double low,
                                                      double high) {
  std::sort(values.begin(), values.end());
  ChannelDistribution d;
  d.count = values.size();
  d.minimum = values.front();
  d.maximum = values.back();
  d.lower = quantile(values, 0.25);
  d.median = quantile(values, 0.5);
  d.upper = quantile(values, 0.75);
  for (const double v : values) d.mean += v / static_cast<double>(d.count);
  for (const double v : values)
    d.deviation += (v - d.mean) * (v - d.mean) / static_cast<double>(d.count);
  d.deviation = std::sqrt(d.deviation);
  d.histogram.resize(histogram_bins, 0);
  const double span = high > low ? high - low : 1;
  for (const double v : values) {
    const auto bin =
        static_cast<std::size_t>((v - low) / span * static_cast<double>(histogram_bins));
    ++d.histogram[std::min(bin, histogram_bins - 1)];
  }
  return d;
}

/// Which elements of a weight tensor belong to one output channel: element / inner % count.
struct ChannelAxis {
  std::size_t count = 1;
  std::size_t inner = 1;
};
[[nodiscard]] inline ChannelAxis channel_axis(const Layer& layer, const Variable& weights) {
  const std::vector<std::size_t>& shape = weights.shape;
  if (shape.size() < 2) return {1, 1};  // a vector is one distribution
  const std::string_view name = float_class_of(layer);
  // (height, width, channels, 1) and (height, width, filters, channels).
  const bool before_last = name == "DepthwiseConv2D" || name == "DepthwiseConv2DTranspose" ||
                           name == "Conv2DTranspose" || name == "SeparableConv2D";
  if (before_last && shape.size() == 4) return {shape[2], shape[3]};
  return {shape.back(), 1};
}

}  // namespace detail

/// One layer; `values` in the order of the variable of the file.
[[nodiscard]] inline KernelDistribution kernel_distribution(const Layer& layer,
                                                            const Variable& weights,
                                                            const std::vector<double>& values) {
  KernelDistribution d{layer.name, layer.class_name, values.front(), values.front(), {}};
  const detail::ChannelAxis axis = detail::channel_axis(layer, weights);
  std::vector<std::vector<double>> channels(axis.count);
  for (std::size_t i = 0; i < values.size(); ++i) {
    d.low = std::min(d.low, values[i]);
    d.high = std::max(d.high, values[i]);
    channels[i / axis.inner % axis.count].push_back(values[i]);
  }
  for (std::vector<double>& channel : channels) {
    d.channels.push_back(detail::distribution(std::move(channel), d.low, d.high));
  }
  return d;
}

/// Every layer with weights: the first variable of a float one, the integers of the first weight
/// quantizer of a quantized one, which is left out if it has none.
[[nodiscard]] inline std::vector<KernelDistribution> kernel_distributions(const Program& program) {
  std::vector<KernelDistribution> all;
  for (const Step& step : program.steps()) {
    const Layer& layer = *step.layer;
    if (layer.variables.empty() || layer.variables.front().data.empty()) continue;
    const Variable* weights = &layer.variables.front();
    std::vector<double> values(weights->data.begin(), weights->data.end());
    if (step.mode == Mode::integer) {
      const auto& integers = step.constants.weights;
      for (const char* leaf : {"depthwise_kernel", "kernel", "gamma"}) {
        if (const Variable* v = layer.variable(leaf); v != nullptr) {
          weights = v;
          break;
        }
      }
      if (integers.empty()) continue;
      values.assign(integers.begin(), integers.end());
      // A transposed kernel stands in another order here than in its file; the axis of its filters
      // is the last.
      if (const auto* conv = std::get_if<Conv2DTransposeParams>(&step.params)) {
        const auto filters = static_cast<std::size_t>(conv->filters);
        Variable reordered = *weights;
        reordered.shape = {values.size() / filters, filters};
        Layer plain = layer;
        plain.class_name = "Dense";
        KernelDistribution d = kernel_distribution(plain, reordered, values);
        d.class_name = layer.class_name;
        all.push_back(std::move(d));
        continue;
      }
    }
    all.push_back(kernel_distribution(layer, *weights, values));
  }
  return all;
}

}  // namespace tenon::host
