// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <tenon/host/array.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/import/protobuf.hpp>
#include <tenon/host/import/stored_numbers.hpp>
#include <utility>
#include <vector>

// The constants in an ONNX file. Their values must stand in the file itself: no other file is
// opened because this one says so.
namespace tenon::host {

struct OnnxTensor {
  std::string name;
  Array array;
};

namespace detail {

enum class OnnxType : std::int64_t {
  float32 = 1,
  uint8 = 2,
  int8 = 3,
  uint16 = 4,
  int16 = 5,
  int32 = 6,
  int64 = 7,
  boolean = 9,
  float16 = 10,
  float64 = 11,
  uint32 = 12,
  uint64 = 13,
  bfloat16 = 16
};

/// The element type of an array; halves are widened afterwards. Empty for texts, complex numbers
/// and the like.
[[nodiscard]] inline std::string_view onnx_dtype(std::int64_t type) {
  switch (static_cast<OnnxType>(type)) {
    case OnnxType::float32:
      return "f4";
    case OnnxType::uint8:
      return "u1";
    case OnnxType::int8:
      return "i1";
    case OnnxType::uint16:
      return "u2";
    case OnnxType::int16:
      return "i2";
    case OnnxType::int32:
      return "i4";
    case OnnxType::int64:
      return "i8";
    case OnnxType::boolean:
      return "b1";
    case OnnxType::float16:
      return "u2";
    case OnnxType::float64:
      return "f8";
    case OnnxType::uint32:
      return "u4";
    case OnnxType::uint64:
      return "u8";
    case OnnxType::bfloat16:
      return "u2";
  }
  return {};
}

/// The fields of a TensorProto that say what and where its values are.
struct StoredOnnxTensor {
  std::string name;
  std::vector<std::int64_t> dims;
  std::int64_t type = 0;
  bool external = false;
  bool raw = false;
  std::vector<std::byte> bytes;  ///< raw, or of the list that was filled, one element by another

  template <class T>
  void add(T value) {
    const std::size_t at = bytes.size();
    bytes.resize(at + sizeof value);
    std::memcpy(bytes.data() + at, &value, sizeof value);
  }
  /// Numbers narrower than 32 bits are stored in a list of int32.
  void add_integer(std::int64_t value) {
    const auto all = std::bit_cast<std::array<std::byte, 8>>(value);
    const std::size_t width = element_bytes(onnx_dtype(type));
    bytes.insert(bytes.end(), all.begin(), all.begin() + static_cast<std::ptrdiff_t>(width));
  }
};

inline void read_tensor_values(const WireReader& reader, const WireField& field,
                               StoredOnnxTensor& tensor) {
  std::vector<std::int64_t> integers;
  switch (field.number) {
    case 4: {
      std::vector<float> floats;
      reader.append(field, WireType::fixed32, floats, [](const auto& f) { return f.number32(); });
      for (const float value : floats) tensor.add(value);
      break;
    }
    case 5:
    case 7:
    case 11:
      reader.append(field, WireType::varint, integers, [](const auto& f) { return f.integer(); });
      for (const std::int64_t value : integers) tensor.add_integer(value);
      break;
    case 9:
      reader.require(field, WireType::bytes);
      tensor.raw = true;
      tensor.bytes.assign(field.bytes.begin(), field.bytes.end());
      break;
    case 10:
      reader.append(field, WireType::fixed64, integers, [](const auto& f) { return f.integer(); });
      for (const std::int64_t value : integers) tensor.add(value);
      break;
    default:
      break;
  }
}

[[nodiscard]] inline OnnxTensor checked_tensor(StoredOnnxTensor stored, const std::string& file) {
  const std::string what = file + ", tensor '" + stored.name + "'";
  if (stored.external) {
    throw Error{5052,
                what + " is kept in another file, which is not opened; save the model as one file"};
  }
  const std::string_view dtype = onnx_dtype(stored.type);
  if (dtype.empty()) {
    throw Error{5052, what + " has elements of type " + std::to_string(stored.type) +
                          ", which are no numbers that Tenon reads"};
  }
  OnnxTensor tensor{std::move(stored.name), {std::string(dtype), {}, std::move(stored.bytes)}};
  for (const std::int64_t dim : stored.dims) {
    if (dim < 0) throw Error{5052, what + " has a dimension of " + std::to_string(dim)};
    tensor.array.shape.push_back(static_cast<std::size_t>(dim));
  }
  const auto count = element_count(tensor.array.shape);
  const std::size_t width = element_bytes(dtype);
  if (!count || tensor.array.bytes.size() % width != 0 ||
      tensor.array.bytes.size() / width != *count) {
    throw Error{5052, what + " has " + std::to_string(tensor.array.bytes.size()) +
                          " bytes of values, which is not what its shape " +
                          shape_text(tensor.array.shape) + " needs"};
  }
  if (static_cast<OnnxType>(stored.type) == OnnxType::float16) {
    widen_halves(tensor.array);
  } else if (static_cast<OnnxType>(stored.type) == OnnxType::bfloat16) {
    std::vector<float> values;
    for (const std::uint16_t half : tensor.array.to<std::uint16_t>()) {
      values.push_back(std::bit_cast<float>(std::uint32_t{half} << 16));
    }
    tensor.array = Array::from<float>(std::move(tensor.array.shape), values);
  }
  return tensor;
}

}  // namespace detail

/// A TensorProto. TN5052 for one whose values are elsewhere, of another number than its shape says,
/// or no numbers.
[[nodiscard]] inline OnnxTensor read_onnx_tensor(WireReader reader) {
  detail::StoredOnnxTensor stored;
  std::vector<WireField> values;  // behind the type, which says how wide their elements are
  WireField field;
  while (reader.next(field)) {
    if (field.number == 1) {
      reader.append(field, WireType::varint, stored.dims,
                    [](const auto& f) { return f.integer(); });
    } else if (field.number == 2) {
      reader.require(field, WireType::varint);
      stored.type = field.integer();
    } else if (field.number == 8) {
      reader.require(field, WireType::bytes);
      stored.name = field.text();
    } else if (field.number == 13 || field.number == 14) {
      stored.external = stored.external || field.number == 13 || field.value != 0;
    } else {
      values.push_back(field);
    }
  }
  for (const WireField& value : values) detail::read_tensor_values(reader, value, stored);
  return detail::checked_tensor(std::move(stored), reader.name());
}

}  // namespace tenon::host
