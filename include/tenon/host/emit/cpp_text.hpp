// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tenon/layer/any_layer.hpp>
#include <tenon/tensor/data_type.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/tensor/window.hpp>
#include <type_traits>
#include <vector>

// Values as C++ source: names, numbers, arrays, parameters of layers.
namespace tenon::host::cpp_text {

inline constexpr std::size_t line_length = 110;

[[nodiscard]] inline bool is_keyword(std::string_view name) {
  static const std::set<std::string_view> keywords{
      "alignas",  "alignof",   "and",      "asm",       "auto",     "bool",     "break",    "case",     "catch",
      "char",     "class",     "compl",    "concept",   "const",    "continue", "default",  "delete",   "do",
      "double",   "else",      "enum",     "explicit",  "export",   "extern",   "false",    "float",    "for",
      "friend",   "goto",      "if",       "inline",    "int",      "long",     "mutable",  "namespace", "new",
      "noexcept", "not",       "operator", "or",        "private",  "protected", "public",  "register", "requires",
      "return",   "short",     "signed",   "sizeof",    "static",   "struct",   "switch",   "template", "this",
      "throw",    "true",      "try",      "typedef",   "typeid",   "typename", "union",    "unsigned", "using",
      "virtual",  "void",      "volatile", "while",     "xor",      "tenon",    "std",      "main"};
  return keywords.contains(name);
}

/// A name of the model as an identifier: other characters become `_`, without leading, trailing or double ones.
[[nodiscard]] inline std::string identifier(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0 && static_cast<unsigned char>(c) < 128;
    if (letter) {
      out += c;
    } else if (!out.empty() && out.back() != '_') {
      out += '_';
    }
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  if (out.empty()) out = "model";
  if (std::isdigit(static_cast<unsigned char>(out.front())) != 0) out.insert(0, "n");
  return is_keyword(out) ? out + "_" : out;
}

/// The same, and different from all names in `taken`, which it joins.
[[nodiscard]] inline std::string unique_identifier(std::string_view name, std::set<std::string>& taken) {
  const std::string wanted = identifier(name);
  std::string found = wanted;
  for (int n = 2; !taken.insert(found).second; ++n) found = fmt::format("{}_{}", wanted, n);
  return found;
}

[[nodiscard]] inline const char* type_name(DataType type) {
  switch (type) {
    case DataType::uint8: return "std::uint8_t";
    case DataType::int8: return "std::int8_t";
    case DataType::uint16: return "std::uint16_t";
    case DataType::int16: return "std::int16_t";
    case DataType::uint32: return "std::uint32_t";
    case DataType::int32: return "std::int32_t";
    case DataType::int64: return "std::int64_t";
    case DataType::float32: break;
  }
  return "float";
}

[[nodiscard]] inline std::string number(std::int64_t v) { return std::to_string(v); }
[[nodiscard]] inline std::string number(bool v) { return v ? "true" : "false"; }
[[nodiscard]] inline std::string number(float v) {
  std::string text = fmt::format("{:.9g}", v);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + "F";
}

/// Items with commas, in lines.
[[nodiscard]] inline std::string list(const std::vector<std::string>& items, std::string_view indent) {
  std::string text;
  std::size_t column = line_length;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::size_t needed = items[i].size() + 2;
    if (column + needed > line_length) {
      text += "\n";
      text += indent;
      column = indent.size();
    }
    text += items[i];
    if (i + 1 < items.size()) text += ", ";
    column += needed;
  }
  return text;
}
template <class Values>
[[nodiscard]] std::string numbers(const Values& values, std::string_view indent) {
  std::vector<std::string> items;
  items.reserve(values.size());
  for (const auto v : values) {
    if constexpr (std::is_floating_point_v<std::decay_t<decltype(v)>>) items.push_back(number(v));
    else items.push_back(number(static_cast<std::int64_t>(v)));
  }
  return list(items, indent);
}

