// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/host/array.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/import/bytes.hpp>
#include <tenon/host/import/stored_numbers.hpp>

// NumPy's .npy, versions 1 to 3: magic, length of the header, a Python dictionary with 'descr',
// 'fortran_order' and 'shape', then the values. Nothing in it is trusted: xtensor's reader believes
// the shape and allocates for it, so the header is read here. Cost: one copy of the values.
namespace tenon::host {
namespace detail {

/// The header's dictionary: only the three known keys, each once, with literals of the known kinds.
class NpyHeader {
 public:
  std::string descr;
  bool fortran_order = false;
  std::vector<std::size_t> shape;

  NpyHeader(std::string_view text, const std::string& where) : text_(text), where_(where) {
    bool has_descr = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr" && !std::exchange(has_descr, true)) {
        if (peek() == '[') {
          throw Error{5004, where_ + ": records are not supported; store plain numbers"};
        }
        descr = quoted();
      } else if (key == "fortran_order" && !std::exchange(has_order, true)) {
        fortran_order = truth();
      } else if (key == "shape" && !std::exchange(has_shape, true)) {
        dimensions();
      } else {
        damaged("unexpected key '" + key + "'");
      }
      if (!accept(',') && peek() != '}') damaged("a comma is missing");
    }
    if (peek() != '\0' || at_ != text_.size()) damaged("text behind the dictionary");
    if (!has_descr || !has_order || !has_shape) damaged("a key is missing");
  }

 private:
  [[noreturn]] void damaged(const std::string& why) const {
    throw Error{5003,
                where_ + ": damaged .npy header at character " + std::to_string(at_) + ": " + why};
  }
  /// The next character that is no blank, '\0' at the end.
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) damaged(std::string("'") + c + "' is missing");
  }
  std::string quoted() {
    const char quote = peek() == '"' ? '"' : '\'';
    expect(quote);
    const std::size_t end = text_.find(quote, at_);
    if (end == text_.npos) damaged("a text has no end");
    const std::string_view content = text_.substr(at_, end - at_);
    at_ = end + 1;
    return std::string(content);
  }
  bool truth() {
    for (const std::string_view word : {"True", "False"}) {
      if (peek() != '\0' && text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return word == "True";
      }
    }
    damaged("neither True nor False");
  }
  void dimensions() {
    expect('(');
    while (!accept(')')) {
      std::size_t extent = 0;
      const char first = peek();
      if (first < '0' || first > '9') damaged("a dimension is no number");
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
        const auto digit = static_cast<std::size_t>(text_[at_++] - '0');
        if (extent > (std::numeric_limits<std::size_t>::max() - digit) / 10)
          damaged("a dimension is too large");
        extent = extent * 10 + digit;
      }
      accept('L');  // Python 2 wrote long integers so
      shape.push_back(extent);
      if (!accept(',') && peek() != ')') damaged("a comma is missing");
    }
    if (shape.size() > 64) damaged("more than 64 dimensions");
  }

  std::string_view text_;
  const std::string& where_;
  std::size_t at_ = 0;
};

/// Fortran order to C order: walks the C positions and keeps the Fortran offset of each.
inline void to_c_order(Array& array, std::size_t width) {
  std::vector<std::byte> ordered(array.bytes.size());
  std::vector<std::size_t> index(array.shape.size(), 0), stride(array.shape.size());
  std::size_t step = width, from = 0;
  for (std::size_t axis = 0; axis < stride.size(); ++axis) {
    stride[axis] = step;
    step *= array.shape[axis];
  }
  for (std::size_t at = 0; at < ordered.size(); at += width) {
    std::memcpy(ordered.data() + at, array.bytes.data() + from, width);
    for (std::size_t axis = index.size(); axis-- > 0;) {
      from += stride[axis];
      if (++index[axis] < array.shape[axis]) break;
      from -= stride[axis] * array.shape[axis];
      index[axis] = 0;
    }
  }
  array.bytes = std::move(ordered);
}

}  // namespace detail

/// The array in `data`; `where` names it in errors. Half floats become floats, big-endian values
/// and Fortran order become what `Array` promises.
[[nodiscard]] inline Array parse_npy(std::span<const std::byte> data, const std::string& where) {
  const auto damaged = [&](const std::string& why) { return Error{5003, where + ": " + why}; };
  const auto octet = [&](std::size_t at) { return std::to_integer<std::size_t>(data[at]); };
  constexpr char magic[] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};
  if (data.size() < 12 || std::memcmp(data.data(), magic, sizeof magic) != 0)
    throw damaged("not an .npy array");
  const std::size_t version = octet(6);
  if (version < 1 || version > 3) throw damaged("unknown .npy version " + std::to_string(version));
  const std::size_t start = version == 1 ? 10 : 12;
  std::size_t length = octet(8) | octet(9) << 8;
  if (version > 1) length |= octet(10) << 16 | octet(11) << 24;
  if (length > data.size() - start) throw damaged("the file ends inside the .npy header");

  const std::string_view text(reinterpret_cast<const char*>(data.data()) + start, length);
  detail::NpyHeader header(text, where);
  const std::string& descr = header.descr;
  const std::string kind = descr.size() == 3 ? descr.substr(1) : "";
  const std::size_t width = kind == "f2" ? 2 : element_bytes(kind);
  if (width == 0 || std::string_view("<>|=").find(descr[0]) == std::string_view::npos) {
    throw Error{5004, where + ": element type '" + descr +
                          "' is not supported; store booleans, integers or floats"};
  }
  const auto payload = data.subspan(start + length);
  const auto count = element_count(header.shape);
  if (!count || *count != payload.size() / width || payload.size() % width != 0) {
    throw damaged("shape " + shape_text(header.shape) + " of '" + descr + "' does not match " +
                  std::to_string(payload.size()) + " bytes of values");
  }
  Array array{kind, std::move(header.shape), {payload.begin(), payload.end()}};
  if (descr[0] == '>') swap_byte_order(array.bytes, width);
  if (header.fortran_order && array.shape.size() > 1) detail::to_c_order(array, width);
  if (kind == "f2") widen_halves(array);
  return array;
}

[[nodiscard]] inline Array read_npy(const std::filesystem::path& file) {
  return parse_npy(read_bytes(file), file.string());
}

}  // namespace tenon::host
