// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tenon/akida/pattern.hpp>
#include <tenon/akida/value.hpp>
#include <tenon/akida/verdict.hpp>

// Names and values of the rules, for people and as JSON.
namespace tenon::host::mapping {

[[nodiscard]] constexpr std::string_view text_of(akida::Word word) noexcept {
  using akida::Word;
  switch (word) {
    case Word::absent:
      return "absent";
    case Word::present:
      return "present";
    case Word::same_padding:
      return "same";
    case Word::valid_padding:
      return "valid";
    case Word::per_axis:
      return "per-axis";
    case Word::per_tensor:
      return "per-tensor";
    case Word::signed_input:
      return "signed";
    case Word::unsigned_input:
      return "unsigned";
    case Word::square:
      return "square";
    case Word::odd:
      return "odd";
    case Word::relu:
      return "ReLU";
    case Word::lookup_table:
      return "lookup table";
    case Word::dense_layer:
      return "dense layer";
    case Word::convolution:
      return "convolution";
    case Word::merge:
      return "merge";
    case Word::skip_connection:
      return "skip connection";
    case Word::temporal_convolution:
      return "temporal convolution";
    case Word::input_data:
      return "model input";
    case Word::contiguous:
      return "contiguous";
    case Word::end_of_model:
      return "end of the model";
    case Word::converter_crash:
      return "a failure of the converter";
  }
  return "";
}

[[nodiscard]] constexpr std::string_view text_of(LayerKind kind) noexcept {
  switch (kind) {
    case LayerKind::conv2d:
      return "Conv2D";
    case LayerKind::depthwise_conv2d:
      return "DepthwiseConv2D";
    case LayerKind::separable_conv2d:
      return "SeparableConv2D";
    case LayerKind::conv2d_transpose:
      return "Conv2DTranspose";
    case LayerKind::depthwise_conv2d_transpose:
      return "DepthwiseConv2DTranspose";
    case LayerKind::max_pooling2d:
      return "MaxPool2D";
    case LayerKind::global_average_pooling2d:
      return "GlobalAveragePooling2D";
    case LayerKind::relu:
      return "ReLU";
    case LayerKind::activation:
      return "Activation";
    case LayerKind::flatten:
      return "Flatten";
    case LayerKind::reshape:
      return "Reshape";
    case LayerKind::permute:
      return "Permute";
    case LayerKind::dense:
      return "Dense";
    case LayerKind::buffer_temp_conv:
      return "BufferTempConv";
    case LayerKind::depthwise_buffer_temp_conv:
      return "DepthwiseBufferTempConv";
    case LayerKind::add:
      return "Add";
    case LayerKind::concatenate:
      return "Concatenate";
    case LayerKind::batch_normalization:
      return "BatchNormalization";
    case LayerKind::layer_mad_normalization:
      return "LayerMadNormalization";
    case LayerKind::shiftmax:
      return "Shiftmax";
    case LayerKind::attention:
      return "Attention";
    case LayerKind::extract_token:
      return "ExtractToken";
    case LayerKind::class_token:
      return "ClassToken";
    case LayerKind::add_position_embs:
      return "AddPositionEmbs";
    case LayerKind::stateful_recurrent:
      return "StatefulRecurrent";
    default:
      return "another layer";
  }
}

[[nodiscard]] constexpr std::string_view text_of(akida::Node node) noexcept {
  using akida::Node;
  switch (node) {
    case Node::none:
      return "-";
    case Node::InputConvolutional:
      return "InputConvolutional";
    case Node::Convolutional:
      return "Convolutional";
    case Node::SeparableConvolutional:
      return "SeparableConvolutional";
    case Node::FullyConnected:
      return "FullyConnected";
    case Node::InputConv2D:
      return "InputConv2D";
    case Node::Stem:
      return "Stem";
    case Node::Conv2D:
      return "Conv2D";
    case Node::DepthwiseConv2D:
      return "DepthwiseConv2D";
    case Node::Conv2DTranspose:
      return "Conv2DTranspose";
    case Node::DepthwiseConv2DTranspose:
      return "DepthwiseConv2DTranspose";
    case Node::Dense1D:
      return "Dense1D";
    case Node::Dense2D:
      return "Dense2D";
    case Node::BufferTempConv:
      return "BufferTempConv";
    case Node::DepthwiseBufferTempConv:
      return "DepthwiseBufferTempConv";
    case Node::Add:
      return "Add";
    case Node::Concatenate:
      return "Concatenate";
    case Node::BatchNormalization:
      return "BatchNormalization";
    case Node::MadNorm:
      return "MadNorm";
    case Node::Shiftmax:
      return "Shiftmax";
    case Node::Attention:
      return "Attention";
    case Node::ExtractToken:
      return "ExtractToken";
  }
  return "-";
}

[[nodiscard]] constexpr std::string_view text_of(akida::Unit unit) noexcept {
  using akida::Unit;
  switch (unit) {
    case Unit::software:
      return "host";
    case Unit::image_input:
      return "HRC";
    case Unit::convolution:
      return "CNP";
    case Unit::internal_dense:
      return "FNP3";
    case Unit::external_dense:
      return "FNP2";
    case Unit::temporal:
      return "TNP";
    case Unit::skip:
      return "skip";
  }
  return "";
}

/// "9", "3x5", "1, 3, 5, 7", "at most 512", "Conv2D, MaxPool2D", "per-axis".
[[nodiscard]] inline std::string text_of(const akida::Value& value) {
  using akida::Form;
  const auto item = [&](std::size_t i) { return std::to_string(value.items[i]); };
  std::string list;
  switch (value.form) {
    case Form::none:
      return "";
    case Form::number:
      return item(0);
    case Form::pair:
      return item(0) + "x" + item(1);
    case Form::at_most:
      return "at most " + item(0);
    case Form::at_least:
      return "at least " + item(0);
    case Form::between:
      return item(0) + " to " + item(1);
    case Form::word:
      return std::string(text_of(static_cast<akida::Word>(value.items[0])));
    case Form::one_of:
    case Form::kinds:
      for (std::size_t i = 0; i < value.count; ++i) {
        if (i > 0) list += ", ";
        list += value.form == Form::one_of
                    ? item(i)
                    : std::string(text_of(static_cast<LayerKind>(value.items[i])));
      }
      return list;
    case Form::pairs:
      for (std::size_t i = 0; i + 1 < value.count; i += 2) {
        list += (i > 0 ? ", " : "") + item(i) + " with stride " + item(i + 1);
      }
      return list;
  }
  return "";
}

/// Numbers as numbers, alternatives as a list, nothing as null, all else as text.
[[nodiscard]] inline nlohmann::ordered_json json_of(const akida::Value& value) {
  using akida::Form;
  if (value.form == Form::none) return nullptr;
  if (value.form == Form::number) return value.items[0];
  if (value.form != Form::one_of) return text_of(value);
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < value.count; ++i) list.push_back(value.items[i]);
  return list;
}

}  // namespace tenon::host::mapping
