// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <tenon/host/calibrate/samples.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/order.hpp>
#include <tenon/host/interpret/run_all.hpp>
#include <tenon/host/transform/report.hpp>
#include <tenon/host/transform/sanitize.hpp>
#include <utility>
#include <vector>

// How far a transform that changes the function of a model changes it: the float models before and
// after it, run on the same few samples. Nothing is computed for a model that no transform changes.
namespace tenon::host {

[[nodiscard]] inline bool changes_function(const Report& report) {
  return std::any_of(report.remarks.begin(), report.remarks.end(),
                     [](const Remark& r) { return r.finding == Finding::function_changed; });
}

namespace detail {

inline constexpr std::size_t compared_samples = 4;

/// Pairs of values to compare: the outputs if both models can compute them, else the last layer
/// that both can.
struct Comparison {
  std::vector<std::pair<std::size_t, std::size_t>> values;
  std::string what;
};

[[nodiscard]] inline Comparison comparison(const Program& before, const Program& after) {
  const auto computed = [](const Program& p, std::size_t value) {
    return value >= p.steps().size() || p.steps()[value].mode != Mode::skipped;
  };
  Comparison c{{}, "the outputs of the model change"};
  bool all = before.outputs().size() == after.outputs().size();
  for (std::size_t k = 0; all && k < before.outputs().size(); ++k) {
    const std::size_t a = before.outputs()[k];
    const std::size_t b = after.outputs()[k];
    all = computed(before, a) && computed(after, b) &&
          before.values()[a].shape == after.values()[b].shape;
    c.values.emplace_back(a, b);
  }
  if (all) return c;
  c.values.clear();
  for (std::size_t i = before.steps().size(); i-- > 0 && c.values.empty();) {
    const std::size_t k = after.graph().index(before.steps()[i].layer->name);
    if (k == Graph::none || before.steps()[i].mode != Mode::floating || !computed(after, k))
      continue;
    if (before.values()[i].shape != after.values()[k].shape) continue;
    c.values.emplace_back(i, k);
    c.what = "the output of layer '" + before.steps()[i].layer->name + "' changes";
  }
  return c;
}

[[nodiscard]] inline std::string difference_text(const Graph& before, const Graph& after,
                                                 const Samples& samples) {
  const std::string unknown = "the difference cannot be computed here";
  try {
    const Program a = make_program(keras_order(before));
    const Program b = make_program(keras_order(after));
    const Comparison c = comparison(a, b);
    if (c.values.empty() || samples.shape != a.values()[a.input()].shape) return unknown;
    Workspace wa = a.workspace();
    Workspace wb = b.workspace();
    double difference = 0;
    double magnitude = 0;
    const std::size_t count = std::min(samples.count, compared_samples);
    for (std::size_t s = 0; s < count; ++s) {
      Program::reset(wa);
      Program::reset(wb);
      a.run(samples[s], wa);
      b.run(samples[s], wb);
      for (const auto& [x, y] : c.values) {
        for (std::size_t i = 0; i < wa.values[x].floats.size(); ++i) {
          const auto old_value = static_cast<double>(wa.values[x].floats[i]);
          difference = std::max(difference,
                                std::abs(old_value - static_cast<double>(wb.values[y].floats[i])));
          magnitude = std::max(magnitude, std::abs(old_value));
        }
      }
    }
    return fmt::format("on {} samples {} by up to {:.4g}, their largest magnitude being {:.4g}",
                       count, c.what, difference, magnitude);
  } catch (const Error&) {
    return unknown;
  }
}

}  // namespace detail

/// Adds the largest difference to each remark about a changed function. `graph` is the model before
/// sanitizing.
inline void measure_changes(Graph graph, const Samples& samples, Report& report) {
  if (!changes_function(report)) return;
  Report again;
  for (const Transform& transform : transforms) {
    const auto told = [&](const Remark& r) {
      return r.finding == Finding::function_changed && r.transform == transform.name;
    };
    const bool changes = std::any_of(report.remarks.begin(), report.remarks.end(), told);
    const Graph before = changes ? graph : Graph{};
    graph = transform.apply(std::move(graph), again);
    if (!changes) continue;
    const std::string text = detail::difference_text(before, graph, samples);
    for (Remark& remark : report.remarks) {
      if (told(remark)) remark.text += "; " + text;
    }
  }
}

/// Samples for that comparison: the first of those given, or random ones of the input's type.
[[nodiscard]] inline Samples samples_to_compare(const Graph& graph, const Samples* given,
                                                std::uint64_t seed) {
  if (given != nullptr) return *given;
  const Layer* input = graph.inputs.empty() ? nullptr : graph.find(graph.inputs.front().layer);
  const std::optional<Shape> shape =
      input == nullptr ? std::nullopt : detail::declared_shape(*input);
  if (!shape) return {};
  const DataType declared = data_type_named(text_entry(*input, "dtype", "float32"));
  return random_samples(*shape, declared == DataType::float32 ? DataType::uint8 : declared,
                        detail::compared_samples, seed);
}

}  // namespace tenon::host
