// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

// What a rule found, and what it allows: a number, a pair, a few alternatives, a bound, layer
// kinds, or a word. One structural literal type for both, so that a rule is data, a refusal carries
// its reason, and the compiler can print it.
namespace tenon::akida {

enum class Form : std::uint8_t {
  none,
  number,    ///< items[0]
  pair,      ///< items[0] x items[1], such as a kernel that is not square
  one_of,    ///< `count` alternatives
  pairs,     ///< alternatives of two items each
  at_most,   ///< items[0]
  at_least,  ///< items[0]
  between,   ///< items[0] to items[1]
  kinds,     ///< `count` values of LayerKind, in order
  word,      ///< items[0] is a Word
};

/// What is not a number.
enum class Word : std::uint8_t {
  absent,
  present,
  same_padding,
  valid_padding,
  per_axis,
  per_tensor,
  signed_input,
  unsigned_input,
  square,
  odd,
  relu,
  lookup_table,
  dense_layer,
  convolution,
  merge,
  skip_connection,
  temporal_convolution,
  input_data,
  contiguous,
  end_of_model,
  converter_crash,
};

struct Value {
  Form form = Form::none;
  std::uint8_t count = 0;
  std::array<std::int32_t, 6> items{};

  constexpr bool operator==(const Value&) const = default;

  /// Whether x is among what this value allows. `none` allows everything.
  [[nodiscard]] constexpr bool allows(std::int64_t x) const noexcept {
    switch (form) {
      case Form::none:
        return true;
      case Form::at_most:
        return x <= items[0];
      case Form::at_least:
        return x >= items[0];
      case Form::between:
        return x >= items[0] && x <= items[1];
      case Form::number:
        return x == items[0];
      default:
        break;
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (items[i] == x) return true;
    }
    return false;
  }
  /// Whether (x, y) is among the pairs.
  [[nodiscard]] constexpr bool allows(std::int32_t x, std::int32_t y) const noexcept {
    for (std::size_t i = 0; i + 1 < count; i += 2) {
      if (items[i] == x && items[i + 1] == y) return true;
    }
    return false;
  }
};

namespace detail {
template <class... Items>
[[nodiscard]] constexpr Value value_of(Form form, Items... items) noexcept {
  static_assert(sizeof...(Items) <= 6);
  return {form, static_cast<std::uint8_t>(sizeof...(Items)), {static_cast<std::int32_t>(items)...}};
}
}  // namespace detail

/// A count that does not fit (bytes of an impossible layer) becomes the largest one.
[[nodiscard]] constexpr Value number(std::int64_t x) noexcept {
  constexpr std::int64_t top = 0x7fffffff;
  return detail::value_of(Form::number, x > top ? top : x);
}
[[nodiscard]] constexpr Value pair(std::int32_t x, std::int32_t y) noexcept {
  return detail::value_of(Form::pair, x, y);
}
template <class... Items>
[[nodiscard]] constexpr Value one_of(Items... items) noexcept {
  return detail::value_of(Form::one_of, items...);
}
template <class... Items>
[[nodiscard]] constexpr Value pairs(Items... items) noexcept {
  return detail::value_of(Form::pairs, items...);
}
[[nodiscard]] constexpr Value at_most(std::int32_t x) noexcept {
  return detail::value_of(Form::at_most, x);
}
[[nodiscard]] constexpr Value at_least(std::int32_t x) noexcept {
  return detail::value_of(Form::at_least, x);
}
[[nodiscard]] constexpr Value between(std::int32_t low, std::int32_t high) noexcept {
  return detail::value_of(Form::between, low, high);
}
[[nodiscard]] constexpr Value word(Word w) noexcept { return detail::value_of(Form::word, w); }

}  // namespace tenon::akida
