// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/host/array.hpp>
#include <tenon/host/emit/atomic_file.hpp>
#include <tenon/host/error.hpp>

// NumPy's .npz, uncompressed, one array after the other: nothing but the directory is kept in
// memory. The same arrays give the same bytes (all dates are 1 January 1980). Zip64 fields appear
// where sizes need them.
namespace tenon::host {
namespace detail {

inline constexpr std::array<std::uint32_t, 256> crc32_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t rest = i;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? 0xEDB88320U : 0U);
    table[i] = rest;
  }
  return table;
}();

/// CRC-32 of zip over one more piece; start with 0.
[[nodiscard]] inline std::uint32_t crc32(std::uint32_t crc, std::span<const std::byte> bytes) {
  crc = ~crc;
  for (const std::byte b : bytes) {
    crc = (crc >> 8) ^ crc32_table[(crc ^ std::to_integer<std::uint32_t>(b)) & 255];
  }
  return ~crc;
}

/// Little-endian fields of zip's records.
class ZipRecord {
 public:
  ZipRecord& u16(std::uint64_t value) { return put(value, 2); }
  ZipRecord& u32(std::uint64_t value) { return put(value, 4); }
  ZipRecord& u64(std::uint64_t value) { return put(value, 8); }
  ZipRecord& text(std::string_view value) {
    bytes_ += value;
    return *this;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  ZipRecord& put(std::uint64_t value, int width) {
    for (int i = 0; i < width; ++i) bytes_ += static_cast<char>((value >> (8 * i)) & 255);
    return *this;
  }
  std::string bytes_;
};

/// The .npy header of version 1, padded so that the values begin at a multiple of 64 bytes.
[[nodiscard]] inline std::string npy_header(std::string_view dtype,
                                            std::span<const std::size_t> shape) {
  const char order = dtype[1] == '1' ? '|' : '<';
  std::string text = std::string("{'descr': '") + order + std::string(dtype) +
                     "', 'fortran_order': False, 'shape': " + shape_text(shape) + ", }";
  text.append(63 - (text.size() + 10) % 64, ' ').append("\n");
  return ZipRecord{}.text("\x93NUMPY").u16(1).u16(text.size()).text(text).bytes();
}

}  // namespace detail

class NpzWriter {
 public:
  explicit NpzWriter(const std::filesystem::path& target) : file_(target) {}

  /// Appends one array; an empty shape is a scalar. The shape must have as many elements as
  /// `values`.
  template <Element T>
  void add(std::string_view name, std::span<const std::size_t> shape, std::span<const T> values) {
    add_bytes(name, dtype_of<T>(), shape, std::as_bytes(values));
  }
  template <Element T>
  void add_scalar(std::string_view name, T value) {
    add(name, {}, std::span<const T>(&value, 1));
  }
  void add(std::string_view name, const Array& array) {
    add_bytes(name, array.dtype, array.shape, array.bytes);
  }

  /// Writes the directory and puts the file in its place.
  void finish() {
    const std::uint64_t start = offset_;
    for (const Member& m : members_) write(directory_entry(m));
    const std::uint64_t size = offset_ - start, count = members_.size();
    detail::ZipRecord end;
    if (count >= 0xFFFF || start >= limit32) {
      end.u32(0x06064B50).u64(44).u16(45).u16(45).u32(0).u32(0);
      end.u64(count).u64(count).u64(size).u64(start);
      end.u32(0x07064B50).u32(0).u64(offset_).u32(1);
    }
    const std::uint64_t short_count = count < 0xFFFF ? count : 0xFFFF;
    end.u32(0x06054B50).u16(0).u16(0).u16(short_count).u16(short_count);
    end.u32(size < limit32 ? size : limit32).u32(start < limit32 ? start : limit32).u16(0);
    write(end.bytes());
    file_.commit();
  }

 private:
  static constexpr std::uint64_t limit32 = 0xFFFFFFFF;
  static constexpr std::uint64_t utf8_name = 0x0800, date_1980 = 0x0021;

  struct Member {
    std::string name;
    std::uint64_t size, offset;
    std::uint32_t crc;
  };

  void add_bytes(std::string_view name, std::string_view dtype, std::span<const std::size_t> shape,
                 std::span<const std::byte> values) {
    const auto count = element_count(shape);
    const std::size_t width = element_bytes(dtype);
    if (width == 0 || !count || *count != values.size() / width || values.size() % width != 0) {
      throw Error{5005, "array " + std::string(name) + ": shape " + shape_text(shape) + " of " +
                            std::string(dtype) + " does not match " +
                            std::to_string(values.size()) + " bytes"};
    }
    const std::string header = detail::npy_header(dtype, shape);
    const std::uint32_t crc =
        detail::crc32(detail::crc32(0, std::as_bytes(std::span<const char>(header))), values);
    Member member{std::string(name) + ".npy", header.size() + values.size(), offset_, crc};
    if (member.name.size() > 0xFFFF || !names_.insert(member.name).second) {
      throw Error{5010, "cannot write " + file_.target().string() +
                            ": a name is too long or used twice: " + std::string(name)};
    }
    write(local_entry(member));
    write(header);
    file_.write(values.data(), values.size());
    offset_ += values.size();
    members_.push_back(std::move(member));
  }

  void write(std::string_view text) {
    file_.write(text);
    offset_ += text.size();
  }

  static std::string local_entry(const Member& m) {
    const bool large = m.size >= limit32;
    const std::uint64_t size = large ? limit32 : m.size;
    detail::ZipRecord record;
    record.u32(0x04034B50).u16(large ? 45 : 20).u16(utf8_name).u16(0).u16(0).u16(date_1980);
    record.u32(m.crc).u32(size).u32(size).u16(m.name.size()).u16(large ? 20 : 0).text(m.name);
    if (large) record.u16(1).u16(16).u64(m.size).u64(m.size);
    return record.bytes();
  }

  static std::string directory_entry(const Member& m) {
    const bool large = m.size >= limit32, far = m.offset >= limit32;
    const std::uint64_t size = large ? limit32 : m.size;
    const std::uint64_t version = large || far ? 45 : 20;
    const std::uint64_t extra = (large ? 16U : 0U) + (far ? 8U : 0U);
    detail::ZipRecord record;
    record.u32(0x02014B50).u16(version).u16(version).u16(utf8_name).u16(0).u16(0).u16(date_1980);
    record.u32(m.crc).u32(size).u32(size).u16(m.name.size()).u16(extra == 0 ? 0 : extra + 4);
    record.u16(0).u16(0).u16(0).u32(0).u32(far ? limit32 : m.offset).text(m.name);
    if (extra != 0) record.u16(1).u16(extra);
    if (large) record.u64(m.size).u64(m.size);
    if (far) record.u64(m.offset);
    return record.bytes();
  }

  AtomicFile file_;
  std::vector<Member> members_;
  std::set<std::string> names_;
  std::uint64_t offset_ = 0;
};

}  // namespace tenon::host
