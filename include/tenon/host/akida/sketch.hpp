// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tenon/akida/layer.hpp>
#include <tenon/host/akida/named_model.hpp>
#include <tenon/host/akida/question.hpp>
#include <tenon/host/akida/sketch_fields.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/import/bytes.hpp>
#include <tenon/host/import/json.hpp>
#include <vector>

// A model as a JSON description of its quantized layers, without weights:
// {"quantization": {...}, "input_shape": [...], "layers": [{"cls", "name", "inbound", ...}]}.
namespace tenon::host::mapping {

namespace detail {

struct SketchClass {
  std::string_view name;  ///< without "Quantized"
  LayerKind kind;
};
inline constexpr std::array sketch_classes{
    SketchClass{"InputLayer", LayerKind::input},
    SketchClass{"Conv2D", LayerKind::conv2d},
    SketchClass{"PaddedConv2D", LayerKind::conv2d},
    SketchClass{"DepthwiseConv2D", LayerKind::depthwise_conv2d},
    SketchClass{"SeparableConv2D", LayerKind::separable_conv2d},
    SketchClass{"Conv2DTranspose", LayerKind::conv2d_transpose},
    SketchClass{"DepthwiseConv2DTranspose", LayerKind::depthwise_conv2d_transpose},
    SketchClass{"MaxPool2D", LayerKind::max_pooling2d},
    SketchClass{"MaxPooling2D", LayerKind::max_pooling2d},
    SketchClass{"GlobalAveragePooling2D", LayerKind::global_average_pooling2d},
    SketchClass{"ReLU", LayerKind::relu},
    SketchClass{"Activation", LayerKind::activation},
    SketchClass{"Flatten", LayerKind::flatten},
    SketchClass{"Reshape", LayerKind::reshape},
    SketchClass{"Permute", LayerKind::permute},
    SketchClass{"Dense", LayerKind::dense},
    SketchClass{"BufferTempConv", LayerKind::buffer_temp_conv},
    SketchClass{"DepthwiseBufferTempConv", LayerKind::depthwise_buffer_temp_conv},
    SketchClass{"Add", LayerKind::add},
    SketchClass{"Concatenate", LayerKind::concatenate},
    SketchClass{"BatchNormalization", LayerKind::batch_normalization},
    SketchClass{"LayerNormalization", LayerKind::layer_mad_normalization},
    SketchClass{"LayerMadNormalization", LayerKind::layer_mad_normalization},
    SketchClass{"Shiftmax", LayerKind::shiftmax},
    SketchClass{"Attention", LayerKind::attention},
    SketchClass{"ExtractToken", LayerKind::extract_token},
    SketchClass{"ClassToken", LayerKind::class_token},
    SketchClass{"AddPositionEmbs", LayerKind::add_position_embs},
    SketchClass{"Rescaling", LayerKind::rescaling},
    SketchClass{"Dropout", LayerKind::dropout},
    SketchClass{"Dequantizer", LayerKind::dequantizer},
};

[[nodiscard]] inline DataType sketch_type(const SketchFields& fields,
                                          const nlohmann::json& sketch) {
  const nlohmann::json* type = fields.find("dtype");
  if (type == nullptr && sketch.contains("quantization") && sketch["quantization"].is_object()) {
    const auto at = sketch["quantization"].find("input_dtype");
    if (at != sketch["quantization"].end()) type = &*at;
  }
  if (type == nullptr || *type == "int8") return DataType::int8;
  if (*type == "uint8") return DataType::uint8;
  if (*type == "int16") return DataType::int16;
  if (*type == "uint16") return DataType::uint16;
  fields.refuse("dtype", *type, "int8, uint8, int16 or uint16");
}

/// Bits of the weights; where a layer does not say, those of the model.
[[nodiscard]] inline std::int32_t sketch_weight_bits(const SketchFields& fields, const char* field,
                                                     const nlohmann::json& sketch, bool first) {
  constexpr std::int32_t widest = 32;
  if (fields.find(field) == nullptr && sketch.contains("quantization")) {
    const SketchFields defaults{sketch["quantization"], "\"quantization\""};
    const char* whole = first && defaults.find("input_weight_bits") != nullptr ? "input_weight_bits"
                                                                               : "weight_bits";
    if (defaults.find(whole) != nullptr) return defaults.integer(whole, 1, widest);
  }
  return fields.integer(field, 1, widest);
}

/// Filters; of depthwise layers the channels.
[[nodiscard]] inline std::int32_t sketch_filters(const SketchFields& fields,
                                                 const akida::Layer& layer) {
  const bool depthwise = layer.kind == LayerKind::depthwise_conv2d ||
                         layer.kind == LayerKind::depthwise_conv2d_transpose ||
                         layer.kind == LayerKind::depthwise_buffer_temp_conv;
  if (depthwise) return layer.input.channels();
  return fields.integer("filters", 1, SketchFields::largest);
}

inline void read_parameters(const SketchFields& fields, const nlohmann::json& sketch, bool first,
                            akida::Layer& layer) {
  switch (layer.kind) {
    case LayerKind::conv2d:
    case LayerKind::depthwise_conv2d:
    case LayerKind::separable_conv2d:
    case LayerKind::conv2d_transpose:
    case LayerKind::depthwise_conv2d_transpose: {
      layer.kernel = fields.size("kernel_size");
      layer.strides = fields.size_or("strides", {});
      layer.dilation = fields.size_or("dilation_rate", {});
      layer.padding = fields.padding_or(Padding::valid);
      layer.groups = fields.integer_or("groups", 1, SketchFields::largest, 1);
      layer.filters = sketch_filters(fields, layer);
      const bool separable = layer.kind == LayerKind::separable_conv2d;
      layer.weight_bits =
          sketch_weight_bits(fields, separable ? "dw_weight_bits" : "weight_bits", sketch, first);
      if (separable) {
        layer.pointwise_weight_bits = sketch_weight_bits(fields, "pw_weight_bits", sketch, first);
      }
      const nlohmann::json* padding = fields.find("padding_value");
      if (padding != nullptr && padding->is_number_integer()) {
        layer.padding_value =
            fields.integer("padding_value", -SketchFields::largest, SketchFields::largest);
      }
      break;
    }
    case LayerKind::buffer_temp_conv:
    case LayerKind::depthwise_buffer_temp_conv:
      layer.kernel = {fields.integer("kernel_size", 1, SketchFields::largest_window), 1};
      layer.filters = sketch_filters(fields, layer);
      layer.weight_bits = sketch_weight_bits(fields, "weight_bits", sketch, first);
      break;
    case LayerKind::dense:
      layer.filters = fields.integer("units", 1, SketchFields::largest);
      layer.weight_bits = sketch_weight_bits(fields, "weight_bits", sketch, first);
      break;
    case LayerKind::max_pooling2d:
      layer.pool_size = fields.size_or("pool_size", {2, 2});
      layer.strides = fields.size_or("strides", layer.pool_size);
      layer.padding = fields.padding_or(Padding::valid);
      break;
    case LayerKind::relu:
      layer.bounded = fields.find("max_value") != nullptr;
      break;
    case LayerKind::extract_token: {
      const nlohmann::json* token = fields.find("token");
      for (std::size_t i = 1; token != nullptr && token->is_array() && i < token->size(); ++i) {
        const nlohmann::json& here = (*token)[i];
        const nlohmann::json& before = (*token)[i - 1];
        if (!here.is_number_integer() || !before.is_number_integer()) {
          fields.refuse("token", *token, "a list of whole numbers");
        }
        if (here.get<std::int64_t>() != before.get<std::int64_t>() + 1)
          layer.contiguous_tokens = false;
      }
      break;
    }
    default:
      break;
  }
}

inline void read_output_quantizer(const SketchFields& fields, akida::Layer& layer) {
  const nlohmann::json* quantizer = fields.find("out_quantizer");
  if (quantizer == nullptr) return;
  if (!quantizer->is_object()) fields.refuse("out_quantizer", *quantizer, "null or an object");
  const SketchFields inner{*quantizer, fields.name() + " (out_quantizer)"};
  layer.output_bits = inner.integer("bits", 1, 32);
  const nlohmann::json* axis = inner.find("axis");
  if (axis == nullptr) return;
  if (*axis != "per-axis" && *axis != "per-tensor") {
    inner.refuse("axis", *axis, "\"per-axis\" or \"per-tensor\"");
  }
  layer.per_axis = *axis == "per-axis";
}

inline void read_inbound(const SketchFields& fields,
                         const std::map<std::string, std::int16_t>& known, akida::Layer& layer) {
  const nlohmann::json& inbound = fields.need("inbound", "the names of the layers that feed it");
  if (!inbound.is_array()) fields.refuse("inbound", inbound, "a list of names");
  if (inbound.size() > akida::Layer::max_inbound) {
    fields.refuse("inbound", inbound,
                  "a list of at most " + std::to_string(akida::Layer::max_inbound) + " names");
  }
  for (const nlohmann::json& name : inbound) {
    const auto at = name.is_string() ? known.find(name.get<std::string>()) : known.end();
    if (at == known.end()) fields.refuse("inbound", name, "the name of an earlier layer");
    layer.inbound[static_cast<std::size_t>(layer.inbound_count++)] = at->second;
  }
  if (layer.kind != LayerKind::input && layer.inbound_count == 0) {
    fields.refuse("inbound", inbound, "the names of the layers that feed it");
  }
}

/// The shape of what a layer reads, given or that of the layer before.
[[nodiscard]] inline Shape sketch_input(const SketchFields& fields, const nlohmann::json& sketch,
                                        const NamedModel& model, const akida::Layer& layer) {
  if (fields.find("in") != nullptr) return fields.shape("in");
  if (layer.inbound_count > 0) {
    return model.layers[static_cast<std::size_t>(layer.inbound[0])].output;
  }
  if (fields.find("out") == nullptr && sketch.contains("input_shape")) {
    return SketchFields{sketch, "\"input_shape\""}.shape("input_shape");
  }
  return fields.shape("out");
}

/// The shape of what a layer gives; computed where it is not given.
[[nodiscard]] inline Shape sketch_output(const SketchFields& fields, const NamedModel& model,
                                         akida::Layer& layer) {
  if (fields.find("out") != nullptr) return fields.shape("out");
  const nlohmann::json* keep = fields.find("keepdims");
  if (layer.kind == LayerKind::global_average_pooling2d && (keep == nullptr || *keep != true)) {
    layer.output = Shape{layer.input.channels()};
  }
  if (layer.kind == LayerKind::reshape) layer.output = fields.shape("target_shape");
  const Shape output = output_shape(model, layer);
  return is_countable(output) ? output : fields.shape("out");
}

[[nodiscard]] inline akida::Layer read_layer(const SketchFields& fields,
                                             const nlohmann::json& sketch, std::string_view name,
                                             const NamedModel& model,
                                             const std::map<std::string, std::int16_t>& known,
                                             bool first) {
  constexpr std::string_view prefix = "Quantized";
  const bool quantized = name.starts_with(prefix);
  if (quantized) name.remove_prefix(prefix.size());
  akida::Layer layer;
  for (const SketchClass& entry : sketch_classes) {
    if (entry.name == name) layer.kind = entry.kind;
  }
  layer.software = !quantized && (name == "Softmax" || name == "Activation");
  read_inbound(fields, known, layer);
  layer.input = sketch_input(fields, sketch, model, layer);
  if (layer.kind == LayerKind::input) layer.data_type = sketch_type(fields, sketch);
  read_parameters(fields, sketch, first, layer);
  layer.output = sketch_output(fields, model, layer);
  read_output_quantizer(fields, layer);
  return layer;
}

}  // namespace detail

/// Reads a sketch. TN5060 for what is not one, TN5061 for a missing field, TN5062 for a wrong
/// value.
[[nodiscard]] inline NamedModel read_sketch(const nlohmann::json& sketch) {
  if (!sketch.is_object() || !sketch.contains("layers") || !sketch["layers"].is_array()) {
    throw Error{5060,
                "the sketch is not an object with a list \"layers\"; see `tenon summary --json`"};
  }
  const nlohmann::json& list = sketch["layers"];
  if (list.empty() || list.size() > max_layers) {
    throw Error{5060, "the sketch has " + std::to_string(list.size()) +
                          " layers; it may have 1 to " + std::to_string(max_layers)};
  }
  if (sketch.contains("quantization") && !sketch["quantization"].is_object()) {
    throw Error{5060,
                "\"quantization\" of the sketch is not an object; write {\"weight_bits\": 8, ...}"};
  }
  NamedModel model;
  std::map<std::string, std::int16_t> known;
  bool first = true;
  for (const nlohmann::json& entry : list) {
    const std::string place = "number " + std::to_string(model.names.size() + 1);
    if (!entry.is_object()) throw Error{5060, "layer " + place + " of the sketch is not an object"};
    std::string name = SketchFields{entry, place}.text("name");
    const SketchFields fields{entry, name};
    const std::string class_name = fields.text("cls");
    model.layers.push_back(detail::read_layer(fields, sketch, class_name, model, known, first));
    first = first && model.layers.back().weight_bits == 0;
    if (!known.emplace(name, static_cast<std::int16_t>(model.names.size())).second) {
      throw Error{5062, "two layers are named " + name + "; give each its own name"};
    }
    model.names.push_back(std::move(name));
    model.class_names.push_back(class_name);
  }
  return model;
}

/// The text of a sketch: JSON.
[[nodiscard]] inline NamedModel read_sketch_text(std::string_view text, const std::string& file) {
  if (json_depth(text) > json_max_depth) {
    throw Error{5060, file + " is nested deeper than any sketch; give a sketch or a model"};
  }
  nlohmann::json sketch;
  try {
    sketch = nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    throw Error{5060, file + " is not JSON (byte " + std::to_string(error.byte) +
                          "); give a sketch or a model"};
  } catch (const nlohmann::json::exception&) {
    throw Error{5060, file + " holds a number that is out of range; give a sketch or a model"};
  }
  return read_sketch(sketch);
}

[[nodiscard]] inline NamedModel read_sketch_file(const std::filesystem::path& file) {
  const std::vector<std::byte> bytes = read_bytes(file);
  return read_sketch_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                          file.string());
}

}  // namespace tenon::host::mapping