/// Bytes as string literals, one a line: printable characters as they are, others in three octal digits.
[[nodiscard]] inline std::string literal(std::span<const std::int8_t> bytes, std::string_view indent) {
  std::string text;
  std::string line;
  const auto flush = [&] {
    text += "\n";
    text += indent;
    text += '"' + line + '"';
    line.clear();
  };
  for (const std::int8_t b : bytes) {
    const auto c = static_cast<unsigned char>(b);
    if (c >= 32 && c < 127 && c != '"' && c != '\\' && c != '?') {
      line += static_cast<char>(c);
    } else {
      line += '\\';
      for (int shift = 6; shift >= 0; shift -= 3) line += static_cast<char>('0' + ((c >> shift) & 7));
    }
    if (line.size() + indent.size() >= line_length) flush();
  }
  if (!line.empty() || text.empty()) flush();
  return text;
}

[[nodiscard]] inline std::string shape(const Shape& s) {
  std::string text = "tenon::Shape{";
  for (std::int32_t i = 0; i < s.rank; ++i) {
    text += (i > 0 ? ", " : "") + std::to_string(s[static_cast<std::size_t>(i)]);
  }
  return text + "}";
}

/// `{.filters = 4, .kernel_size = {3, 3}}`: the members that differ from their defaults.
class Members {
 public:
  template <class T>
  void add(std::string_view name, const T& value, const T& usual) {
    if (value == usual) return;
    text_ += fmt::format("{}.{} = {}", text_.empty() ? "" : ", ", name, spelled(value));
  }
  [[nodiscard]] std::string text() const { return "{" + text_ + "}"; }

 private:
  template <class T>
  static std::string spelled(const T& v) {
    if constexpr (std::is_same_v<T, Size2D>) return fmt::format("{{{}, {}}}", v.height, v.width);
    else if constexpr (std::is_same_v<T, Padding>) return v == Padding::same ? "tenon::Padding::same" : "tenon::Padding::valid";
    else if constexpr (std::is_same_v<T, Shape>) return shape(v);
    else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, float>) return number(v);
    else if constexpr (std::is_enum_v<T>) return fmt::format("{}{{{}}}", enum_name(v), static_cast<int>(v));
    else if constexpr (std::is_integral_v<T>) return number(static_cast<std::int64_t>(v));
    else return "{" + v.text() + "}";
  }
  static const char* enum_name(ActivationFunction) { return "tenon::ActivationFunction"; }
  static const char* enum_name(Softmax) { return "tenon::Softmax"; }

  std::string text_;
};

/// Arrays inside of parameters, up to the last element that is not zero.
struct Items {
  std::vector<std::string> items;
  bool operator==(const Items&) const = default;
  [[nodiscard]] std::string text() const { return fmt::format("{}", fmt::join(items, ", ")); }
};

