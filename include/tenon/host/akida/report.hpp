// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <tenon/host/akida/category_text.hpp>
#include <tenon/host/akida/notes.hpp>
#include <tenon/host/akida/question.hpp>
#include <tenon/host/akida/sketch.hpp>
#include <tenon/host/akida/suggest.hpp>
#include <tenon/host/akida/text.hpp>
#include <vector>

// The verdict as JSON for programs; table.hpp writes it for people.
namespace tenon::host::mapping {

/// A hardware layer: which layers became what, and where it runs.
struct Place {
  std::string name;
  std::vector<std::string> layers;
  std::string becomes;
  std::string unit;
  std::size_t block = HostVerdict::max_refusals;  ///< of the verdict; none for what the host runs
};

struct Report {
  const NamedModel& model;
  const Question& question;
  const HostVerdict& verdict;
  std::vector<Place> places;
  Suggestions suggestions;
  std::vector<std::string> notes;
};

[[nodiscard]] inline std::string_view toolchain_name(akida::Toolchain toolchain) {
  return toolchain == akida::Toolchain::v2_14 ? "2.14" : "2.19";
}
[[nodiscard]] inline std::string name_of(const NamedModel& model, std::int16_t layer) {
  return layer < 0 ? "the model" : model.names[static_cast<std::size_t>(layer)];
}

/// Everything that runs, in order: the input data, the blocks, the software behind them.
[[nodiscard]] inline std::vector<Place> places_of(const NamedModel& model,
                                                  const HostVerdict& verdict) {
  using akida::Unit;
  std::vector<Place> places;
  if (verdict.block_count == 0) return places;
  std::vector<bool> placed(model.layers.size());
  const bool image = verdict.blocks[0].unit == Unit::image_input;
  for (std::size_t b = 0; b < verdict.block_count; ++b) {
    const akida::PlacedBlock& block = verdict.blocks[b];
    Place place{name_of(model, block.operation),
                {},
                std::string(text_of(block.node)),
                std::string(text_of(block.unit)),
                b};
    for (std::int16_t i = block.last;; i = model.layers[static_cast<std::size_t>(i)].inbound[0]) {
      const std::size_t at = static_cast<std::size_t>(i);
      const bool input = model.layers[at].kind == LayerKind::input;
      if (!placed[at] && (!input || image)) place.layers.push_back(model.names[at]);
      if (!input || image) placed[at] = true;
      if (i == block.first) break;
    }
    std::reverse(place.layers.begin(), place.layers.end());
    places.push_back(std::move(place));
  }
  std::vector<Place> all;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    if (!placed[i] && model.layers[i].kind == LayerKind::input) {
      all.push_back({model.names[i], {model.names[i]}, "InputData", "data"});
      placed[i] = true;
    }
  }
  all.insert(all.end(), places.begin(), places.end());
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    if (placed[i]) continue;
    const bool dequantizer = model.layers[i].kind == LayerKind::dequantizer;
    all.push_back({model.names[i],
                   {model.names[i]},
                   dequantizer ? "Dequantizer" : model.class_names[i],
                   "host"});
  }
  return all;
}

/// Judges a model and, where it does not map, looks for changes.
[[nodiscard]] inline Report report_on(const NamedModel& model, const Question& question,
                                      const HostVerdict& verdict) {
  return {model,
          question,
          verdict,
          places_of(model, verdict),
          suggest(model, verdict, question),
          notes_on(model, verdict)};
}

/// "conv1: the kernel is 9, allowed is 1, 3, 5, 7; use …".
[[nodiscard]] inline std::string sentence(const NamedModel& model, const akida::Refusal& refusal) {
  const CategoryText& text = text_of(refusal.category);
  const std::string allowed = text_of(refusal.allowed);
  return fmt::format("{}: {} is {}{}{}; {}", name_of(model, refusal.layer), text.what,
                     text_of(refusal.found), allowed.empty() ? "" : ", allowed is ", allowed,
                     text.cure);
}

