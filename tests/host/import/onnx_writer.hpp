// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

// ONNX files written down in tests: just enough of the wire format of Protocol Buffers.
namespace tenon::test {

class Wire {
 public:
  Wire& number(unsigned field, std::int64_t value) {
    varint(field << 3U);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  Wire& text(unsigned field, const std::string& value) {
    varint(field << 3U | 2U);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Wire& message(unsigned field, const Wire& value) { return text(field, value.bytes_); }
  Wire& real(unsigned field, float value) {
    varint(field << 3U | 5U);
    bytes_ += raw({value});
    return *this;
  }
  [[nodiscard]] static std::string raw(const std::vector<float>& values) {
    std::string out(4 * values.size(), '\0');
    std::memcpy(out.data(), values.data(), out.size());
    return out;
  }
  [[nodiscard]] std::vector<std::byte> bytes() const {
    const auto* begin = reinterpret_cast<const std::byte*>(bytes_.data());
    return {begin, begin + bytes_.size()};
  }

 private:
  void varint(std::uint64_t value) {
    for (; value > 127; value >>= 7U) bytes_ += static_cast<char>(value | 128U);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

/// A graph that is written node by node; tensors are known by name.
class OnnxWriter {
 public:
  using Ints = std::vector<std::int64_t>;

  /// An input with its batch; 0 stands for a size that is not known.
  explicit OnnxWriter(const Ints& input = {0, 2, 4, 4}) { this->input("x", input); }

  void input(const std::string& name, const Ints& dims) {
    Wire shape;
    for (const std::int64_t dim : dims) {
      shape.message(1, dim > 0 ? Wire().number(1, dim) : Wire().text(2, "N"));
    }
    graph_.message(11, Wire().text(1, name).message(
                           2, Wire().message(1, Wire().number(1, 1).message(2, shape))));
  }
  OnnxWriter& output(const std::string& name) {
    graph_.message(12, Wire().text(1, name));
    return *this;
  }
  static Wire tensor(const std::string& name, const Ints& dims, const std::vector<float>& values) {
    Wire tensor;
    for (const std::int64_t dim : dims) tensor.number(1, dim);
    return tensor.number(2, 1).text(8, name).text(9, Wire::raw(values));
  }
  std::string constant(const std::string& name, const Ints& dims,
                       const std::vector<float>& values) {
    graph_.message(5, tensor(name, dims, values));
    return name;
  }
  /// first, first + 1, … in a constant.
  std::string counting(const std::string& name, const Ints& dims, float first = 0) {
    std::int64_t count = 1;
    for (const std::int64_t dim : dims) count *= dim;
    std::vector<float> values;
    for (std::int64_t i = 0; i < count; ++i) values.push_back(first + static_cast<float>(i));
    return constant(name, dims, values);
  }
  std::string integers(const std::string& name, const Ints& values) {
    Wire tensor;
    tensor.number(1, static_cast<std::int64_t>(values.size())).number(2, 7).text(8, name);
    for (const std::int64_t value : values) tensor.number(7, value);
    graph_.message(5, tensor);
    return name;
  }
  static Wire ints(const std::string& name, const Ints& values) {
    Wire attribute;
    attribute.text(1, name).number(20, 7);
    for (const std::int64_t value : values) attribute.number(8, value);
    return attribute;
  }
  static Wire integer(const std::string& name, std::int64_t value) {
    return Wire().text(1, name).number(20, 2).number(3, value);
  }
  static Wire real(const std::string& name, float value) {
    return Wire().text(1, name).number(20, 1).real(2, value);
  }
  static Wire text(const std::string& name, const std::string& value) {
    return Wire().text(1, name).number(20, 3).text(4, value);
  }
  /// A node whose name is that of its output, which it returns.
  std::string node(const std::string& op, const std::string& name,
                   const std::vector<std::string>& inputs,
                   const std::vector<Wire>& attributes = {}) {
    Wire node;
    for (const std::string& from : inputs) node.text(1, from);
    node.text(2, name).text(3, name).text(4, op);
    for (const Wire& attribute : attributes) node.message(5, attribute);
    graph_.message(1, node);
    return name;
  }
  Wire& graph() { return graph_; }
  [[nodiscard]] std::vector<std::byte> file(std::int64_t opset = 17) const {
    return Wire().number(1, 8).message(7, graph_).message(8, Wire().number(2, opset)).bytes();
  }

 private:
  Wire graph_;
};

}  // namespace tenon::test
