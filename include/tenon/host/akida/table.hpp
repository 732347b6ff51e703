// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <tenon/host/akida/report.hpp>
#include <vector>

// The verdict for people: a table of hardware layers, the devices, the reasons and the cures.
namespace tenon::host::mapping {

namespace detail {

using Row = std::vector<std::string>;

[[nodiscard]] inline std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) line += fmt::format("{:<{}}  ", row[c], widths[c]);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

[[nodiscard]] inline std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

/// Categories that are refused in a block.
[[nodiscard]] inline std::string verdict_of(const Report& report, const Place& place) {
  std::string text;
  for (const akida::Refusal& refusal : report.verdict.all_refusals()) {
    if (refusal.layer < 0) continue;
    const std::string name = name_of(report.model, refusal.layer);
    if (std::find(place.layers.begin(), place.layers.end(), name) == place.layers.end()) continue;
    const std::string category(text_of(refusal.category).name);
    if (text.find(category) == text.npos) text += (text.empty() ? "" : ", ") + category;
  }
  if (text.empty()) return place.block < report.verdict.block_count ? "fits" : "";
  return text;
}

[[nodiscard]] inline std::string place_table(const Report& report) {
  if (report.places.empty()) return "";
  const HostVerdict& verdict = report.verdict;
  Row head{"layers", "becomes", "runs on"};
  for (std::size_t d = 0; d < verdict.device_count; ++d) {
    head.push_back(fmt::format("{}{}", d == 0 ? "processors of " : "",
                               akida::facts_of(verdict.devices[d].device).name));
  }
  head.insert(head.end(), {"input bytes", "weight memory", "verdict"});
  std::vector<Row> rows{head};
  for (const Place& place : report.places) {
    Row row{joined(place.layers), place.becomes, place.unit};
    const bool counted =
        place.block < verdict.block_count && verdict.devices[0].usage[place.block].processors > 0;
    for (std::size_t d = 0; d < verdict.device_count; ++d) {
      row.push_back(counted ? std::to_string(verdict.devices[d].usage[place.block].processors)
                            : "");
    }
    const akida::Usage usage = counted ? verdict.devices[0].usage[place.block] : akida::Usage{};
    const bool dense = place.unit == "FNP3" || place.unit == "FNP2";
    row.push_back(usage.input_bytes > 0 ? std::to_string(usage.input_bytes) : "");
    row.push_back(usage.weight_words == 0
                      ? ""
                      : fmt::format("{} {}", usage.weight_words, dense ? "bytes" : "words"));
    row.push_back(verdict_of(report, place));
    rows.push_back(std::move(row));
  }
  return aligned(rows) + "\n";
}

}  // namespace detail

[[nodiscard]] inline std::string table_of(const Report& report) {
  const HostVerdict& verdict = report.verdict;
  std::string text = fmt::format("Akida {}, rules of the tool chain {}: {}\n\n",
                                 report.question.version == akida::Version::v1 ? "v1" : "v2",
                                 toolchain_name(report.question.toolchain),
                                 verdict.converts ? "converts" : "does not convert");
  text += detail::place_table(report);
  for (std::size_t d = 0; d < verdict.device_count; ++d) {
    const auto& on = verdict.devices[d];
    const akida::DeviceFacts& device = akida::facts_of(on.device);
    text += fmt::format("{}: {}", device.name, on.maps ? "maps" : "does not map");
    if (verdict.block_count > 0) {
      text += fmt::format(", {} of {} convolutional processors at once", on.processors,
                          device.processors);
    }
    text += "\n";
  }
  if (verdict.refusal_count > 0) text += "\nRefused:\n";
  for (const akida::Refusal& refusal : verdict.all_refusals()) {
    std::string on;
    for (std::size_t d = 0; d < verdict.device_count; ++d) {
      if ((refusal.devices >> d & 1U) == 0) continue;
      on += (on.empty() ? "" : ", ") + std::string(akida::facts_of(verdict.devices[d].device).name);
    }
    const bool everywhere = refusal.stage == akida::Stage::convert;
    text += fmt::format("TN{} {} ({}) {}\n", static_cast<int>(refusal.category),
                        text_of(refusal.category).name, everywhere ? "conversion" : on,
                        sentence(report.model, refusal));
  }
  if (verdict.more_refusals) text += "and more\n";
  if (!report.suggestions.changes.empty()) {
    text += "\nThese changes, one after the other, ";
    text += report.question.answered_by(*report.suggestions.verdict) ? "make it map:\n"
                                                                     : "leave fewer refusals:\n";
    for (const Suggestion& suggestion : report.suggestions.changes) {
      text += fmt::format("{}: {} ({})\n", suggestion.layer.empty() ? "model" : suggestion.layer,
                          suggestion.change, text_of(suggestion.cures).name);
    }
  }
  if (!report.notes.empty()) text += "\nHardware and quantized model may differ:\n";
  for (const std::string& note : report.notes) text += note + "\n";
  return text;
}

}  // namespace tenon::host::mapping
