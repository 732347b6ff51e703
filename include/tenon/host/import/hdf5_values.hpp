// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/host/array.hpp>
#include <tenon/host/import/hdf5_bytes.hpp>
#include <tenon/host/import/hdf5_object.hpp>

// Types, shapes and string attributes of an HDF5 file.
namespace tenon::host::hdf5 {

struct Type {
  enum class Kind { other, number, fixed_string, variable_string };
  Kind kind = Kind::other;
  std::size_t width = 0;
  std::string dtype;  ///< of a number: as in Array, or "f2"
  bool big_endian = false;
  bool blank_padded = false;
};

/// Only IEEE floats and integers without gaps count as numbers.
[[nodiscard]] inline Type read_type(const File& file, std::span<const std::byte> data) {
  Cursor cursor(file, data);
  const unsigned kind = cursor.u8() & 15;
  const auto bits = static_cast<std::uint32_t>(cursor.number(3));
  Type type;
  type.width = cursor.u32();
  if (type.width == 0) cursor.fail("a type without size");
  if (kind == 3) {
    type.kind = Type::Kind::fixed_string;
    type.blank_padded = (bits & 15) == 2;
  } else if (kind == 9 && (bits & 15) == 1 && type.width == 16) {
    type.kind = Type::Kind::variable_string;
  } else if ((kind == 0 || kind == 1) && type.width <= 8) {
    const bool no_gaps = cursor.u16() == 0 && cursor.u16() == 8 * type.width;
    type.dtype = {kind == 1         ? 'f'
                  : (bits & 8) != 0 ? 'i'
                                    : 'u',
                  static_cast<char>('0' + type.width)};
    bool usual = element_bytes(type.dtype) != 0;
    if (kind == 1) {
      // Places and sizes of exponent and fraction, the bias, and above them the sign.
      const std::array<std::uint64_t, 6> found{cursor.u8(), cursor.u8(),  cursor.u8(),
                                               cursor.u8(), cursor.u32(), (bits >> 8) & 255};
      usual = (type.width == 2 && found == std::array<std::uint64_t, 6>{10, 5, 0, 10, 15, 15}) ||
              (type.width == 4 && found == std::array<std::uint64_t, 6>{23, 8, 0, 23, 127, 31}) ||
              (type.width == 8 && found == std::array<std::uint64_t, 6>{52, 11, 0, 52, 1023, 63});
      usual = usual && (bits & 0x40) == 0 && (bits & 0x30) == 0x20;
    }
    type.big_endian = (bits & 1) != 0;
    if (no_gaps && usual) type.kind = Type::Kind::number;
  }
  return type;
}

/// Extents; a space without any element ("null") has the shape (0).
[[nodiscard]] inline std::vector<std::size_t> read_shape(const File& file,
                                                         std::span<const std::byte> data) {
  Cursor cursor(file, data);
  const unsigned version = cursor.u8();
  if (version != 1 && version != 2) cursor.fail("unknown version of a shape");
  const unsigned rank = cursor.u8();
  cursor.skip(1);
  const bool null = cursor.u8() == 2 && version == 2;
  if (version == 1) cursor.skip(4);
  if (rank > 32) cursor.fail("more than 32 dimensions");
  if (null) return {0};
  std::vector<std::size_t> shape(rank);
  for (std::size_t& extent : shape) extent = static_cast<std::size_t>(cursor.u64());
  return shape;
}

struct Attribute {
  Type type;
  std::vector<std::size_t> shape;
  std::span<const std::byte> data;
};

/// The attribute `name`, or nothing.
[[nodiscard]] inline std::optional<Attribute> find_attribute(const File& file, const Object& object,
                                                             std::string_view name) {
  for (const Message& message : object.messages) {
    if (message.kind != MessageKind::attribute) continue;
    Cursor cursor(file, message.data);
    const unsigned version = cursor.u8(), flags = cursor.u8();
    if (message.shared || version < 1 || version > 3 || (version > 1 && flags != 0)) {
      cursor.fail("an attribute is shared or of an unknown version");
    }
    const std::uint64_t name_size = cursor.u16(), type_size = cursor.u16(),
                        space_size = cursor.u16();
    if (version == 3) cursor.skip(1);
    // Version 1 pads each part to a multiple of eight bytes.
    const auto part = [&](std::uint64_t size) {
      const auto piece = cursor.take(size);
      if (version == 1) cursor.skip((8 - size % 8) % 8);
      return piece;
    };
    if (Cursor(file, part(name_size)).terminated() != name) continue;
    const auto type = part(type_size), space = part(space_size);
    return Attribute{read_type(file, type), read_shape(file, space), cursor.rest()};
  }
  if (const Message* info = object.find(MessageKind::attribute_info)) {
    Cursor cursor(file, info->data);
    cursor.skip(1);
    cursor.skip((cursor.u8() & 1) != 0 ? 2U : 0U);
    if (cursor.u64() != undefined) refuse_dense(file);
  }
  return std::nullopt;
}

/// The global heap, where strings of variable length lie in collections of numbered objects.
class StringHeap {
 public:
  explicit StringHeap(const File& file) : file_(&file) {}

