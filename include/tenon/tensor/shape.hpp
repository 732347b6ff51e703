// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace tenon {

// The shape of a tensor without its batch dimension, channels last. A structural literal type, so
// that it can be a template argument: `Input<struct image, Shape{32, 32, 3}>`.
struct Shape {
  static constexpr std::size_t max_rank = 5;

  std::array<std::int32_t, max_rank> dims{};
  std::int32_t rank = 0;

  constexpr Shape() = default;
  template <class... Dims>
    requires(sizeof...(Dims) > 0 && sizeof...(Dims) <= max_rank &&
             (std::is_convertible_v<Dims, std::int32_t> && ...))
  constexpr explicit(sizeof...(Dims) == 1) Shape(Dims... sizes) noexcept
      : dims{static_cast<std::int32_t>(sizes)...}, rank{static_cast<std::int32_t>(sizeof...(Dims))} {}

  [[nodiscard]] constexpr std::int32_t operator[](std::size_t i) const noexcept { return dims[i]; }
  constexpr std::int32_t& operator[](std::size_t i) noexcept { return dims[i]; }
  constexpr bool operator==(const Shape&) const = default;

  /// Number of elements.
  [[nodiscard]] constexpr std::int64_t size() const noexcept {
    std::int64_t product = 1;
    for (std::int32_t i = 0; i < rank; ++i) product *= dims[static_cast<std::size_t>(i)];
    return product;
  }
  /// The last dimension; 1 for a scalar.
  [[nodiscard]] constexpr std::int32_t channels() const noexcept {
    return rank == 0 ? 1 : dims[static_cast<std::size_t>(rank - 1)];
  }
  /// Elements of one channel: the product of all dimensions but the last.
  [[nodiscard]] constexpr std::int64_t pixels() const noexcept {
    return channels() == 0 ? 0 : size() / channels();
  }
  /// A tensor with one value a channel, such as (C) or (1, 1, C).
  [[nodiscard]] constexpr bool is_vector() const noexcept { return size() == channels(); }

  constexpr void push_back(std::int32_t dim) noexcept { dims[static_cast<std::size_t>(rank++)] = dim; }
};

}  // namespace tenon
