// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include <tenon/host/error.hpp>

// The bytes of an HDF5 file, reached only through bounds. Tenon reads the format itself: HDF5's own
// library crashes on, or allocates gigabytes for, files in which a single byte is wrong.
namespace tenon::host::hdf5 {

/// The address of what does not exist.
inline constexpr std::uint64_t undefined = ~std::uint64_t{0};

struct File {
  std::string name;
  std::span<const std::byte> bytes;
  std::uint64_t base = 0;  ///< addresses count from here

  [[noreturn]] void damaged(const std::byte* where, std::string_view why) const {
    throw Error{5020, name + " is damaged at byte " + std::to_string(where - bytes.data()) + ": " +
                          std::string(why)};
  }
  /// `size` bytes at an address of the file.
  [[nodiscard]] std::span<const std::byte> at(std::uint64_t address, std::uint64_t size) const {
    const std::uint64_t space = bytes.size() - base;
    if (address > space || size > space - address) {
      throw Error{5020, name + " is damaged: " + std::to_string(size) + " bytes at address " +
                            std::to_string(address) + " lie outside it"};
    }
    return bytes.subspan(static_cast<std::size_t>(base + address), static_cast<std::size_t>(size));
  }
  /// Everything from an address on.
  [[nodiscard]] std::span<const std::byte> from(std::uint64_t address) const {
    return at(address, address > bytes.size() - base ? 0 : bytes.size() - base - address);
  }
};

/// Reads a piece of the file from front to back; beyond its end is TN5020.
class Cursor {
 public:
  Cursor(const File& file, std::span<const std::byte> bytes) : file_(&file), bytes_(bytes) {}

  [[nodiscard]] std::size_t left() const { return bytes_.size(); }

  std::span<const std::byte> take(std::uint64_t size) {
    if (size > bytes_.size()) file_->damaged(bytes_.data(), "a record is cut off");
    const auto piece = bytes_.first(static_cast<std::size_t>(size));
    bytes_ = bytes_.subspan(piece.size());
    return piece;
  }
  std::span<const std::byte> rest() { return take(bytes_.size()); }
  void skip(std::uint64_t size) { take(size); }

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  /// A little-endian number of 1 to 8 bytes.
  std::uint64_t number(unsigned width) {
    std::uint64_t value = 0;
    std::memcpy(&value, take(width).data(), width);
    return value;
  }
  std::string_view text(std::uint64_t size) {
    const auto piece = take(size);
    return {reinterpret_cast<const char*>(piece.data()), piece.size()};
  }
  /// A text that ends with a zero byte, without it.
  std::string_view terminated() {
    const auto end = std::find(bytes_.begin(), bytes_.end(), std::byte{0});
    if (end == bytes_.end()) fail("a name has no end");
    const std::string_view found = text(static_cast<std::uint64_t>(end - bytes_.begin()));
    skip(1);
    return found;
  }
  void expect(std::string_view signature) {
    if (bytes_.size() < signature.size() || text(signature.size()) != signature) {
      fail("'" + std::string(signature) + "' is missing");
    }
  }
  [[noreturn]] void fail(std::string_view why) const { file_->damaged(bytes_.data(), why); }

 private:
  const File* file_;
  std::span<const std::byte> bytes_;
};

}  // namespace tenon::host::hdf5