/// Parameters of a layer in the order of their declaration; floats that integers do not need stay at their defaults.
template <class P>
[[nodiscard]] std::string members(const P& p) {
  const P usual{};
  Members m;
  if constexpr (requires { p.filters; }) m.add("filters", p.filters, usual.filters);
  if constexpr (requires { p.units; }) m.add("units", p.units, usual.units);
  if constexpr (requires { p.num_heads; }) m.add("num_heads", p.num_heads, usual.num_heads);
  if constexpr (requires { p.softmax; }) m.add("softmax", p.softmax, usual.softmax);
  if constexpr (requires { p.kernel_size; }) m.add("kernel_size", p.kernel_size, usual.kernel_size);
  if constexpr (requires { p.pool_size; }) m.add("pool_size", p.pool_size, usual.pool_size);
  if constexpr (requires { p.strides; }) m.add("strides", p.strides, usual.strides);
  if constexpr (requires { p.padding; }) m.add("padding", p.padding, usual.padding);
  if constexpr (requires { p.output_padding; }) m.add("output_padding", p.output_padding, usual.output_padding);
  if constexpr (requires { p.dilation_rate; }) m.add("dilation_rate", p.dilation_rate, usual.dilation_rate);
  if constexpr (requires { p.groups; }) m.add("groups", p.groups, usual.groups);
  if constexpr (requires { p.use_bias; }) m.add("use_bias", p.use_bias, usual.use_bias);
  if constexpr (requires { p.has_padding_value; }) m.add("has_padding_value", p.has_padding_value, usual.has_padding_value);
  if constexpr (requires { p.downshape; }) m.add("downshape", p.downshape, usual.downshape);
  if constexpr (requires { p.upshape; }) m.add("upshape", p.upshape, usual.upshape);
  if constexpr (requires { p.subsample; }) m.add("subsample", p.subsample, usual.subsample);
  if constexpr (requires { p.average; }) m.add("average", p.average, usual.average);
  if constexpr (requires { p.activation; }) m.add("activation", p.activation, usual.activation);
  if constexpr (requires { p.bounded; }) m.add("bounded", p.bounded, usual.bounded);
  if constexpr (requires { p.keepdims; }) m.add("keepdims", p.keepdims, usual.keepdims);
  if constexpr (requires { p.runs; }) {
    Items runs;
    for (std::int32_t i = 0; i < p.run_count; ++i) {
      const TokenRun& run = p.runs[static_cast<std::size_t>(i)];
      runs.items.push_back(fmt::format("tenon::TokenRun{{{}, {}}}", run.first, run.count));
    }
    m.add("runs", runs, Items{});
    m.add("run_count", p.run_count, usual.run_count);
    m.add("keep_axis", p.keep_axis, usual.keep_axis);
  }
  if constexpr (requires { p.axis; }) m.add("axis", p.axis, usual.axis);
  if constexpr (requires { p.axes; }) {
    Items axes;
    for (const std::int32_t a : p.axes) axes.items.push_back(std::to_string(a));
    m.add("axes", axes, Items{});
  }
  if constexpr (requires { p.target_shape; }) m.add("target_shape", p.target_shape, usual.target_shape);
  return m.text();
}

/// The type of parameters, without `Params`.
template <class P>
inline constexpr const char* params_name = "";
template <> inline constexpr const char* params_name<Conv2DParams> = "Conv2D";
template <> inline constexpr const char* params_name<Conv2DTransposeParams> = "Conv2DTranspose";
template <> inline constexpr const char* params_name<DepthwiseConv2DParams> = "DepthwiseConv2D";
template <> inline constexpr const char* params_name<DepthwiseConv2DTransposeParams> = "DepthwiseConv2DTranspose";
template <> inline constexpr const char* params_name<SeparableConv2DParams> = "SeparableConv2D";
template <> inline constexpr const char* params_name<DenseParams> = "Dense";
template <> inline constexpr const char* params_name<BatchNormalizationParams> = "BatchNormalization";
template <> inline constexpr const char* params_name<ReLUParams> = "ReLU";
template <> inline constexpr const char* params_name<AddParams> = "Add";
template <> inline constexpr const char* params_name<ConcatenateParams> = "Concatenate";
template <> inline constexpr const char* params_name<MaxPooling2DParams> = "MaxPooling2D";
template <> inline constexpr const char* params_name<GlobalAveragePooling2DParams> = "GlobalAveragePooling2D";
template <> inline constexpr const char* params_name<FlattenParams> = "Flatten";
template <> inline constexpr const char* params_name<PermuteParams> = "Permute";
template <> inline constexpr const char* params_name<ActivationParams> = "Activation";
template <> inline constexpr const char* params_name<AttentionParams> = "Attention";
template <> inline constexpr const char* params_name<ShiftmaxParams> = "Shiftmax";
template <> inline constexpr const char* params_name<ClassTokenParams> = "ClassToken";
template <> inline constexpr const char* params_name<AddPositionEmbsParams> = "AddPositionEmbs";
template <> inline constexpr const char* params_name<ExtractTokenParams> = "ExtractToken";
template <> inline constexpr const char* params_name<LayerMadNormalizationParams> = "LayerMadNormalization";
template <> inline constexpr const char* params_name<BufferTempConvParams> = "BufferTempConv";
template <> inline constexpr const char* params_name<DepthwiseBufferTempConvParams> = "DepthwiseBufferTempConv";
template <> inline constexpr const char* params_name<StatefulRecurrentParams> = "StatefulRecurrent";
template <> inline constexpr const char* params_name<StatefulProjectionParams> = "StatefulProjection";

}  // namespace tenon::host::cpp_text
