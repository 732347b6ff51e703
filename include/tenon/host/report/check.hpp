// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <tenon/host/analyse/check.hpp>
#include <tenon/host/analyse/check_findings.hpp>
#include <tenon/host/graph/graph.hpp>
#include <vector>

// A check as a table for people and as JSON. Magnitudes are told as powers of two beside the bits
// that hold them.
namespace tenon::host {

namespace detail {

/// "19.3 of 27", both as powers of two.
[[nodiscard]] inline std::string bits_text(const Magnitudes& magnitudes, int bits) {
  if (magnitudes.empty()) return "-";
  return fmt::format("{:.1f} of {}", std::log2(std::max(largest_of(magnitudes), 1.0)), bits);
}

[[nodiscard]] inline double largest_share(const std::vector<ChannelCounts>& counts) {
  double top = 0;
  for (const ChannelCounts& c : counts) {
    top = std::max(top, static_cast<double>(c.outputs) /
                            static_cast<double>(std::max<std::size_t>(c.elements, 1)));
  }
  return top;
}

[[nodiscard]] inline ChannelCounts total(const std::vector<ChannelCounts>& counts) {
  ChannelCounts all;
  for (const ChannelCounts& c : counts) all.add(c);
  return all;
}

[[nodiscard]] inline std::string samples_text(const LayerCheck& layer) {
  if (layer.counts.empty() || !layer.has_output) return "-";
  const ChannelCounts all = total(layer.counts);
  return fmt::format("{:.3f} % ({:.3f} %)",
                     100 * static_cast<double>(all.outputs) /
                         static_cast<double>(std::max<std::size_t>(all.elements, 1)),
                     100 * largest_share(layer.counts));
}

/// One object for each channel, as lists.
[[nodiscard]] inline Json counts_json(const std::vector<ChannelCounts>& counts) {
  Json json = {{"elements", Json::array()},
               {"largest_sum", Json::array()},
               {"saturated_sums", Json::array()},
               {"saturated_products", Json::array()},
               {"clamped_outputs", Json::array()}};
  for (const ChannelCounts& c : counts) {
    json["elements"].push_back(c.elements);
    json["largest_sum"].push_back(c.largest_sum);
    json["saturated_sums"].push_back(c.sums);
    json["saturated_products"].push_back(c.products);
    json["clamped_outputs"].push_back(c.outputs);
  }
  return json;
}

}  // namespace detail

[[nodiscard]] inline std::string check_table(const Check& check) {
  std::size_t width = 5;
  for (const LayerCheck& layer : check.layers) width = std::max(width, layer.layer.size());
  std::string text =
      fmt::format("{}: bounds for every input, as powers of two{}\n", check.model,
                  check.samples == 0 ? "" : fmt::format("; {} samples", check.samples));
  text += fmt::format("{:<{}}  {:<12}  {:<12}  {:<12}  {:<12}  {}\n", "layer", width, "sums",
                      "scaled sums", "outputs", "scale error", "clamped (worst channel)");
  for (const LayerCheck& layer : check.layers) {
    if (!layer.has_output && layer.bounds.sums.empty()) continue;
    const auto& e = layer.scale_errors;
    text += fmt::format(
        "{:<{}}  {:<12}  {:<12}  {:<12}  {:<12}  {}\n", layer.layer, width,
        detail::bits_text(layer.bounds.sums, layer.buffer_bits),
        detail::bits_text(layer.bounds.products, layer.product_bits),
        detail::bits_text(layer.bounds.results, layer.output_bits),
        e.empty() ? "-" : fmt::format("{:.2f} %", 100 * *std::max_element(e.begin(), e.end())),
        detail::samples_text(layer));
  }
  for (const CheckFinding& finding : check.findings)
    text += finding.layer + ": " + finding.text + "\n";
  return text + (check.findings.empty() ? "nothing to report\n" : "");
}

[[nodiscard]] inline Json check_json(const Check& check) {
  Json json = {{"model", check.model},
               {"samples", check.samples},
               {"layers", Json::array()},
               {"findings", Json::array()}};
  for (const LayerCheck& layer : check.layers) {
    if (!layer.has_output && layer.bounds.sums.empty() && layer.bounds.cut_inputs.empty()) continue;
    Json item = {{"layer", layer.layer},
                 {"class", layer.class_name},
                 {"calibrated", layer.calibrated},
                 {"buffer_value_bits", layer.buffer_bits},
                 {"largest_sums", layer.bounds.sums},
                 {"output_value_bits", layer.output_bits},
                 {"scale_errors", layer.scale_errors}};
    if (layer.has_output) {
      item["scaled_value_bits"] = layer.product_bits;
      item["largest_scaled_sums"] = layer.bounds.products;
      item["largest_outputs"] = layer.bounds.results;
    }
    if (!layer.counts.empty()) item["samples"] = detail::counts_json(layer.counts);
    if (!layer.bounds.cut_inputs.empty()) {
      item["cut_input_channels"] = layer.bounds.cut_inputs;
      if (layer.inputs != 0) item["cut_inputs"] = layer.cut_inputs;
    }
    json["layers"].push_back(std::move(item));
  }
  for (const CheckFinding& f : check.findings) {
    json["findings"].push_back({{"layer", f.layer},
                                {"kind", name_of(f.kind)},
                                {"channels", f.channels},
                                {"value", f.value},
                                {"limit", f.limit},
                                {"text", f.text}});
  }
  return json;
}

}  // namespace tenon::host
