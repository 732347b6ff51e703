// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>
#include <cstddef>
#include <string>
#include <string_view>
#include <tenon/host/analyse/kernel_distribution.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/report/error_table.hpp>
#include <tenon/host/report/html.hpp>
#include <vector>

// The results of `tenon analysis` as pages, JSON and CSV.
namespace tenon::host {

[[nodiscard]] inline std::string error_page(const std::vector<MeasuredError>& errors,
                                            std::string_view model, std::string_view mode) {
  std::vector<html::Bar> smape;
  std::vector<html::Bar> saturation;
  std::string table =
      "<table>\n<tr><th>Layer/node</th><th>SMAPE</th><th>Saturation (%)</th></tr>\n";
  for (const ErrorRow& row : error_rows(errors)) {
    const bool bad = row.saturation > unreliable_saturation;
    smape.push_back({row.name, row.smape, bad});
    saturation.push_back({row.name, row.saturation, bad});
    table += fmt::format(
        "<tr><td>{}</td><td class=\"number\">{:.4f}</td><td class=\"number\">{:.4f}</td></tr>\n",
        html::escaped(row.name), row.smape, row.saturation);
  }
  const std::string body = fmt::format(
      "<p>Mode: {}. SMAPE is the mean of |float - quantized| / (|float| + |quantized|), elements "
      "at the limits of their "
      "range left out. Outputs that saturate by more than 60 % are marked, their error means "
      "little.</p>\n"
      "<h2>SMAPE</h2>\n{}<h2>Saturation (%)</h2>\n{}<h2>Values</h2>\n{}</table>\n",
      html::escaped(mode), html::bars(smape, ""), html::bars(saturation, " %"), table);
  return html::page(fmt::format("Quantization error for {}", model), body);
}

[[nodiscard]] inline Json distribution_json(const std::vector<KernelDistribution>& layers,
                                            std::string_view model) {
  Json json = {{"model", model}, {"layers", Json::array()}};
  for (const KernelDistribution& layer : layers) {
    Json channels = Json::array();
    for (const ChannelDistribution& c : layer.channels) {
      channels.push_back({{"count", c.count},
                          {"minimum", c.minimum},
                          {"lower_quartile", c.lower},
                          {"median", c.median},
                          {"upper_quartile", c.upper},
                          {"maximum", c.maximum},
                          {"mean", c.mean},
                          {"standard_deviation", c.deviation},
                          {"histogram", c.histogram}});
    }
    json["layers"].push_back({{"layer", layer.layer},
                              {"class", layer.class_name},
                              {"histogram_range", {layer.low, layer.high}},
                              {"channels", std::move(channels)}});
  }
  return json;
}

[[nodiscard]] inline std::string distribution_csv(const std::vector<KernelDistribution>& layers) {
  std::string csv =
      "layer,channel,count,minimum,lower_quartile,median,upper_quartile,maximum,mean,standard_"
      "deviation\n";
  for (const KernelDistribution& layer : layers) {
    // A name from a file may hold what separates fields.
    std::string name = "\"";
    for (const char c : layer.layer) name += c == '"' ? std::string("\"\"") : std::string(1, c);
    for (std::size_t k = 0; k < layer.channels.size(); ++k) {
      const ChannelDistribution& c = layer.channels[k];
      csv += fmt::format("{}\",{},{},{},{},{},{},{},{},{}\n", name, k, c.count, c.minimum, c.lower,
                         c.median, c.upper, c.maximum, c.mean, c.deviation);
    }
  }
  return csv;
}

/// Of each layer the histogram of all weights, and a box plot for each output channel.
[[nodiscard]] inline std::string distribution_page(const std::vector<KernelDistribution>& layers,
                                                   std::string_view model) {
  std::string body;
  for (const KernelDistribution& layer : layers) {
    std::vector<std::size_t> sum(detail::histogram_bins, 0);
    std::vector<html::Box> boxes;
    for (const ChannelDistribution& c : layer.channels) {
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += c.histogram[i];
      boxes.push_back({c.minimum, c.lower, c.median, c.upper, c.maximum});
    }
    body += fmt::format(
        "<h2>{} ({})</h2>\n<p>All weights</p>\n{}<p>Output channels 0 to {}</p>\n{}",
        html::escaped(layer.layer), html::escaped(layer.class_name),
        html::histogram(sum, layer.low, layer.high), layer.channels.size() - 1, html::boxes(boxes));
  }
  return html::page(fmt::format("Kernel distribution of {}", model), body);
}

}  // namespace tenon::host
