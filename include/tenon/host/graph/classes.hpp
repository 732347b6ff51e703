// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include <tenon/host/graph/config.hpp>
#include <tenon/host/graph/graph.hpp>

// Which class a layer is of, with the inheritance that QuantizeML's transforms see: a
// Conv2DTranspose is a Conv2D, a DepthwiseConv2D is not.
namespace tenon::host {

namespace detail {

struct Inheritance {
  std::string_view derived;
  bool toolkit;
  std::string_view base;
};

inline constexpr Inheritance inheritances[] = {
    {"Conv2DTranspose", false, "Conv2D"},
    {"PaddedConv2D", true, "Conv2D"},
    {"DepthwiseConv2DTranspose", true, "DepthwiseConv2D"},
    {"StatefulProjection", true, "Dense"},
};

}  // namespace detail

/// A class of Keras itself, not of the toolkit.
[[nodiscard]] inline bool is_keras(const Layer& layer, std::string_view class_name) {
  return !layer.toolkit && layer.class_name == class_name;
}

[[nodiscard]] inline bool is_toolkit(const Layer& layer, std::string_view class_name) {
  return layer.toolkit && layer.class_name == class_name;
}

/// The Keras class `base` or one derived from it.
[[nodiscard]] inline bool is_a(const Layer& layer, std::string_view base) {
  if (is_keras(layer, base)) return true;
  for (const auto& [derived, toolkit, parent] : detail::inheritances) {
    if (parent == base && layer.toolkit == toolkit && layer.class_name == derived) return true;
  }
  return false;
}

/// Add exists in Keras and, with `average` and `activation`, in the toolkit.
[[nodiscard]] inline bool is_add(const Layer& layer) { return layer.class_name == "Add"; }

[[nodiscard]] inline bool is_input(const Layer& layer) { return is_keras(layer, "InputLayer"); }

[[nodiscard]] inline bool channels_last(const Layer& layer) {
  return text_entry(layer, "data_format", "channels_last") == "channels_last";
}

/// No activation of its own.
[[nodiscard]] inline bool is_linear(const Layer& layer) {
  const Json* activation = entry(layer, "activation");
  return activation == nullptr || *activation == "linear" || *activation == false;
}

}  // namespace tenon::host
