// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <type_traits>

namespace tenon {

/// Element types of model inputs and stored tensors.
enum class DataType : std::uint8_t { uint8, int8, uint16, int16, uint32, int32, int64, float32 };

/// Value bits (the sign not counted) of an integer type; 0 for float32.
[[nodiscard]] constexpr int value_bits_of(DataType type) noexcept {
  switch (type) {
    case DataType::uint8: return 8;
    case DataType::int8: return 7;
    case DataType::uint16: return 16;
    case DataType::int16: return 15;
    case DataType::uint32: return 32;
    case DataType::int32: return 31;
    case DataType::int64: return 63;
    case DataType::float32: break;
  }
  return 0;
}

template <class T>
inline constexpr DataType data_type_of = [] {
  if constexpr (std::is_same_v<T, std::uint8_t>) return DataType::uint8;
  else if constexpr (std::is_same_v<T, std::int8_t>) return DataType::int8;
  else if constexpr (std::is_same_v<T, std::uint16_t>) return DataType::uint16;
  else if constexpr (std::is_same_v<T, std::int16_t>) return DataType::int16;
  else if constexpr (std::is_same_v<T, std::uint32_t>) return DataType::uint32;
  else if constexpr (std::is_same_v<T, std::int32_t>) return DataType::int32;
  else if constexpr (std::is_same_v<T, std::int64_t>) return DataType::int64;
  else return DataType::float32;
}();

}  // namespace tenon
