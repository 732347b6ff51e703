// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <tenon/host/analyse/error_metrics.hpp>
#include <tenon/host/graph/graph.hpp>
#include <utility>
#include <vector>

// Quantization errors in the table that QuantizeML prints, character for character, and as JSON.
namespace tenon::host {

/// A line of the report: one key, or one channel of it, counted from 1.
struct ErrorRow {
  std::string name;
  double smape = 0;
  double saturation = 0;
};

/// More than this share of an output at its limits makes its error meaningless.
inline constexpr double unreliable_saturation = 60;

[[nodiscard]] inline std::vector<ErrorRow> error_rows(const std::vector<MeasuredError>& errors) {
  std::vector<ErrorRow> rows;
  for (const MeasuredError& error : errors) {
    for (std::size_t c = 0; c < error.parts.size(); ++c) {
      const ErrorMetrics& m = error.parts[c];
      const std::string name =
          error.per_channel ? error.key + ":" + std::to_string(c + 1) : error.key;
      const bool marked = m.saturation_percent() > unreliable_saturation;
      rows.push_back({(marked ? "*" : "") + name, m.smape(), m.saturation_percent()});
    }
  }
  return rows;
}

[[nodiscard]] inline std::string error_table(const std::vector<MeasuredError>& errors,
                                             std::string_view model) {
  const std::vector<ErrorRow> rows = error_rows(errors);
  const std::string_view first = "Layer/node";
  std::array<std::string_view, 2> titles{"SMAPE", "Saturation (%)"};
  std::size_t name_width = first.size();
  std::array<std::size_t, 2> widths{titles[0].size(), titles[1].size()};
  bool unreliable = false;
  for (const ErrorRow& row : rows) {
    name_width = std::max(name_width, row.name.size());
    const std::array<double, 2> values{row.smape, row.saturation};
    for (std::size_t k = 0; k < widths.size(); ++k) {
      // The digits before the point, the point and four decimals.
      widths[k] =
          std::max(widths[k], fmt::format("{}", static_cast<long long>(values[k])).size() + 5);
    }
    unreliable = unreliable || row.saturation > unreliable_saturation;
  }
  const std::string line(name_width + widths[0] + widths[1] + 6, '=');
  std::string text = fmt::format("\nQuantization error for {}:\n{}\n", model, line);
  text += fmt::format("{:<{}} | {:<{}} | {:<{}}\n{}\n", first, name_width, titles[0], widths[0],
                      titles[1], widths[1], line);
  for (const ErrorRow& row : rows) {
    text += fmt::format("{:<{}} | {:<{}} | {:<{}}\n", row.name, name_width,
                        fmt::format("{:.4f}", row.smape), widths[0],
                        fmt::format("{:.4f}", row.saturation), widths[1]);
  }
  text += line + "\n";
  if (unreliable)
    text += "* Measurement results are not reliable, as outputs saturate by more than 60%\n";
  return text;
}

[[nodiscard]] inline Json error_json(const std::vector<MeasuredError>& errors,
                                     std::string_view model, std::string_view mode) {
  Json json = {{"model", model}, {"mode", mode}, {"errors", Json::object()}};
  for (const ErrorRow& row : error_rows(errors)) {
    const std::string name = row.name.starts_with('*') ? row.name.substr(1) : row.name;
    json["errors"][name] = {{"SMAPE", row.smape}, {"Saturation (%)", row.saturation}};
  }
  return json;
}

}  // namespace tenon::host