  [[nodiscard]] std::string_view find(std::uint64_t collection, std::uint32_t index,
                                      std::uint32_t length) {
    auto known = collections_.find(collection);
    if (known == collections_.end())
      known = collections_.emplace(collection, read(collection)).first;
    const auto object = known->second.find(index);
    if (object == known->second.end() || length > object->second.size()) {
      file_->damaged(file_->from(collection).data(), "a string is missing in its heap");
    }
    return object->second.substr(0, length);
  }

 private:
  using Objects = std::map<std::uint32_t, std::string_view>;

  Objects read(std::uint64_t collection) {
    Cursor heap(*file_, file_->from(collection));
    heap.expect("GCOL");
    heap.skip(4);
    const std::uint64_t size = heap.u64();
    if (size < 16) heap.fail("a heap without size");
    Cursor bytes(*file_, heap.take(size - 16));
    Objects objects;
    while (bytes.left() >= 16) {
      const std::uint32_t index = bytes.u16();
      bytes.skip(6);
      const std::uint64_t object_size = bytes.u64();
      if (index == 0) break;  // what follows is free
      objects.emplace(index, bytes.text(object_size));
      bytes.skip(std::min<std::uint64_t>((8 - object_size % 8) % 8, bytes.left()));
      // Collections that overlap hold more objects than the file has room for.
      if (++seen_ > file_->bytes.size() / 16) bytes.fail("a heap has no end");
    }
    return objects;
  }

  const File* file_;
  std::map<std::uint64_t, Objects> collections_;
  std::size_t seen_ = 0;
};

/// All strings of an attribute, or nothing where it is not made of strings.
[[nodiscard]] inline std::optional<std::vector<std::string>> read_strings(
    const File& file, const Attribute& attribute) {
  const auto count = element_count(attribute.shape);
  // Keras stores an empty list as an empty array of floats.
  if (count == std::size_t{0}) return std::vector<std::string>{};
  const Type& type = attribute.type;
  const bool variable = type.kind == Type::Kind::variable_string;
  if ((!variable && type.kind != Type::Kind::fixed_string) || !count) return std::nullopt;
  Cursor cursor(file, attribute.data);
  if (*count > cursor.left() / type.width) cursor.fail("an attribute is cut off");

  std::vector<std::string> values;
  StringHeap heap(file);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < *count; ++i) {
    std::string_view text;
    if (variable) {
      const std::uint32_t length = cursor.u32();
      const std::uint64_t collection = cursor.u64();
      const std::uint32_t index = cursor.u32();
      if (length != 0) text = heap.find(collection, index, length);
    } else {
      text = cursor.text(type.width);
    }
    text = text.substr(0, text.find('\0'));
    if (type.blank_padded) text = text.substr(0, text.find_last_not_of(' ') + 1);
    // Many references to one long string must not fill the memory.
    total += text.size();
    if (total > file.bytes.size()) cursor.fail("its strings are longer than the file");
    values.emplace_back(text);
  }
  return values;
}

}  // namespace tenon::host::hdf5
