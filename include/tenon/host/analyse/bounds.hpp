// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <tenon/host/interpret/program.hpp>
#include <variant>
#include <vector>

// The largest magnitudes that integers of a quantized program can have, channel by channel,
// whatever the input: proved from the weights, biases and scales. Doubles hold such sums exactly up
// to 2^53, far above every buffer.
namespace tenon::host {

/// One for each channel, or one for all.
using Magnitudes = std::vector<double>;

struct LayerBounds {
  Magnitudes
      sums;  ///< before the limits of the buffer, bias included; empty where nothing is summed
  Magnitudes
      products;        ///< with the scales of the output quantizer, before the limits of its buffer
  Magnitudes results;  ///< behind its shift, before the limits of its bits
  Magnitudes output;   ///< of the tensor that the layer gives
  std::vector<std::size_t>
      cut_inputs;  ///< input channels that do not fit the buffer once they are aligned
};

namespace detail {

[[nodiscard]] inline double at(const Magnitudes& m, std::size_t channel) {
  return m[m.size() == 1 ? 0 : channel];
}

[[nodiscard]] inline double power_of_two(int exponent) { return std::ldexp(1.0, exponent); }

[[nodiscard]] inline double largest_of(const Magnitudes& m) {
  return m.empty() ? 0.0 : *std::max_element(m.begin(), m.end());
}

/// Magnitudes of which those of a bounded ReLU are left.
[[nodiscard]] inline Magnitudes limited(const Magnitudes& input,
                                        const std::vector<std::int64_t>& maximum) {
  if (maximum.empty()) return input;
  Magnitudes m(std::max(input.size(), maximum.size()));
  for (std::size_t c = 0; c < m.size(); ++c) {
    m[c] = std::min(at(input, c), static_cast<double>(maximum[maximum.size() == 1 ? 0 : c]));
  }
  return m;
}

/// Magnitudes of an input once it stands in the buffer of a layer.
[[nodiscard]] inline Magnitudes aligned(const Magnitudes& input,
                                        const std::vector<std::int32_t>& shifts,
                                        std::size_t channels, int buffer_bits) {
  Magnitudes m(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const int shift = shifts.empty() ? 0 : shifts[shifts.size() == 1 ? 0 : c];
    const double v = input[c % input.size()] * power_of_two(shift);
    m[c] = std::min(v, power_of_two(buffer_bits));
  }
  return m;
}

/// Sum of |w| * top over the rows of each column, where `channel(row, column)` is the input channel
/// of a weight.
template <class Channel>
[[nodiscard]] Magnitudes weighted_sums(const std::vector<std::int32_t>& weights,
                                       std::size_t columns, const Magnitudes& top,
                                       const Channel& channel) {
  Magnitudes sums(columns, 0.0);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    sums[i % columns] +=
        std::abs(static_cast<double>(weights[i])) * top[channel(i / columns, i % columns)];
  }
  return sums;
}

struct SumBounds {
  const Step& step;
  const Shape& input;
  const Magnitudes& first;
  const Magnitudes& second;

  [[nodiscard]] std::size_t channels() const { return static_cast<std::size_t>(input.channels()); }
  [[nodiscard]] Magnitudes top() const {
    return aligned(first, step.constants.input_shift, channels(), step.constants.buffer_bits);
  }
  [[nodiscard]] Magnitudes by_row(std::size_t columns) const {
    const std::size_t count = channels();
    return weighted_sums(step.constants.weights, columns, top(),
                         [count](std::size_t row, std::size_t) { return row % count; });
  }
  [[nodiscard]] Magnitudes by_column() const {
    return weighted_sums(step.constants.weights, channels(), top(),
                         [](std::size_t, std::size_t column) { return column; });
  }

