// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tenon/host/array.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/graph.hpp>
#include <utility>
#include <vector>

// The variables that a layer of a known class has, by its configuration: names in order and shapes,
// where 0 stands for a number that only the input of the layer tells.
namespace tenon::host {

struct ExpectedVariable {
  std::string_view leaf;
  std::vector<std::size_t> shape;
};

namespace detail {

[[nodiscard]] inline std::size_t count_of(const Layer& layer, const char* key,
                                          std::int64_t fallback) {
  const std::int64_t value = integer_entry(layer, key, fallback);
  if (value < 1) refuse_entry(layer, key, "a positive integer");
  return static_cast<std::size_t>(value);
}

[[nodiscard]] inline std::array<std::size_t, 2> kernel_of(const Layer& layer) {
  const auto size = pair_entry(layer, "kernel_size", {1, 1});
  if (size[0] < 1 || size[1] < 1) refuse_entry(layer, "kernel_size", "two positive integers");
  return {static_cast<std::size_t>(size[0]), static_cast<std::size_t>(size[1])};
}

[[nodiscard]] inline std::vector<ExpectedVariable> normalization_variables(const Layer& layer,
                                                                           bool moving) {
  std::vector<ExpectedVariable> list;
  if (flag_entry(layer, "scale", true)) list.push_back({"gamma", {0}});
  if (flag_entry(layer, "center", true)) list.push_back({"beta", {0}});
  if (moving) {
    list.push_back({"moving_mean", {0}});
    list.push_back({"moving_variance", {0}});
  }
  return list;
}

[[nodiscard]] inline std::optional<std::vector<ExpectedVariable>> convolution_variables(
    const Layer& layer, std::string_view name) {
  const bool transposed = name == "Conv2DTranspose";
  if (name == "Conv2D" || name == "PaddedConv2D" || transposed) {
    const auto [h, w] = kernel_of(layer);
    const std::size_t filters = count_of(layer, "filters", 1);
    using Shape = std::vector<std::size_t>;
    return {{{"kernel", transposed ? Shape{h, w, filters, 0} : Shape{h, w, 0, filters}},
             {"bias", {filters}}}};
  }
  if (name == "DepthwiseConv2D" || name == "DepthwiseConv2DTranspose") {
    const auto [h, w] = kernel_of(layer);
    return {
        {{"depthwise_kernel", {h, w, 0, count_of(layer, "depth_multiplier", 1)}}, {"bias", {0}}}};
  }
  if (name == "SeparableConv2D") {
    const auto [h, w] = kernel_of(layer);
    const std::size_t filters = count_of(layer, "filters", 1);
    return {{{"depthwise_kernel", {h, w, 0, count_of(layer, "depth_multiplier", 1)}},
             {"pointwise_kernel", {1, 1, 0, filters}},
             {"bias", {filters}}}};
  }
  if (name == "Dense" || name == "StatefulProjection") {
    const std::size_t units = count_of(layer, "units", 1);
    return {{{"kernel", {0, units}}, {"bias", {units}}}};
  }
  if (name == "BufferTempConv") {
    const std::size_t filters = count_of(layer, "filters", 1);
    return {{{"kernel", {1, 1, 0, filters}}, {"bias", {filters}}}};
  }
  if (name == "DepthwiseBufferTempConv") {
    return {{{"kernel", {count_of(layer, "kernel_size", 1), 0}}, {"bias", {0}}}};
  }
  return std::nullopt;
}

}  // namespace detail

/// Nothing for a class that is not known or has no variables.
[[nodiscard]] inline std::optional<std::vector<ExpectedVariable>> expected_variables(
    const Layer& layer) {
  std::string_view name = layer.class_name;
  if (layer.toolkit && name.starts_with("Quantized")) name.remove_prefix(9);
  if (auto list = detail::convolution_variables(layer, name)) {
    const bool bias = flag_entry(layer, "use_bias", !name.ends_with("BufferTempConv"));
    if (!bias) list->pop_back();
    return list;
  }
  if (name == "BatchNormalization") return detail::normalization_variables(layer, true);
  if (layer.toolkit && (name == "LayerMadNormalization" || name == "LayerNormalization")) {
    return detail::normalization_variables(layer, false);
  }
  if (is_keras(layer, "PReLU")) return {{{"alpha", {}}}};
  if (layer.toolkit && name == "ClassToken") return {{{"cls", {1, 1, 0}}}};
  if (layer.toolkit && name == "AddPositionEmbs") return {{{"pos_embedding", {1, 0, 0}}}};
  if (layer.toolkit && name == "StatefulRecurrent") return {{{"A_real", {}}, {"A_imag", {}}}};
  return std::nullopt;
}

/// "(3, 3, ?, 8)".
[[nodiscard]] inline std::string expected_shape_text(const std::vector<std::size_t>& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + (shape[i] == 0 ? "?" : std::to_string(shape[i]));
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

/// Gives the variables of a known class their names, and refuses with TN5032 what does not fit.
/// Further variables, those of quantizers, may follow.
inline void check_variables(Layer& layer) {
  const auto expected = expected_variables(layer);
  if (!expected) return;
  const bool quantized = layer.toolkit && layer.class_name.starts_with("Quantized");
  const std::string who = "layer '" + layer.name + "' (" + layer.class_name + ")";
  if (layer.variables.size() < expected->size() ||
      (!quantized && layer.variables.size() > expected->size())) {
    throw Error{5032, who + " has " + std::to_string(layer.variables.size()) +
                          " weights, its configuration needs " + std::to_string(expected->size())};
  }
  for (std::size_t i = 0; i < expected->size(); ++i) {
    const auto& [leaf, shape] = (*expected)[i];
    Variable& variable = layer.variables[i];
    bool fits = shape.empty() || shape.size() == variable.shape.size();
    for (std::size_t axis = 0; fits && axis < shape.size(); ++axis) {
      fits = shape[axis] == 0 ? variable.shape[axis] > 0 : shape[axis] == variable.shape[axis];
    }
    if (!fits) {
      throw Error{5032, who + ": weight " + std::string(leaf) + " has shape " +
                            shape_text(variable.shape) + ", its configuration needs " +
                            expected_shape_text(shape)};
    }
    if (layer.variable(leaf) != &variable)
      variable.name = layer.name + "/" + std::string(leaf) + ":0";
  }
}

/// A variable from an array in a file. TN5007 for NaN and infinity: nothing could be computed with
/// them.
[[nodiscard]] inline Variable variable_from(std::string name, const Array& array,
                                            const std::string& layer) {
  if (const auto position = array.first_not_finite()) {
    throw Error{5007, "layer '" + layer + "', weight " + name + ": the value at position " +
                          std::to_string(*position) +
                          " is NaN or infinite; the model was not trained well"};
  }
  Variable variable{std::move(name), array.shape, array.to<float>("layer '" + layer + "'")};
  for (std::size_t i = 0; i < variable.data.size(); ++i) {
    if (!std::isfinite(variable.data[i])) {
      throw Error{5007, "layer '" + layer + "', weight " + variable.name +
                            ": the value at position " + std::to_string(i) +
                            " does not fit float32"};
    }
  }
  if (variable.name.find(':') == std::string::npos) variable.name += ":0";
  return variable;
}

}  // namespace tenon::host
