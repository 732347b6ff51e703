// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <tenon/host/akida/graph_sketch.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/graph/shapes.hpp>
#include <tenon/host/interpret/program.hpp>
#include <type_traits>
#include <variant>
#include <vector>

namespace tenon::host {

struct LayerSummary {
  std::string name;
  std::string class_name;
  Shape shape{};
  bool known_shape = false;
  int weight_bits = 0;  ///< 0: no weights, 32: float
  int output_bits = 0;  ///< value bits of the integers, 0: float
  std::int64_t macs = 0;
  std::int64_t weight_bytes = 0;
};

struct Summary {
  std::string model;
  std::vector<LayerSummary> layers;
  std::int64_t macs = 0;
  std::int64_t weight_bytes = 0;
};

namespace detail {

/// Kernels at their bit width, biases at 4 bytes; float variables at 4 bytes each.
inline std::int64_t weight_bytes(const Step& step, int bits) {
  std::int64_t bytes = 0;
  for (const Variable& v : step.layer->variables) {
    if (v.name.find("output_quantizer/") != std::string::npos) continue;
    const bool kernel = v.name.find("kernel") != std::string::npos;
    const auto count = static_cast<std::int64_t>(v.data.size());
    bytes += kernel && step.mode == Mode::integer ? (count * bits + 7) / 8 : count * 4;
  }
  return bytes;
}

}  // namespace detail

[[nodiscard]] inline Summary summarize(const Program& program) {
  Summary summary;
  summary.model = program.graph().name;
  for (std::size_t i = 0; i < program.steps().size(); ++i) {
    const Step& step = program.steps()[i];
    const Value& value = program.values()[i];
    LayerSummary s{step.layer->name, step.layer->class_name, value.shape, step.mode != Mode::skipped};
    const LayerKind kind = traits_of(step.params).kind;
    if (!step.layer->variables.empty()) s.weight_bits = 32;
    if (step.mode == Mode::integer) {
      if (!step.constants.weights.empty()) s.weight_bits = quantizers_of(*step.layer, kind).weights.bitwidth;
      s.output_bits = value.format.value_bits;
    }
    s.weight_bytes = detail::weight_bytes(step, s.weight_bits);
    if (!step.inputs.empty()) {
      const Shape& input = program.values()[step.inputs.front()].shape;
      std::visit(
          [&](const auto& p) {
            if constexpr (requires { p.macs(input); }) s.macs = p.macs(input);
          },
          step.params);
    }
    summary.macs += s.macs;
    summary.weight_bytes += s.weight_bytes;
    summary.layers.push_back(std::move(s));
  }
  return summary;
}

[[nodiscard]] inline std::string summary_table(const Summary& summary) {
  std::string text = fmt::format("{}\n{:<32} {:<32} {:<18} {:>7} {:>7} {:>12} {:>12}\n", summary.model, "layer",
                                 "class", "output shape", "weights", "output", "MACs", "weight bytes");
  const auto bits = [](int n) { return n == 0 ? std::string("-") : n == 32 ? "float" : std::to_string(n); };
  for (const LayerSummary& s : summary.layers) {
    text += fmt::format("{:<32} {:<32} {:<18} {:>7} {:>7} {:>12} {:>12}\n", s.name, s.class_name,
                        s.known_shape ? shape_text(s.shape) : "?", bits(s.weight_bits),
                        s.output_bits == 0 ? "float" : std::to_string(s.output_bits), s.macs, s.weight_bytes);
  }
  return text + fmt::format("{:<32} {:<32} {:<18} {:>7} {:>7} {:>12} {:>12}\n", "total", "", "", "", "", summary.macs,
                            summary.weight_bytes);
}

/// The sketch of the network (graph_sketch.hpp), with the sizes of each layer and of all.
[[nodiscard]] inline Json summary_json(const Summary& summary, const Graph& graph) {
  Json json = sketch_of(graph);
  for (std::size_t i = 0; i < summary.layers.size(); ++i) {
    const LayerSummary& s = summary.layers[i];
    Json& layer = json["layers"][i];
    layer["output_value_bits"] = s.output_bits;
    layer["macs"] = s.macs;
    layer["weight_bytes"] = s.weight_bytes;
  }
  json["model"] = summary.model;
  json["macs"] = summary.macs;
  json["weight_bytes"] = summary.weight_bytes;
  return json;
}

}  // namespace tenon::host