  Magnitudes operator()(const Conv2DParams& p) const {
    Magnitudes tops = top();
    for (std::size_t c = 0; c < step.constants.padding.size(); ++c) {
      tops[c] = std::max(tops[c], std::abs(static_cast<double>(step.constants.padding[c])));
    }
    const auto filters = static_cast<std::size_t>(p.filters);
    const auto groups = static_cast<std::size_t>(p.groups);
    const std::size_t depth = channels() / groups;
    return weighted_sums(step.constants.weights, filters, tops,
                         [&](std::size_t row, std::size_t f) {
                           return f / (filters / groups) * depth + row % depth;
                         });
  }
  Magnitudes operator()(const Conv2DTransposeParams& p) const {
    return by_row(static_cast<std::size_t>(p.filters));
  }
  Magnitudes operator()(const DenseParams& p) const {
    return by_row(static_cast<std::size_t>(p.units));
  }
  Magnitudes operator()(const BufferTempConvParams& p) const {
    return by_row(static_cast<std::size_t>(p.filters));
  }
  Magnitudes operator()(const DepthwiseConv2DParams&) const { return by_column(); }
  Magnitudes operator()(const DepthwiseConv2DTransposeParams&) const { return by_column(); }
  Magnitudes operator()(const DepthwiseBufferTempConvParams&) const { return by_column(); }
  Magnitudes operator()(const BatchNormalizationParams&) const { return by_column(); }
  Magnitudes operator()(const SeparableConv2DParams& p) const {
    Magnitudes middle = by_column();
    for (double& m : middle) m = std::min(m, power_of_two(step.constants.buffer_bits));
    const Magnitudes tops = middle;
    return weighted_sums(step.constants.pointwise, static_cast<std::size_t>(p.filters), tops,
                         [](std::size_t row, std::size_t) { return row; });
  }
  Magnitudes operator()(const AddParams&) const {
    Magnitudes sums = top();
    const Magnitudes other =
        aligned(second, step.constants.second_shift, channels(), step.constants.buffer_bits);
    for (std::size_t c = 0; c < sums.size(); ++c) sums[c] += other[c];
    return sums;
  }
  Magnitudes operator()(const GlobalAveragePooling2DParams&) const {
    Magnitudes sums = top();
    for (double& s : sums) s *= static_cast<double>(input.pixels());
    return sums;
  }
  Magnitudes operator()(const AddPositionEmbsParams&) const {
    Magnitudes table(channels(), 0.0);
    for (std::size_t i = 0; i < step.constants.table.size(); ++i) {
      double& most = table[i % channels()];
      most = std::max(most, std::abs(static_cast<double>(step.constants.table[i])));
    }
    for (std::size_t c = 0; c < table.size(); ++c) table[c] += at(top(), c);
    return table;
  }
  /// x * trunc(g / sum |x|) is no larger than g.
  Magnitudes operator()(const LayerMadNormalizationParams&) const {
    Magnitudes sums;
    for (const std::int32_t w : step.constants.weights) {
      sums.push_back(std::ldexp(std::abs(static_cast<double>(w)), step.constants.weight_shift));
    }
    return sums;
  }
  /// Where the sums are aligned instead of the values, they grow by that.
  Magnitudes operator()(const AttentionParams&) const {
    int shift = 0;
    if (tenon::detail::alignment_is_exact(step.constants)) {
      for (const std::int32_t s : step.constants.input_shift) shift = std::max(shift, s);
    }
    return {std::ldexp(static_cast<double>(step.constants.largest_sum), shift)};
  }
  Magnitudes operator()(const ActivationParams&) const { return {}; }
  /// Other layers tell one bound for all channels, or sum nothing.
  template <class Params>
  Magnitudes operator()(const Params&) const {
    if (step.constants.largest_sum == 0) return {};
    return {static_cast<double>(step.constants.largest_sum)};
  }
};

/// Layers that hand the magnitudes of their input on.
[[nodiscard]] inline bool keeps_magnitudes(LayerKind kind) {
  return kind == LayerKind::relu || kind == LayerKind::max_pooling2d ||
         kind == LayerKind::dropout || kind == LayerKind::reshape ||
         kind == LayerKind::extract_token || kind == LayerKind::class_token;
}

inline void add_output(const Step& step, const Magnitudes& before, LayerBounds& bounds) {
  const Requantization<Heap>& output = step.constants.output;
  const std::size_t channels =
      std::max({before.size(), output.mantissas.size(), output.shifts.size()});
  const auto of = [](const auto& v, std::size_t c) { return v[v.size() == 1 ? 0 : c]; };
  for (std::size_t c = 0; c < channels; ++c) {
    double v = before[c % before.size()];
    if (!output.mantissas.empty()) {
      bounds.products.push_back(v * of(output.mantissas, c));
      v = std::min(bounds.products.back(), power_of_two(output.buffer_bits));
    }
    bounds.results.push_back(std::ldexp(v, of(output.shifts, c)));
    bounds.output.push_back(std::min(bounds.results.back(), power_of_two(output.value_bits)));
  }
}

[[nodiscard]] inline std::vector<std::size_t> cut_channels(const Magnitudes& input,
                                                           const Step& step) {
  std::vector<std::size_t> cut;
  const std::vector<std::int32_t>& shifts = step.constants.input_shift;
  for (std::size_t c = 0; shifts.size() > 1 && c < shifts.size(); ++c) {
    if (input[c % input.size()] * power_of_two(shifts[c]) >
        power_of_two(step.constants.buffer_bits))
      cut.push_back(c);
  }
  return cut;
}

}  // namespace detail

