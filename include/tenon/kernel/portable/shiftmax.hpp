// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/reference/shiftmax.hpp>

namespace tenon::kernel {

// As the reference kernel, in 32 bits: a distance to the maximum is exact as an unsigned number, and no power exceeds
// 2^(2 e) < 2^31. Only the sum of the powers is wider.
template <arch::Portable Arch>
constexpr void shiftmax(Arch, std::int32_t* row, std::int32_t count, int exp_bits, int buffer_bits) noexcept {
  std::int32_t top = row[0];
  for (std::int32_t i = 1; i < count; ++i) top = row[i] > top ? row[i] : top;
  const auto distance = [top](std::int32_t x) { return static_cast<std::uint32_t>(top) - static_cast<std::uint32_t>(x); };
  const auto widest = static_cast<std::uint32_t>(2 * exp_bits);
  std::int64_t sum = 0;
  for (std::int32_t i = 0; i < count; ++i) {
    const std::uint32_t d = distance(row[i]);
    if (d <= widest) sum += static_cast<std::int32_t>(std::uint32_t{1} << (widest - d));
  }
  const int room = 3 * exp_bits - round_log2(saturate(sum, buffer_bits));  // at most e
  const std::uint32_t powers = room < 0 ? 0 : static_cast<std::uint32_t>(room) + 1;
  for (std::int32_t i = 0; i < count; ++i) {
    const std::uint32_t d = distance(row[i]);
    row[i] = d < powers ? static_cast<std::int32_t>(std::uint32_t{1} << (powers - 1 - d)) : 0;
  }
}

}  // namespace tenon::kernel
