// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <bit>
#include <cstddef>
#include <memory>
#include <string>
#include <tenon/host/akida/cures_of.hpp>
#include <tenon/host/akida/question.hpp>
#include <tenon/host/akida/sketch.hpp>
#include <utility>
#include <vector>

// What would make a model map: changes are tried on the description, and the rules judge the
// result.
namespace tenon::host::mapping {

struct Suggestion {
  std::string change;
  std::string layer;  ///< empty when it concerns the whole model
  akida::Category cures = akida::Category::NONE;
};
struct Suggestions {
  std::vector<Suggestion> changes;               ///< in the order in which they were made
  std::unique_ptr<const HostVerdict> verdict{};  ///< with all of them; null without any
};

namespace detail {

/// Broken rules, on the devices that are asked for.
[[nodiscard]] inline int faults(const HostVerdict& verdict, const Question& question) {
  unsigned asked = 0;
  for (std::size_t d = 0; d < verdict.device_count; ++d) {
    if (!question.device || verdict.devices[d].device == *question.device) asked |= 1U << d;
  }
  int count = verdict.more_refusals ? 1 : 0;
  for (const akida::Refusal& refusal : verdict.all_refusals()) {
    // What hides other faults weighs more than they do.
    const int weight = refusal.category < akida::Category::WEIGHT_BITS ||
                               refusal.category == akida::Category::V1_OUTPUT_QUANTIZER_NOT_ON_RELU
                           ? 16
                           : 1;
    count += weight * std::popcount(refusal.devices & asked);
  }
  return count;
}

}  // namespace detail

/// Searches step by step: of the changes that are offered for a refusal the first that leaves fewer
/// faults.
[[nodiscard]] inline Suggestions suggest(const NamedModel& model, const HostVerdict& verdict,
                                         const Question& question) {
  constexpr int most_changes = 64;
  int trials = 4000;  // of large models with many faults not all changes are tried
  Suggestions found;
  NamedModel now = model;
  const HostVerdict* current = &verdict;
  for (int step = 0; step < most_changes && trials > 0 && !question.answered_by(*current); ++step) {
    bool improved = false;
    for (const akida::Refusal& refusal : current->all_refusals()) {
      for (Cure& cure : cures_of(now, refusal, question.version)) {
        if (cure.model.layers.size() > max_layers || --trials < 0) continue;
        auto next = evaluate(cure.model.layers, question);
        if (detail::faults(*next, question) >= detail::faults(*current, question)) continue;
        const std::string layer =
            cure.layer < 0 ? "" : now.names[static_cast<std::size_t>(cure.layer)];
        found.changes.push_back({cure.change, layer, refusal.category});
        now = std::move(cure.model);
        found.verdict = std::move(next);
        current = found.verdict.get();
        improved = true;
        break;
      }
      if (improved) break;
    }
    if (!improved) break;
  }
  return found;
}

}  // namespace tenon::host::mapping
