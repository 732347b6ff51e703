// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <tenon/tensor/data_type.hpp>
#include <tenon/tensor/shape.hpp>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tenon::host {

/// Model inputs, one behind the other. They are read as float32, but bytes of a file stay bytes: a
/// thousand images then take a quarter of the memory.
struct Samples {
  using Data =
      std::variant<std::vector<float>, std::vector<std::int8_t>, std::vector<std::uint8_t>>;

  Data data;
  Shape shape{};  ///< of one sample
  std::size_t count = 0;

  [[nodiscard]] std::size_t element_count() const {
    return std::visit([](const auto& values) { return values.size(); }, data);
  }

  [[nodiscard]] std::vector<float> operator[](std::size_t i) const {
    const auto size = static_cast<std::size_t>(shape.size());
    return std::visit(
        [&](const auto& values) {
          const auto part = std::span(values).subspan(i * size, size);
          return std::vector<float>(part.begin(), part.end());
        },
        data);
  }

  /// The elements of another set behind those of this one.
  void append(const Samples& other) {
    if (data.index() == other.data.index()) {
      std::visit(
          [&](auto& values) {
            const auto& more = std::get<std::remove_cvref_t<decltype(values)>>(other.data);
            values.insert(values.end(), more.begin(), more.end());
          },
          data);
    } else {
      std::vector<float> all;
      all.reserve(element_count() + other.element_count());
      for (const Data* from : {&std::as_const(data), &other.data}) {
        std::visit([&](const auto& values) { all.insert(all.end(), values.begin(), values.end()); },
                   *from);
      }
      data = std::move(all);
    }
    count += other.count;
  }
};

/// Uniform integers over the whole range of the input type, the same for the same seed on every
/// platform.
[[nodiscard]] inline Samples random_samples(const Shape& shape, DataType type, std::size_t count,
                                            std::uint64_t seed) {
  const int value_bits = value_bits_of(type);
  const bool is_signed = value_bits % 8 == 7;
  const int width = value_bits + (is_signed ? 1 : 0);
  const std::uint64_t mask = width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
  const float lowest = is_signed ? -static_cast<float>(std::uint64_t{1} << value_bits) : 0.0F;
  std::mt19937_64 generator(seed);
  std::vector<float> values(static_cast<std::size_t>(shape.size()) * count);
  for (float& v : values) v = static_cast<float>(generator() & mask) + lowest;
  return {std::move(values), shape, count};
}

}  // namespace tenon::host
