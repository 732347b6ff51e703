// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/host/graph/bias.hpp>
#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/edit.hpp>
#include <tenon/host/graph/order.hpp>
#include <tenon/host/transform/report.hpp>

// The first Rescaling must be a multiplication by one number. Its offset goes into the bias of the
// layer behind it, a scale for each channel into the kernel: w * (s * x + o) = (w * s) * x + w * o.
// Around the map, where a 'same' convolution sees zeros, -o / s has to stand instead of 0: the
// convolution becomes a PaddedConv2D.
namespace tenon::host {

namespace detail {

struct Alignment {
  Numbers scale, offset;
  [[nodiscard]] bool vector_scale() const { return scale.is_list && scale.values.size() > 1; }
  [[nodiscard]] bool needed() const {
    const auto is_zero = [](double o) { return o == 0; };
    return vector_scale() || !std::all_of(offset.values.begin(), offset.values.end(), is_zero);
  }
  /// One value, or the value of a channel.
  [[nodiscard]] static double at(const Numbers& numbers, std::size_t channel) {
    return numbers.values[numbers.values.size() == 1 ? 0 : channel];
  }
};

/// Where the elements of a kernel stand: the input channel and the filter of each.
struct KernelLayout {
  std::size_t channels = 0, filters = 0, groups = 1;
  bool per_channel =
      false;  ///< DepthwiseBufferTempConv: (kernel, channels), one filter for each channel

  [[nodiscard]] std::size_t filter(std::size_t element) const { return element % filters; }
  [[nodiscard]] std::size_t channel(std::size_t element) const {
    if (per_channel) return element % channels;
    const std::size_t in_group = channels / groups;
    return (filter(element) * groups / filters) * in_group + element / filters % in_group;
  }
};

[[nodiscard]] inline std::optional<KernelLayout> kernel_layout(const Layer& layer) {
  const Variable* kernel = layer.variable("kernel");
  if (kernel == nullptr || kernel->shape.size() < 2 || kernel->data.empty()) return std::nullopt;
  const std::size_t rows = kernel->shape[kernel->shape.size() - 2];
  const std::size_t filters = kernel->shape.back();
  if (is_toolkit(layer, "DepthwiseBufferTempConv")) return KernelLayout{filters, filters, 1, true};
  if (is_toolkit(layer, "BufferTempConv")) {
    const std::int64_t size = integer_entry(layer, "kernel_size", 1);
    if (size < 1 || rows % static_cast<std::size_t>(size) != 0) return std::nullopt;
    return KernelLayout{rows / static_cast<std::size_t>(size), filters, 1, false};
  }
  const std::int64_t groups = is_keras(layer, "Conv2D") ? integer_entry(layer, "groups", 1) : 1;
  if (groups < 1 || filters % static_cast<std::size_t>(groups) != 0) return std::nullopt;
  return KernelLayout{rows * static_cast<std::size_t>(groups), filters,
                      static_cast<std::size_t>(groups), false};
}

/// Why a Rescaling cannot be folded into the layer behind it, or an empty text.
[[nodiscard]] inline std::string alignment_fault(const Graph& graph, const Layer& rescaling,
                                                 const Alignment& values) {
  const std::size_t next = sole_consumer(graph, rescaling);
  if (next == Graph::none) {
    return "it must feed one layer and nothing else, it feeds " +
           std::to_string(uses(graph, rescaling.name)) + " layers" +
           (graph.is_output(rescaling.name) ? " and an output" : "");
  }
  const Layer& target = graph.layers[next];
  const bool accepted = is_keras(target, "Conv2D") || is_keras(target, "Dense") ||
                        is_toolkit(target, "BufferTempConv") ||
                        is_toolkit(target, "DepthwiseBufferTempConv");
  if (!accepted || !channels_last(target)) {
    return "'" + target.name + "' behind it is of type " + target.class_name +
           ", not Conv2D, Dense or BufferTempConv";
  }
  const auto layout = kernel_layout(target);
  if (!layout || !is_linear(target)) return "'" + target.name + "' behind it has no plain kernel";
  for (const Numbers* numbers : {&values.scale, &values.offset}) {
    if (numbers->values.size() != 1 && numbers->values.size() != layout->channels) {
      return std::to_string(numbers->values.size()) + " values for the " +
             std::to_string(layout->channels) + " input channels of '" + target.name + "'";
    }
  }
  const bool zero = std::find(values.scale.values.begin(), values.scale.values.end(), 0.0) !=
                    values.scale.values.end();
  return zero && values.vector_scale() ? "one of its scales is 0" : "";
}

inline void fold_into_kernel(Layer& target, const Alignment& values) {
  const KernelLayout layout = *kernel_layout(target);
  std::vector<float>& kernel = target.variable("kernel")->data;
  std::vector<double> shift(layout.filters, 0.0);
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    shift[layout.filter(i)] +=
        static_cast<double>(kernel[i]) * Alignment::at(values.offset, layout.channel(i));
    if (values.vector_scale()) {
      kernel[i] = static_cast<float>(static_cast<double>(kernel[i]) *
                                     Alignment::at(values.scale, layout.channel(i)));
    }
  }
  std::vector<float>& bias = bias_of(target, "kernel", layout.filters).data;
  for (std::size_t f = 0; f < bias.size(); ++f) {
    bias[f] = static_cast<float>(static_cast<double>(bias[f]) + shift[f]);
  }
}

/// The convolution pads by hand, so its own padding is 'valid'.
inline void make_padded(Layer& target, const Alignment& values) {
  Json padding = Json::array();
  const std::size_t count =
      std::max(values.offset.values.size(), values.vector_scale() ? values.scale.values.size() : 1);
  for (std::size_t c = 0; c < count; ++c) {
    const double value = 0.0 - Alignment::at(values.offset, c);
    padding.push_back(values.vector_scale() ? static_cast<double>(static_cast<float>(value)) /
                                                  Alignment::at(values.scale, c)
                                            : value);
  }
  target.class_name = "PaddedConv2D";
  target.toolkit = true;
  target.config["padding"] = "valid";
  target.config["padding_value"] = std::move(padding);
}

}  // namespace detail

[[nodiscard]] inline Graph align_rescaling(Graph graph, Report& report) {
  const std::vector<std::size_t> order = keras_positions(graph);
  const auto found = std::find_if(order.begin(), order.end(), [&](std::size_t i) {
    return is_keras(graph.layers[i], "Rescaling");
  });
  if (found == order.end()) return graph;
  const std::string name = graph.layers[*found].name;
  const detail::Alignment values{numbers_entry(graph.layers[*found], "scale", 1),
                                 numbers_entry(graph.layers[*found], "offset", 0)};
  if (!values.needed()) return graph;
  if (std::string fault = detail::alignment_fault(graph, graph.layers[*found], values);
      !fault.empty()) {
    report.left_alone("align_rescaling", name,
                      "its offset or vector scale cannot be folded: " + fault);
    return graph;
  }
  graph = keras_order(std::move(graph));
  Layer& rescaling = *graph.find(name);
  Layer& target = graph.layers[sole_consumer(graph, rescaling)];
  const bool pads = is_keras(target, "Conv2D") && text_entry(target, "padding", "valid") == "same";
  detail::fold_into_kernel(target, values);
  if (pads) detail::make_padded(target, values);
  if (values.vector_scale()) rescaling.config["scale"] = 1;
  rescaling.config["offset"] = 0;
  return graph;
}

}  // namespace tenon::host
