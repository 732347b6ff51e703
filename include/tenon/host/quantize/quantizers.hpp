// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/config.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/layer/quantizer.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/model/plan.hpp>
#include <vector>

// The `quant_config` of a layer as JSON, QuantizeML's own form, and as the quantizers that compute.
namespace tenon::host {

/// The layer has a configuration of its own; Flatten, Reshape and Permute have none.
[[nodiscard]] inline bool has_quant_config(LayerKind kind) {
  return kind != LayerKind::flatten && kind != LayerKind::reshape && kind != LayerKind::permute &&
         kind != LayerKind::extract_token && kind != LayerKind::dequantizer && kind != LayerKind::input;
}

namespace detail {

inline const Json* quantizer_entry(const Json& config, std::string_view key) {
  const auto found = config.find(key);
  return found == config.end() || found->is_null() ? nullptr : &*found;
}

[[noreturn]] inline void refuse_config(const std::string& layer, const std::string& what) {
  throw Error{5040, "quantization configuration of layer '" + layer + "': " + what};
}

/// The object under `key`, whose entries must be among `known`.
inline const Json* checked_object(const std::string& layer, const Json& config, std::string_view key,
                                  std::initializer_list<std::string_view> known) {
  const Json* object = quantizer_entry(config, key);
  if (object == nullptr) return nullptr;
  if (!object->is_object()) refuse_config(layer, "'" + std::string(key) + "' must be an object");
  for (const auto& [name, value] : object->items()) {
    bool found = name == "name" || name == "trainable" || name == "dtype";
    for (const std::string_view k : known) found = found || k == name;
    if (!found) {
      std::string names;
      for (const std::string_view k : known) names += (names.empty() ? "" : ", ") + std::string(k);
      refuse_config(layer, "unknown field '" + name + "' in '" + std::string(key) + "'; it has: " + names);
    }
  }
  return object;
}

inline std::int32_t bits_field(const std::string& layer, const Json& object, std::string_view field,
                               std::int32_t fallback, std::int32_t least) {
  const Json* value = quantizer_entry(object, field);
  if (value == nullptr) return fallback;
  const auto bits = small_integer(*value);
  if (!bits || *bits < least || *bits > 64) {
    refuse_config(layer, "'" + std::string(field) + "' is " + value->dump() + ", it should be an integer from " +
                             std::to_string(least) + " to 64");
  }
  return static_cast<std::int32_t>(*bits);
}

inline bool flag_field(const std::string& layer, const Json& object, std::string_view field, bool fallback) {
  const Json* value = quantizer_entry(object, field);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) refuse_config(layer, "'" + std::string(field) + "' must be true or false");
  return value->get<bool>();
}

inline void read_weight_quantizer(const std::string& layer, const Json& config, std::string_view key,
                                  WeightQuantizer& q) {
  const Json* object = checked_object(layer, config, key, {"bitwidth", "signed", "axis", "fp_quantizer"});
  if (object == nullptr) return;
  q.is_signed = flag_field(layer, *object, "signed", true);
  q.bitwidth = bits_field(layer, *object, "bitwidth", 4, q.is_signed ? 2 : 1);
  if (object->contains("axis")) {
    const Json& axis = object->at("axis");
    if (!axis.is_null() && !axis.is_number_integer()) refuse_config(layer, "'axis' must be an integer or null");
    q.axis = axis.is_null() ? WeightAxis::none : axis == -2 ? WeightAxis::second_last : WeightAxis::last;
  }
}

inline void read_aligned_quantizer(const std::string& layer, const Json& config, std::string_view key,
                                   AlignedWeightQuantizer& q) {
  const Json* object = checked_object(layer, config, key, {"bitwidth", "signed"});
  if (object == nullptr) return;
  q.is_signed = flag_field(layer, *object, "signed", q.is_signed);
  q.bitwidth = bits_field(layer, *object, "bitwidth", 8, q.is_signed ? 2 : 1);
}

inline void read_output_quantizer(const std::string& layer, const Json& config, LayerQuantizers& quantizers) {
  const Json* object = checked_object(layer, config, "output_quantizer",
                                      {"bitwidth", "signed", "axis", "scale_bits", "buffer_bitwidth"});
  quantizers.has_output = object != nullptr;
  if (object == nullptr) return;
  OutputQuantizer& q = quantizers.output;
  q.is_signed = flag_field(layer, *object, "signed", true);
  q.bitwidth = bits_field(layer, *object, "bitwidth", 8, q.is_signed ? 2 : 1);
  q.scale_bits = bits_field(layer, *object, "scale_bits", 8, 1);
  q.buffer_bitwidth = bits_field(layer, *object, "buffer_bitwidth", 32, 2);
  const Json* axis = quantizer_entry(*object, "axis");
  if (axis != nullptr && *axis != "per-tensor" && *axis != "per-axis") {
    refuse_config(layer, "'axis' of the output quantizer is " + axis->dump() +
                             ", it should be \"per-tensor\" or \"per-axis\"");
  }
  q.per_axis = axis != nullptr && *axis == "per-axis";
}

inline Json output_quantizer_json(const LayerPlan& plan, LayerKind kind) {
  Json json = {{"bitwidth", plan.output.bitwidth}};
  if (kind == LayerKind::relu) json["signed"] = plan.output.is_signed;
  json["axis"] = plan.output.per_axis ? "per-axis" : "per-tensor";
  if (plan.output.scale_bits != 8) json["scale_bits"] = plan.output.scale_bits;
  json["buffer_bitwidth"] = plan.output.buffer_bitwidth;
  return json;
}

/// What a layer calls its weight quantizer and its aligned one.
struct QuantizerKeys {
  std::string_view weights = "weight_quantizer";
  std::string_view aligned = "bias_quantizer";
};
[[nodiscard]] inline QuantizerKeys quantizer_keys(LayerKind kind) {
  switch (kind) {
    case LayerKind::separable_conv2d: return {"dw_weight_quantizer"};
    case LayerKind::batch_normalization: return {"a_quantizer", "b_quantizer"};
    case LayerKind::layer_mad_normalization: return {"gamma_quantizer", "beta_quantizer"};
    case LayerKind::class_token: return {"weight_quantizer", "cls_quantizer"};
    case LayerKind::add_position_embs: return {"weight_quantizer", "pe_quantizer"};
    case LayerKind::stateful_recurrent: return {"a_quantizer"};
    default: return {};
  }
}

/// Bits of a shiftmax: its own entries, or those under `softmax` in an attention.
inline void read_shiftmax(const std::string& layer, const Json& config, LayerKind kind, LayerQuantizers& q) {
  if (kind == LayerKind::shiftmax) q.exp_bitwidth = bits_field(layer, config, "exp_bitwidth", 10, 1);
  if (kind != LayerKind::attention) return;
  const Json* softmax = checked_object(layer, config, "softmax", {"exp_bitwidth", "buffer_bitwidth"});
  if (softmax == nullptr) return;
  q.exp_bitwidth = bits_field(layer, *softmax, "exp_bitwidth", 10, 1);
  q.softmax_buffer_bitwidth = bits_field(layer, *softmax, "buffer_bitwidth", 0, 2);
}

/// Sets `object[key]` unless it is there.
inline void fill(Json& object, const char* key, Json value) {
  if (!object.contains(key) || object[key].is_null()) object[key] = std::move(value);
}

}  // namespace detail

