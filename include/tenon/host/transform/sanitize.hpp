// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>
#include <utility>

#include <tenon/host/graph/order.hpp>
#include <tenon/host/transform/align_rescaling.hpp>
#include <tenon/host/transform/average_pooling.hpp>
#include <tenon/host/transform/conv2d_to_depthwise.hpp>
#include <tenon/host/transform/fold_batch_norm.hpp>
#include <tenon/host/transform/fold_relu_into_add.hpp>
#include <tenon/host/transform/identity_convolutions.hpp>
#include <tenon/host/transform/merge_reshapes.hpp>
#include <tenon/host/transform/odd_kernels.hpp>
#include <tenon/host/transform/remove_zero_padding.hpp>
#include <tenon/host/transform/replace_activations.hpp>
#include <tenon/host/transform/replace_function_layers.hpp>
#include <tenon/host/transform/report.hpp>
#include <tenon/host/transform/split_activations.hpp>
#include <tenon/host/transform/split_concatenate.hpp>
#include <tenon/host/transform/swap_activation_max_pool.hpp>
#include <tenon/host/transform/swap_pooling_batch_norm.hpp>

// Prepares a float model for quantization: QuantizeML's transforms in its order, each once, and one
// of our own.
namespace tenon::host {

struct Transform {
  std::string_view name;
  Graph (*apply)(Graph, Report&);
  /// Where QuantizeML does something else, which `Flavour::quantizeml` asks for.
  Graph (*as_quantizeml)(Graph, Report&) = nullptr;
};

enum class Flavour { tenon, quantizeml };

namespace detail {
[[nodiscard]] inline Graph unchanged(Graph graph, Report&) { return graph; }
}  // namespace detail

inline constexpr Transform transforms[] = {
    {"split_activations", split_activations},
    {"replace_function_layers", replace_function_layers, replace_function_layers_with_batch},
    {"replace_activations", replace_activations},
    {"conv2d_to_depthwise", conv2d_to_depthwise},
    {"merge_reshapes", merge_reshapes},
    {"whole_map_average_pooling", whole_map_average_pooling, detail::unchanged},
    {"align_rescaling", align_rescaling},
    {"swap_activation_max_pool", swap_activation_max_pool},
    {"swap_pooling_batch_norm", swap_pooling_batch_norm},
    {"fold_batch_norm", fold_batch_norm},
    {"fold_relu_into_add", fold_relu_into_add},
    {"remove_zero_padding", remove_zero_padding},
    {"split_concatenate", split_concatenate},
    {"odd_kernels", odd_kernels},
    {"identity_convolutions", identity_convolutions},
};

/// The sanitized model, its layers in Keras' order.
[[nodiscard]] inline Graph sanitize(Graph graph, Report& report, Flavour flavour = Flavour::tenon) {
  for (const Transform& transform : transforms) {
    const bool theirs = flavour == Flavour::quantizeml && transform.as_quantizeml != nullptr;
    graph = (theirs ? transform.as_quantizeml : transform.apply)(std::move(graph), report);
  }
  return keras_order(std::move(graph));
}

[[nodiscard]] inline Graph sanitize(Graph graph) {
  Report report;
  return sanitize(std::move(graph), report);
}

}  // namespace tenon::host
