// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>

namespace tenon {

// At most `Capacity` elements in place: what a typed model uses where the host uses std::vector.
template <class T, std::size_t Capacity>
class StaticVector {
 public:
  using value_type = T;

  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] constexpr T* data() noexcept { return items_.data(); }
  [[nodiscard]] constexpr const T* data() const noexcept { return items_.data(); }
  [[nodiscard]] constexpr T* begin() noexcept { return items_.data(); }
  [[nodiscard]] constexpr T* end() noexcept { return items_.data() + size_; }
  [[nodiscard]] constexpr const T* begin() const noexcept { return items_.data(); }
  [[nodiscard]] constexpr const T* end() const noexcept { return items_.data() + size_; }
  [[nodiscard]] constexpr T& operator[](std::size_t i) noexcept { return items_[i]; }
  [[nodiscard]] constexpr const T& operator[](std::size_t i) const noexcept { return items_[i]; }

  constexpr void clear() noexcept { size_ = 0; }
  constexpr void push_back(const T& item) noexcept { items_[size_++] = item; }
  constexpr void assign(std::size_t count, const T& item) noexcept {
    size_ = count;
    for (std::size_t i = 0; i < count; ++i) items_[i] = item;
  }
  constexpr void resize(std::size_t count) noexcept {
    for (std::size_t i = size_; i < count; ++i) items_[i] = T{};
    size_ = count;
  }

 private:
  std::array<T, Capacity == 0 ? 1 : Capacity> items_{};
  std::size_t size_ = 0;
};

}  // namespace tenon