/// The configuration that QuantizeML dumps for a layer: what the user gave (`given`, may be null or empty), else
/// the output quantizer of the plan, completed with the quantizers that the layer always has.
[[nodiscard]] inline Json quant_config(LayerKind kind, const LayerPlan& plan, const QuantizationParams& params,
                                       const Json& given) {
  Json config = Json::object();
  if (given.is_object() && !given.empty()) {
    config = given;
  } else if (plan.has_output) {
    config["output_quantizer"] = detail::output_quantizer_json(plan, kind);
  }
  const auto weights = [&](const char* key, Json axis, bool force_axis) {
    detail::fill(config, key, {{"bitwidth", plan.weight_bits}});
    if (force_axis && config[key].is_object()) config[key]["axis"] = std::move(axis);
  };
  const std::int32_t limited = params.buffer_bits < 28 ? params.buffer_bits : 28;
  switch (kind) {
    case LayerKind::conv2d:
    case LayerKind::conv2d_transpose:
    case LayerKind::dense:
    case LayerKind::depthwise_conv2d:
    case LayerKind::depthwise_conv2d_transpose: {
      const bool depthwise = kind == LayerKind::depthwise_conv2d;
      const bool transposed = kind == LayerKind::depthwise_conv2d_transpose;
      weights("weight_quantizer", depthwise ? Json(-2) : Json(nullptr), depthwise || transposed);
      detail::fill(config, "buffer_bitwidth", limited);
      const auto bits = small_integer(config["buffer_bitwidth"]);
      if (bits && *bits > 28) config["buffer_bitwidth"] = 28;
      break;
    }
    case LayerKind::separable_conv2d:
      weights("dw_weight_quantizer", nullptr, true);
      weights("pw_weight_quantizer", nullptr, false);
      detail::fill(config, "buffer_bitwidth", params.buffer_bits);
      break;
    case LayerKind::batch_normalization:
      detail::fill(config, "a_quantizer", {{"bitwidth", 8}});
      detail::fill(config, "buffer_bitwidth", params.buffer_bits);
      break;
    case LayerKind::relu:
    case LayerKind::add:
    case LayerKind::global_average_pooling2d:
    case LayerKind::attention:
    case LayerKind::shiftmax:
    case LayerKind::class_token:
    case LayerKind::add_position_embs:
      detail::fill(config, "buffer_bitwidth", params.buffer_bits);
      break;
    case LayerKind::buffer_temp_conv:
    case LayerKind::depthwise_buffer_temp_conv:
    case LayerKind::stateful_projection:
      weights("weight_quantizer", nullptr, false);
      detail::fill(config, "buffer_bitwidth", params.buffer_bits);
      break;
    case LayerKind::stateful_recurrent:
      weights("a_quantizer", nullptr, true);
      if (config["a_quantizer"].is_object()) config["a_quantizer"]["fp_quantizer"] = true;
      detail::fill(config, "output_quantizer", {{"bitwidth", params.output_bits}});
      if (config["output_quantizer"].is_object()) config["output_quantizer"]["axis"] = "per-tensor";
      detail::fill(config, "buffer_bitwidth", params.buffer_bits);
      break;
    case LayerKind::layer_mad_normalization:
      detail::fill(config, "gamma_quantizer", {{"bitwidth", 8}});
      detail::fill(config, "buffer_bitwidth", params.buffer_bits);
      break;
    case LayerKind::activation: detail::fill(config, "lut_bitwidth", 14); break;
    default: break;
  }
  return config;
}