/// Bounds of every layer of a quantized program; empty ones for layers that compute with floats.
[[nodiscard]] inline std::vector<LayerBounds> prove_bounds(const Program& program) {
  std::vector<LayerBounds> all(program.steps().size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Step& step = program.steps()[i];
    const HostFormat& format = program.values()[i].format;
    LayerBounds& bounds = all[i];
    const Magnitudes full{detail::power_of_two(format.value_bits)};
    // A recurrent layer rounds its state at every step: its limits are part of what it computes.
    if (step.mode != Mode::integer ||
        std::holds_alternative<StatefulRecurrentParams>(step.params)) {
      bounds.output = full;
      continue;
    }
    const auto input = [&](std::size_t k) -> const Magnitudes& {
      const std::size_t from = step.inputs[std::min(k, step.inputs.size() - 1)];
      return from < all.size() && !all[from].output.empty() ? all[from].output : full;
    };
    const Shape& shape = program.values()[step.inputs.front()].shape;
    bounds.sums = std::visit(detail::SumBounds{step, shape, input(0), input(1)}, step.params);
    for (std::size_t u = 0; u < bounds.sums.size() && !step.constants.bias.empty(); ++u) {
      const auto& bias = step.constants.bias;
      bounds.sums[u] += std::abs(static_cast<double>(bias[bias.size() == 1 ? 0 : u]));
    }
    bounds.cut_inputs = detail::cut_channels(input(0), step);
    Magnitudes before = full;
    if (!bounds.sums.empty()) {
      before = bounds.sums;
      for (double& m : before) m = std::min(m, detail::power_of_two(step.constants.buffer_bits));
    } else if (detail::keeps_magnitudes(traits_of(step.params).kind)) {
      const LayerKind kind = traits_of(step.params).kind;
      const bool mixes = kind == LayerKind::reshape || kind == LayerKind::extract_token;
      before = mixes ? Magnitudes{detail::largest_of(input(0))}
                     : detail::limited(input(0), step.constants.maximum);
      if (kind == LayerKind::class_token) {  // its one token joins those of the input
        for (const std::int32_t v : step.constants.bias)
          before.push_back(std::abs(static_cast<double>(v)));
        before = {detail::largest_of(before)};
      }
    } else if (std::holds_alternative<ActivationParams>(step.params)) {
      before = {0.0};
      for (const std::int32_t y : step.constants.table) {
        before[0] = std::max(before[0], std::abs(static_cast<double>(y)));
      }
    } else if (step.constants.has_output) {
      before = {detail::power_of_two(step.constants.buffer_bits)};
    }
    if (step.constants.has_output) {
      detail::add_output(step, before, bounds);
    } else {
      bounds.output = before;
    }
  }
  return all;
}

}  // namespace tenon::host
