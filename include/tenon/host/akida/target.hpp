// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <tenon/akida/target.hpp>
#include <tenon/host/akida/graph_sketch.hpp>
#include <tenon/host/akida/report.hpp>
#include <tenon/host/error.hpp>
#include <utility>
#include <vector>

// A version of the hardware as the target of a quantization: the parameters that it needs, and what it will refuse.
namespace tenon::host::mapping {

/// TN5063 for what is neither v1 nor v2.
[[nodiscard]] inline akida::Version version_named(std::string_view name) {
  if (name == "v1") return akida::v1;
  if (name == "v2") return akida::v2;
  throw Error{5063, "--akida " + std::string(name) + " is not a version; give v1 or v2"};
}

/// What the user chose; the rest is the target's to choose.
struct ChosenBits {
  bool activations = false;
  bool weights = false;
  bool input_weights = false;
};

/// Gives `params` what the target needs, where the user chose nothing else.
inline void choose_for(akida::Version target, const ChosenBits& chosen, QuantizationParams& params) {
  const QuantizationParams needed = akida::target_params(target);
  if (!chosen.activations) params.activation_bits = needed.activation_bits;
  if (!chosen.weights) params.weight_bits = needed.weight_bits;
  if (!chosen.input_weights) params.input_weight_bits = needed.input_weight_bits;
  params.per_tensor_activations = params.per_tensor_activations || needed.per_tensor_activations;
}

/// A network as the rules see it; one of floats as it would be quantized for the version.
[[nodiscard]] inline NamedModel describe_for(akida::Version target, Graph graph) {
  return read_sketch(nlohmann::json(sketch_of(as_quantized(std::move(graph), akida::target_params(target)))));
}

/// Why the network that `params` and `q_config` will make of a float one does not map on any device of the target, a
/// sentence a rule, and the changes that would help. Empty if it maps.
[[nodiscard]] inline std::vector<std::string> refusals_of(akida::Version target, Graph graph,
                                                          const QuantizationParams& params, const Json& q_config,
                                                          const std::string& quantize_until) {
  const NamedModel model = read_sketch(
      nlohmann::json(sketch_of(as_quantized(std::move(graph), params, q_config, quantize_until))));
  const Question question{.version = target};
  const auto verdict = evaluate(model.layers, question);
  std::vector<std::string> lines;
  if (question.answered_by(*verdict)) return lines;
  const Report report = report_on(model, question, *verdict);
  for (const akida::Refusal& refusal : verdict->all_refusals()) {
    lines.push_back(fmt::format("TN{}: {}", static_cast<int>(refusal.category), sentence(model, refusal)));
  }
  for (const Suggestion& suggestion : report.suggestions.changes) {
    lines.push_back("would help: " + (suggestion.layer.empty() ? "" : suggestion.layer + ": ") + suggestion.change);
  }
  return lines;
}

}  // namespace tenon::host::mapping