/// The quantizers of a quantized layer from its `quant_config`; TN5040 names layer and field.
[[nodiscard]] inline LayerQuantizers quantizers_of(const Layer& layer, LayerKind kind) {
  LayerQuantizers q = default_quantizers(kind, LayerPlan{.weight_bits = 4}, QuantizationParams{});
  const Json* found = entry(layer, "quant_config");
  if (found == nullptr) return q;
  if (!found->is_object()) detail::refuse_config(layer.name, "must be an object");
  const auto [weights, aligned] = detail::quantizer_keys(kind);
  detail::read_weight_quantizer(layer.name, *found, weights, q.weights);
  if (kind == LayerKind::separable_conv2d) {
    detail::read_weight_quantizer(layer.name, *found, "pw_weight_quantizer", q.pointwise);
  }
  detail::read_aligned_quantizer(layer.name, *found, aligned, q.bias);
  detail::read_aligned_quantizer(layer.name, *found, "max_value_quantizer", q.maximum);
  q.maximum.is_signed = false;
  detail::read_output_quantizer(layer.name, *found, q);
  q.buffer_bitwidth = detail::bits_field(layer.name, *found, "buffer_bitwidth", q.buffer_bitwidth, 2);
  q.lut_bitwidth = detail::bits_field(layer.name, *found, "lut_bitwidth", q.lut_bitwidth, 2);
  detail::read_shiftmax(layer.name, *found, kind, q);
  if (kind == LayerKind::stateful_recurrent) q.output.per_axis = false;
  return q;
}

}  // namespace tenon::host
