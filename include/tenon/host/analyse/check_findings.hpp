// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <tenon/host/analyse/check.hpp>
#include <utility>
#include <vector>

// What of a check is worth telling: each finding says the worst channel, its value, the limit and
// the cure.
namespace tenon::host {

[[nodiscard]] inline std::string_view name_of(CheckKind kind) {
  switch (kind) {
    case CheckKind::not_calibrated:
      return "not_calibrated";
    case CheckKind::inaccurate_scales:
      return "inaccurate_scales";
    case CheckKind::saturating_sums:
      return "saturating_sums";
    case CheckKind::saturating_products:
      return "saturating_products";
    case CheckKind::cut_inputs:
      return "cut_inputs";
    case CheckKind::clamped:
      return "clamped";
  }
  return "";
}

namespace detail {

/// Channels whose value is above the limit, the worst first.
[[nodiscard]] inline std::vector<std::size_t> above(const std::vector<double>& values,
                                                    double limit) {
  std::vector<std::size_t> channels;
  for (std::size_t c = 0; c < values.size(); ++c) {
    if (values[c] > limit) channels.push_back(c);
  }
  std::stable_sort(channels.begin(), channels.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  return channels;
}

/// "channel 3 of 16" or "channel 3 and 4 others of 16".
[[nodiscard]] inline std::string channels_text(const std::vector<std::size_t>& channels,
                                               std::size_t count) {
  if (count <= 1) return "its one channel or all of them";
  const std::size_t others = channels.size() - 1;
  return fmt::format(
      "channel {}{} of {}", channels.front(),
      others == 0 ? "" : fmt::format(" and {} other{}", others, others == 1 ? "" : "s"), count);
}

/// How samples fare where a bound allows more than a buffer holds.
[[nodiscard]] inline std::string on_samples(const LayerCheck& layer,
                                            std::size_t ChannelCounts::*hits) {
  if (layer.counts.empty()) return "";
  std::size_t elements = 0;
  std::size_t found = 0;
  for (const ChannelCounts& c : layer.counts) {
    elements += c.elements;
    found += c.*hits;
  }
  if (found == 0) return "; no element of the samples does";
  return fmt::format("; {:.4f} % of the elements of the samples do",
                     100.0 * static_cast<double>(found) / static_cast<double>(elements));
}

inline void find_bounds(const LayerCheck& layer, std::vector<CheckFinding>& findings) {
  const auto add = [&](CheckKind kind, const Magnitudes& bounds, int bits,
                       std::size_t ChannelCounts::*hits, std::string_view what,
                       std::string_view cure) {
    const double limit = power_of_two(bits);
    const std::vector<std::size_t> channels = above(bounds, limit);
    if (channels.empty()) return;
    const double worst = bounds[channels.front()];
    findings.push_back({kind, layer.layer, channels, worst, limit,
                        fmt::format("{}: {} can reach {:.0f}, {} value bits hold {:.0f}{}; {}",
                                    channels_text(channels, bounds.size()), what, worst, bits,
                                    limit, on_samples(layer, hits), cure)});
  };
  add(CheckKind::saturating_sums, layer.bounds.sums, layer.buffer_bits, &ChannelCounts::sums,
      "sums", "lower the weight bits or those of the input, or raise buffer_bitwidth");
  add(CheckKind::saturating_products, layer.bounds.products, layer.product_bits,
      &ChannelCounts::products, "scaled sums",
      "lower the scale_bits or the weight bits, or raise buffer_bitwidth of the output quantizer");
  if (!layer.bounds.cut_inputs.empty()) {
    const std::vector<std::size_t>& channels = layer.bounds.cut_inputs;
    const std::string found = layer.inputs == 0
                                  ? ""
                                  : fmt::format(", {:.4f} % of the elements of the samples",
                                                100.0 * static_cast<double>(layer.cut_inputs) /
                                                    static_cast<double>(layer.inputs));
    findings.push_back(
        {CheckKind::cut_inputs, layer.layer, channels, static_cast<double>(layer.cut_inputs),
         power_of_two(layer.buffer_bits),
         fmt::format(
             "input channel {} and {} others may not fit {} value bits once their fractional bits "
             "are aligned{}; calibrate with more samples or use per-tensor activations",
             channels.front(), channels.size() - 1, layer.buffer_bits, found)});
  }
}

inline void find_clamped(const LayerCheck& layer, double limit,
                         std::vector<CheckFinding>& findings) {
  ChannelCounts all;
  std::vector<double> shares;
  for (const ChannelCounts& c : layer.counts) {
    all.add(c);
    shares.push_back(static_cast<double>(c.outputs) /
                     static_cast<double>(std::max<std::size_t>(c.elements, 1)));
  }
  const double share = static_cast<double>(all.outputs) /
                       static_cast<double>(std::max<std::size_t>(all.elements, 1));
  if (!layer.has_output || share <= limit) return;
  const std::vector<std::size_t> channels = above(shares, limit);
  findings.push_back(
      {CheckKind::clamped, layer.layer, channels, share, limit,
       fmt::format(
           "{:.2f} % of its outputs are beyond the calibrated range, worst {} with {:.2f} %; "
           "calibrate with samples like these",
           100 * share, channels_text(channels, shares.size()), 100 * shares[channels.front()])});
}

}  // namespace detail

[[nodiscard]] inline std::vector<CheckFinding> findings_of(const std::vector<LayerCheck>& layers,
                                                           const CheckOptions& options) {
  std::vector<CheckFinding> findings;
  for (const LayerCheck& layer : layers) {
    if (!layer.calibrated) {
      findings.push_back(
          {CheckKind::not_calibrated,
           layer.layer,
           {},
           1,
           1,
           "its output quantizer is not calibrated, every range is 1; quantize with samples"});
    }
    const std::vector<std::size_t> scales = detail::above(layer.scale_errors, options.scale_error);
    if (!scales.empty()) {
      const double worst = layer.scale_errors[scales.front()];
      findings.push_back(
          {CheckKind::inaccurate_scales, layer.layer, scales, worst, options.scale_error,
           fmt::format("{}: the integer scale is off by {:.2f} %; raise scale_bits",
                       detail::channels_text(scales, layer.scale_errors.size()), 100 * worst)});
    }
    detail::find_bounds(layer, findings);
    if (!layer.counts.empty()) detail::find_clamped(layer, options.clamped_share, findings);
  }
  return findings;
}

/// The whole check; without samples the bounds only.
[[nodiscard]] inline Check check_model(const Program& program, const Samples& samples,
                                       const Streams& streams, const CheckOptions& options) {
  const OpenOutputs open(program);
  Check check{program.graph().name, samples.count, examine(program, open), {}};
  if (samples.count != 0) count_samples(program, open, samples, streams, check.layers);
  check.findings = findings_of(check.layers, options);
  return check;
}

}  // namespace tenon::host
