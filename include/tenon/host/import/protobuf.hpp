// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <tenon/host/error.hpp>
#include <utility>
#include <vector>

// The wire format of Protocol Buffers: fields of a number and a value, one behind the other. A
// reader never leaves its message, whatever lengths stand in it, and does not recurse: the caller
// opens the messages it knows.
namespace tenon::host {

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct WireField {
  std::uint32_t number = 0;
  WireType type{};
  std::uint64_t value = 0;                ///< of a varint or a fixed number
  std::span<const std::byte> bytes = {};  ///< of a text, a message or packed numbers

  [[nodiscard]] std::string text() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  [[nodiscard]] std::int64_t integer() const { return static_cast<std::int64_t>(value); }
  [[nodiscard]] float number32() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(value));
  }
};

/// The fields of one message. TN5050 names the file and the position where it is damaged.
class WireReader {
 public:
  WireReader(std::span<const std::byte> file, std::string name)
      : name_(std::move(name)), file_(file.data()), rest_(file) {}

  /// The next field; false at the end of the message.
  [[nodiscard]] bool next(WireField& field) {
    if (rest_.empty()) return false;
    const std::uint64_t key = varint();
    field = {};
    if (key >> 3 == 0 || key >> 3 > max_number) refuse("a field has no valid number");
    field.number = static_cast<std::uint32_t>(key >> 3);
    switch (key & 7) {
      case 0:
        field.value = varint();
        break;
      case 1:
        field.value = fixed(8);
        break;
      case 2:
        field.bytes = take(varint());
        break;
      case 5:
        field.value = fixed(4);
        break;
      default:
        refuse("a field has a type that is not used");
    }
    field.type = static_cast<WireType>(key & 7);
    return true;
  }

  /// The message that a field holds.
  [[nodiscard]] WireReader message(const WireField& field) const {
    require(field, WireType::bytes);
    WireReader inner = *this;
    inner.rest_ = field.bytes;
    return inner;
  }

  void require(const WireField& field, WireType type) const {
    if (field.type != type) {
      refuse("field " + std::to_string(field.number) + " has another type than it should");
    }
  }

  /// Appends a repeated number, which may stand alone or packed with others.
  template <class T, class Convert>
  void append(const WireField& field, WireType type, std::vector<T>& list,
              const Convert& convert) const {
    if (field.type != WireType::bytes) {
      require(field, type);
      list.push_back(convert(field));
      return;
    }
    WireReader packed = message(field);
    while (!packed.rest_.empty()) {
      WireField item;
      item.type = type;
      item.value = type == WireType::varint ? packed.varint()
                                            : packed.fixed(type == WireType::fixed64 ? 8 : 4);
      list.push_back(convert(item));
    }
  }

  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  static constexpr std::uint64_t max_number = (1U << 29) - 1;

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error{5050, name_ + ": damaged near byte " + std::to_string(rest_.data() - file_) + ": " +
                          why + "; export or copy the model again"};
  }

  [[nodiscard]] std::span<const std::byte> take(std::uint64_t count) {
    if (count > rest_.size()) {
      refuse("a field of " + std::to_string(count) + " bytes where " +
             std::to_string(rest_.size()) + " are left");
    }
    const auto taken = rest_.first(static_cast<std::size_t>(count));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

  [[nodiscard]] std::uint64_t fixed(std::size_t width) {
    std::uint64_t value = 0;
    std::memcpy(&value, take(width).data(), width);
    return value;
  }

  /// Seven bits a byte, the lowest first; ten bytes hold 64 bits.
  [[nodiscard]] std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      const auto byte = std::to_integer<std::uint64_t>(take(1).front());
      if (shift == 63 && byte > 1) refuse("a number has more than 64 bits");
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    refuse("a number has more than ten bytes");
  }

  std::string name_;
  const std::byte* file_;
  std::span<const std::byte> rest_;
};

}  // namespace tenon::host
