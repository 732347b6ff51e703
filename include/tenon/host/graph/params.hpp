// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/classes.hpp>
#include <tenon/host/graph/config.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/graph/toolkit_params.hpp>
#include <tenon/layer/any_layer.hpp>
#include <utility>

// The typed view of a layer: its Keras configuration as the parameter struct that kernels, plan and shape
// inference use. Configurations without a quantized form give UnsupportedParams.
namespace tenon::host {

/// Float class and quantized class of the same layer.
struct ClassPair {
  std::string_view float_class;
  std::string_view quantized_class;
};
inline constexpr ClassPair quantized_classes[] = {
    {"Conv2D", "QuantizedConv2D"},
    {"PaddedConv2D", "QuantizedConv2D"},
    {"Conv2DTranspose", "QuantizedConv2DTranspose"},
    {"DepthwiseConv2D", "QuantizedDepthwiseConv2D"},
    {"DepthwiseConv2DTranspose", "QuantizedDepthwiseConv2DTranspose"},
    {"SeparableConv2D", "QuantizedSeparableConv2D"},
    {"Dense", "QuantizedDense"},
    {"BatchNormalization", "QuantizedBatchNormalization"},
    {"ReLU", "QuantizedReLU"},
    {"Add", "QuantizedAdd"},
    {"Concatenate", "QuantizedConcatenate"},
    {"MaxPooling2D", "QuantizedMaxPool2D"},
    {"GlobalAveragePooling2D", "QuantizedGlobalAveragePooling2D"},
    {"Flatten", "QuantizedFlatten"},
    {"Permute", "QuantizedPermute"},
    {"Reshape", "QuantizedReshape"},
    {"Rescaling", "QuantizedRescaling"},
    {"Dropout", "QuantizedDropout"},
    {"Activation", "QuantizedActivation"},
    {"Attention", "QuantizedAttention"},
    {"Shiftmax", "QuantizedShiftmax"},
    {"ClassToken", "QuantizedClassToken"},
    {"AddPositionEmbs", "QuantizedAddPositionEmbs"},
    {"ExtractToken", "QuantizedExtractToken"},
    {"LayerMadNormalization", "QuantizedLayerNormalization"},
    {"BufferTempConv", "QuantizedBufferTempConv"},
    {"DepthwiseBufferTempConv", "QuantizedDepthwiseBufferTempConv"},
    {"StatefulRecurrent", "QuantizedStatefulRecurrent"},
    {"StatefulProjection", "QuantizedStatefulProjection"},
};

[[nodiscard]] inline bool is_quantized(const Layer& layer) {
  return layer.toolkit && layer.class_name.starts_with("Quantized");
}

/// The quantized class of a float class; empty if there is none.
[[nodiscard]] inline std::string_view quantized_class_of(std::string_view float_class) {
  for (const ClassPair& pair : quantized_classes) {
    if (pair.float_class == float_class) return pair.quantized_class;
  }
  return {};
}

/// The float class that a layer, quantized or not, computes.
[[nodiscard]] inline std::string_view float_class_of(const Layer& layer) {
  if (is_quantized(layer)) {
    for (const ClassPair& pair : quantized_classes) {
      if (pair.quantized_class == layer.class_name) return pair.float_class;
    }
  }
  return layer.class_name;
}

[[nodiscard]] inline DataType data_type_named(std::string_view name) {
  constexpr std::pair<std::string_view, DataType> names[] = {
      {"uint8", DataType::uint8},   {"int8", DataType::int8},     {"uint16", DataType::uint16},
      {"int16", DataType::int16},   {"uint32", DataType::uint32}, {"int32", DataType::int32},
      {"int64", DataType::int64}};
  for (const auto& [text, type] : names) {
    if (text == name) return type;
  }
  return DataType::float32;
}

namespace detail {

inline Size2D size_entry(const Layer& layer, std::string_view key, std::int32_t fallback) {
  const auto pair = pair_entry(layer, key, {fallback, fallback});
  if (pair[0] < 1 || pair[1] < 1 || pair[0] > 1 << 16 || pair[1] > 1 << 16) {
    refuse_entry(layer, key, "positive integers below 65536");
  }
  return {static_cast<std::int32_t>(pair[0]), static_cast<std::int32_t>(pair[1])};
}

inline Padding padding_entry(const Layer& layer) {
  const std::string text = text_entry(layer, "padding", "valid");
  if (text != "valid" && text != "same") refuse_entry(layer, "padding", "\"valid\" or \"same\"");
  return text == "same" ? Padding::same : Padding::valid;
}

inline bool use_bias(const Layer& layer) { return flag_entry(layer, "use_bias", true); }

// What no quantized layer with weights accepts.
inline bool plain_neural(const Layer& layer) { return channels_last(layer) && is_linear(layer); }

inline LayerParams conv2d_params(const Layer& layer) {
  Conv2DParams p;
  p.filters = count_entry(layer, "filters", 1);
  p.kernel_size = size_entry(layer, "kernel_size", 1);
  p.strides = size_entry(layer, "strides", 1);
  p.padding = padding_entry(layer);
  p.dilation_rate = size_entry(layer, "dilation_rate", 1);
  p.groups = count_entry(layer, "groups", 1);
  p.use_bias = use_bias(layer);
  p.has_padding_value = entry(layer, "padding_value") != nullptr;
  return p;
}

inline LayerParams conv2d_transpose_params(const Layer& layer) {
  Conv2DTransposeParams p;
  p.filters = count_entry(layer, "filters", 1);
  p.kernel_size = size_entry(layer, "kernel_size", 1);
  p.strides = size_entry(layer, "strides", 1);
  p.padding = padding_entry(layer);
  p.dilation_rate = size_entry(layer, "dilation_rate", 1);
  p.use_bias = use_bias(layer);
  if (entry(layer, "output_padding") != nullptr) {
    const auto pair = pair_entry(layer, "output_padding", {0, 0});
    if (pair[0] < 0 || pair[1] < 0 || pair[0] > 1 << 16 || pair[1] > 1 << 16) {
      refuse_entry(layer, "output_padding", "integers below 65536 that are not negative");
    }
    p.output_padding = {static_cast<std::int32_t>(pair[0]), static_cast<std::int32_t>(pair[1])};
  }
  return p;
}

inline LayerParams depthwise_params(const Layer& layer) {
  if (integer_entry(layer, "depth_multiplier", 1) != 1) return UnsupportedParams{};
  DepthwiseConv2DParams p;
  p.kernel_size = size_entry(layer, "kernel_size", 1);
  p.strides = size_entry(layer, "strides", 1);
  p.padding = padding_entry(layer);
  p.dilation_rate = size_entry(layer, "dilation_rate", 1);
  p.use_bias = use_bias(layer);
  return p;
}

inline LayerParams depthwise_transpose_params(const Layer& layer) {
  if (integer_entry(layer, "depth_multiplier", 1) != 1 || size_entry(layer, "strides", 2) != Size2D{2, 2} ||
      size_entry(layer, "dilation_rate", 1) != Size2D{1, 1} ||
      text_entry(layer, "padding", "same") != "same") {
    return UnsupportedParams{};
  }
  return DepthwiseConv2DTransposeParams{size_entry(layer, "kernel_size", 1), use_bias(layer)};
}

inline LayerParams separable_params(const Layer& layer) {
  if (integer_entry(layer, "depth_multiplier", 1) != 1) return UnsupportedParams{};
  SeparableConv2DParams p;
  p.filters = count_entry(layer, "filters", 1);
  p.kernel_size = size_entry(layer, "kernel_size", 1);
  p.strides = size_entry(layer, "strides", 1);
  p.padding = padding_entry(layer);
  p.dilation_rate = size_entry(layer, "dilation_rate", 1);
  p.use_bias = use_bias(layer);
  return p;
}

inline LayerParams relu_params(const Layer& layer) {
  if (number_entry(layer, "negative_slope", 0) != 0 || number_entry(layer, "threshold", 0) != 0) {
    return UnsupportedParams{};
  }
  // QuantizedReLU was written with a default of 6 where the key is absent.
  const bool absent = !layer.config.contains("max_value");
  if (absent && is_quantized(layer)) return ReLUParams{true, 6};
  if (entry(layer, "max_value") == nullptr) return ReLUParams{};
  return ReLUParams{true, static_cast<float>(number_entry(layer, "max_value", 0))};
}

inline LayerParams max_pooling_params(const Layer& layer) {
  if (!channels_last(layer)) return UnsupportedParams{};
  MaxPooling2DParams p;
  p.pool_size = size_entry(layer, "pool_size", 2);
  p.strides = entry(layer, "strides") == nullptr ? p.pool_size : size_entry(layer, "strides", 2);
  p.padding = padding_entry(layer);
  return p;
}

inline LayerParams permute_params(const Layer& layer) {
  PermuteParams p;
  const Json* dims = entry(layer, "dims");
  if (dims == nullptr || !dims->is_array() || dims->empty() || dims->size() > Shape::max_rank) {
    return UnsupportedParams{};
  }
  std::uint32_t seen = 0;
  for (std::size_t i = 0; i < dims->size(); ++i) {
    const auto axis = small_integer((*dims)[i]);
    if (!axis || *axis < 1 || *axis > static_cast<std::int64_t>(dims->size())) {
      refuse_entry(layer, "dims", "a permutation of 1 to the number of axes");
    }
    seen |= 1U << static_cast<unsigned>(*axis - 1);
    p.axes[i] = static_cast<std::int32_t>(*axis - 1);
  }
  if (seen != (1U << dims->size()) - 1) {
    refuse_entry(layer, "dims", "a permutation of 1 to the number of axes");
  }
  return p;
}

inline LayerParams reshape_params(const Layer& layer) {
  const Json* target = entry(layer, "target_shape");
  if (target == nullptr || !target->is_array() || target->size() > Shape::max_rank) {
    return UnsupportedParams{};
  }
  ReshapeParams p;
  int unknown = 0;
  for (const Json& item : *target) {
    const auto dim = small_integer(item);
    if (!dim || *dim < -1 || *dim == 0) refuse_entry(layer, "target_shape", "positive integers, one may be -1");
    unknown += *dim < 0 ? 1 : 0;
    p.target_shape.push_back(static_cast<std::int32_t>(*dim));
  }
  if (unknown > 1) refuse_entry(layer, "target_shape", "positive integers, one may be -1");
  return p;
}

inline LayerParams rescaling_params(const Layer& layer) {
  const Numbers scale = numbers_entry(layer, "scale", 1);
  const Numbers offset = numbers_entry(layer, "offset", 0);
  if (scale.values.size() != 1 || offset.values.size() != 1) return UnsupportedParams{};
  return RescalingParams{static_cast<float>(scale.values[0]), static_cast<float>(offset.values[0])};
}

}  // namespace detail

[[nodiscard]] inline LayerParams params_of(const Layer& layer) {
  const std::string_view name = float_class_of(layer);
  const bool plain = detail::plain_neural(layer);
  if (name == "InputLayer") return InputParams{{}, data_type_named(text_entry(layer, "dtype", "float32"))};
  if (name == "Conv2D" || name == "PaddedConv2D") {
    return plain ? detail::conv2d_params(layer) : UnsupportedParams{};
  }
  if (name == "Conv2DTranspose") return plain ? detail::conv2d_transpose_params(layer) : UnsupportedParams{};
  if (name == "DepthwiseConv2D") return plain ? detail::depthwise_params(layer) : UnsupportedParams{};
  if (name == "DepthwiseConv2DTranspose" && layer.toolkit) {
    return plain ? detail::depthwise_transpose_params(layer) : UnsupportedParams{};
  }
  if (name == "SeparableConv2D") return plain ? detail::separable_params(layer) : UnsupportedParams{};
  if (name == "Dense") {
    return plain ? LayerParams{DenseParams{count_entry(layer, "units", 1), detail::use_bias(layer)}}
                 : UnsupportedParams{};
  }
  if (name == "BatchNormalization") {
    return BatchNormalizationParams{static_cast<float>(number_entry(layer, "epsilon", 1e-3))};
  }
  if (name == "ReLU") return detail::relu_params(layer);
  if (name == "Add") {
    return AddParams{flag_entry(layer, "average", false), flag_entry(layer, "activation", false)};
  }
  if (name == "Concatenate") {  // Keras counts the batch; a negative axis counts from the end
    const auto axis = static_cast<std::int32_t>(integer_entry(layer, "axis", -1));
    return ConcatenateParams{axis > 0 ? axis - 1 : axis};
  }
  if (name == "MaxPooling2D") return detail::max_pooling_params(layer);
  if (name == "GlobalAveragePooling2D") {
    return channels_last(layer)
               ? LayerParams{GlobalAveragePooling2DParams{flag_entry(layer, "keepdims", false)}}
               : UnsupportedParams{};
  }
  if (name == "Flatten") return FlattenParams{};
  if (name == "Permute") return detail::permute_params(layer);
  if (name == "Reshape") return detail::reshape_params(layer);
  if (name == "Rescaling") return detail::rescaling_params(layer);
  if (name == "Dropout") return DropoutParams{};
  if (name == "Dequantizer") return DequantizerParams{};
  if (layer.toolkit) return toolkit_params(layer, name);
  return UnsupportedParams{};
}

}  // namespace tenon::host
