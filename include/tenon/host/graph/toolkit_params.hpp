// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/config.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/layer/any_layer.hpp>

// The typed view of the layers that QuantizeML adds to Keras: transformers, temporal convolutions, recurrent layers.
namespace tenon::host {

namespace detail {

inline LayerParams activation_params(const Layer& layer) {
  const std::string name = text_entry(layer, "activation", "");
  const auto alpha = static_cast<float>(number_entry(layer, "alpha", 0.2));
  if (name == "gelu") return ActivationParams{ActivationFunction::gelu, alpha};
  if (name == "swish" || name == "silu") return ActivationParams{ActivationFunction::swish, alpha};
  if (name == "hard_silu") return ActivationParams{ActivationFunction::hard_silu, alpha};
  if (name == "leaky_relu") return ActivationParams{ActivationFunction::leaky_relu, alpha};
  return UnsupportedParams{};
}

inline LayerParams attention_params(const Layer& layer) {
  const std::string softmax = text_entry(layer, "softmax", "softmax");
  const std::int32_t heads = count_entry(layer, "num_heads", 1);
  if (softmax == "shiftmax" || softmax == "softmax2") return AttentionParams{heads, Softmax::shiftmax};
  if (softmax == "softmax") return AttentionParams{heads, Softmax::softmax};
  refuse_entry(layer, "softmax", "\"softmax\" or \"shiftmax\"");
}

inline LayerParams extract_token_params(const Layer& layer) {
  const Json* token = entry(layer, "token");
  if (token == nullptr) throw Error{5031, "layer '" + layer.name + "' (" + layer.class_name + "): 'token' is missing"};
  const std::int64_t axis = integer_entry(layer, "axis", 1);
  if (axis == 0) refuse_entry(layer, "axis", "an axis other than the batch");
  ExtractTokenParams p;
  p.axis = static_cast<std::int32_t>(axis > 0 ? axis - 1 : axis);
  p.keep_axis = token->is_array();
  const auto append = [&](const Json& value) {
    const auto index = small_integer(value);
    if (!index || *index < 0) refuse_entry(layer, "token", "an index that is not negative, or a list of them");
    if (!p.append(static_cast<std::int32_t>(*index))) {
      throw Error{3007, "layer '" + layer.name + "' (" + layer.class_name + "): its tokens are more than " +
                            std::to_string(ExtractTokenParams::max_runs) +
                            " runs of consecutive ones; use several layers and a Concatenate"};
    }
  };
  if (token->is_array()) {
    for (const Json& value : *token) append(value);
  } else {
    append(*token);
  }
  if (p.run_count == 0) refuse_entry(layer, "token", "an index, or a list of at least one");
  return p;
}

/// A shape without batch; of rank 0 where there is none.
inline Shape shape_entry(const Layer& layer, std::string_view key) {
  const Json* found = entry(layer, key);
  if (found == nullptr) return {};
  constexpr std::string_view wanted = "a list of up to 5 positive sizes, one may be -1";
  if (!found->is_array() || found->empty() || found->size() > Shape::max_rank) refuse_entry(layer, key, wanted);
  Shape shape;
  int unknown = 0;
  for (const Json& item : *found) {
    const auto size = small_integer(item);
    if (!size || *size < -1 || *size == 0 || *size > 1 << 24) refuse_entry(layer, key, wanted);
    unknown += *size < 0 ? 1 : 0;
    shape.push_back(static_cast<std::int32_t>(*size));
  }
  if (unknown > 1) refuse_entry(layer, key, wanted);
  return shape;
}

}  // namespace detail

/// Parameters of a toolkit layer by the name of its float class.
[[nodiscard]] inline LayerParams toolkit_params(const Layer& layer, std::string_view name) {
  if (name == "Activation") return detail::activation_params(layer);
  if (name == "Attention") return detail::attention_params(layer);
  if (name == "Shiftmax") return ShiftmaxParams{};
  if (name == "ClassToken") return ClassTokenParams{};
  if (name == "AddPositionEmbs") return AddPositionEmbsParams{};
  if (name == "ExtractToken") return detail::extract_token_params(layer);
  if (name == "LayerMadNormalization") return LayerMadNormalizationParams{};
  if (name == "BufferTempConv") {
    return BufferTempConvParams{count_entry(layer, "filters", 1), count_entry(layer, "kernel_size", 1),
                                flag_entry(layer, "use_bias", false)};
  }
  if (name == "DepthwiseBufferTempConv") {
    return DepthwiseBufferTempConvParams{count_entry(layer, "kernel_size", 1), flag_entry(layer, "use_bias", false)};
  }
  if (name == "StatefulRecurrent") return StatefulRecurrentParams{};
  if (name == "StatefulProjection" && is_linear(layer)) {
    return StatefulProjectionParams{count_entry(layer, "units", 1), flag_entry(layer, "use_bias", true),
                                    detail::shape_entry(layer, "downshape"), detail::shape_entry(layer, "upshape"),
                                    count_entry(layer, "subsample", 1)};
  }
  return UnsupportedParams{};
}

}  // namespace tenon::host