namespace detail {

[[nodiscard]] inline nlohmann::ordered_json maps_json(const HostVerdict& verdict) {
  nlohmann::ordered_json maps = nlohmann::ordered_json::object();
  for (std::size_t d = 0; d < verdict.device_count; ++d) {
    maps[akida::facts_of(verdict.devices[d].device).name] = verdict.devices[d].maps;
  }
  return maps;
}

[[nodiscard]] inline nlohmann::ordered_json refusal_json(const Report& report,
                                                         const akida::Refusal& refusal) {
  nlohmann::ordered_json entry;
  entry["category"] = text_of(refusal.category).name;
  entry["number"] = fmt::format("TN{}", static_cast<int>(refusal.category));
  entry["stage"] = refusal.stage == akida::Stage::convert ? "convert" : "map";
  entry["layer"] = refusal.layer < 0 ? nlohmann::ordered_json(nullptr)
                                     : nlohmann::ordered_json(name_of(report.model, refusal.layer));
  entry["found"] = json_of(refusal.found);
  entry["allowed"] = json_of(refusal.allowed);
  entry["devices"] = nlohmann::ordered_json::array();
  for (std::size_t d = 0; d < report.verdict.device_count; ++d) {
    if ((refusal.devices >> d & 1U) != 0) {
      entry["devices"].push_back(akida::facts_of(report.verdict.devices[d].device).name);
    }
  }
  entry["message"] = sentence(report.model, refusal);
  return entry;
}

[[nodiscard]] inline nlohmann::ordered_json place_json(const Report& report, const Place& place) {
  nlohmann::ordered_json entry{{"name", place.name},
                               {"layers", place.layers},
                               {"becomes", place.becomes},
                               {"unit", place.unit}};
  if (place.block >= report.verdict.block_count) return entry;
  const akida::Unit unit = report.verdict.blocks[place.block].unit;
  if (unit == akida::Unit::image_input || unit == akida::Unit::skip) return entry;
  const bool dense = unit == akida::Unit::internal_dense || unit == akida::Unit::external_dense;
  for (std::size_t d = 0; d < report.verdict.device_count; ++d) {
    const auto& on = report.verdict.devices[d];
    const akida::Usage& usage = on.usage[place.block];
    entry["devices"][akida::facts_of(on.device).name] = {
        {"processors", usage.processors},
        {"input_bytes", usage.input_bytes},
        {dense ? "weight_bytes" : "weight_words", usage.weight_words}};
  }
  return entry;
}

}  // namespace detail

[[nodiscard]] inline nlohmann::ordered_json json_of(const Report& report) {
  nlohmann::ordered_json out;
  out["akida"] = report.question.version == akida::Version::v1 ? "v1" : "v2";
  out["toolchain"] = toolchain_name(report.question.toolchain);
  out["converts"] = report.verdict.converts;
  out["maps"] = detail::maps_json(report.verdict);
  out["refusals"] = nlohmann::ordered_json::array();
  for (const akida::Refusal& refusal : report.verdict.all_refusals()) {
    out["refusals"].push_back(detail::refusal_json(report, refusal));
  }
  out["placement"] = nlohmann::ordered_json::array();
  for (const Place& place : report.places)
    out["placement"].push_back(detail::place_json(report, place));
  out["suggestions"] = nlohmann::ordered_json::array();
  for (const Suggestion& suggestion : report.suggestions.changes) {
    out["suggestions"].push_back(
        {{"layer", suggestion.layer.empty() ? nlohmann::ordered_json(nullptr)
                                            : nlohmann::ordered_json(suggestion.layer)},
         {"change", suggestion.change},
         {"cures", text_of(suggestion.cures).name}});
  }
  if (report.suggestions.verdict) {
    out["maps_with_suggestions"] = detail::maps_json(*report.suggestions.verdict);
  }
  out["notes"] = report.notes;
  return out;
}

}  // namespace tenon::host::mapping
