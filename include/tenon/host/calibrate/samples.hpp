// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <tenon/tensor/data_type.hpp>
#include <tenon/tensor/shape.hpp>
#include <vector>

namespace tenon::host {

/// Model inputs, one behind the other, as float32 whatever their type in the file.
struct Samples {
  std::vector<float> data;
  Shape shape{};  ///< of one sample
  std::size_t count = 0;

  [[nodiscard]] std::span<const float> operator[](std::size_t i) const {
    const auto size = static_cast<std::size_t>(shape.size());
    return std::span<const float>(data).subspan(i * size, size);
  }
};

/// Uniform integers over the whole range of the input type, the same for the same seed on every platform.
[[nodiscard]] inline Samples random_samples(const Shape& shape, DataType type, std::size_t count,
                                            std::uint64_t seed) {
  const int value_bits = value_bits_of(type);
  const bool is_signed = value_bits % 8 == 7;
  const int width = value_bits + (is_signed ? 1 : 0);
  const std::uint64_t mask = width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
  const float lowest = is_signed ? -static_cast<float>(std::uint64_t{1} << value_bits) : 0.0F;
  std::mt19937_64 generator(seed);
  Samples samples{{}, shape, count};
  samples.data.resize(static_cast<std::size_t>(shape.size()) * count);
  for (float& v : samples.data) v = static_cast<float>(generator() & mask) + lowest;
  return samples;
}

}  // namespace tenon::host
