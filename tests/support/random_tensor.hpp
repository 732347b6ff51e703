// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

// Integers for kernel tests: mostly small ones, the extremes often.
namespace tenon_test {

template <class T>
std::vector<T> random_tensor(std::mt19937& random, std::int64_t count, std::int64_t low,
                             std::int64_t high) {
  std::uniform_int_distribution<std::int64_t> any(low, high);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& v : values) {
    const auto pick = random() % 16;
    v = static_cast<T>(pick == 0 ? low : pick == 1 ? high : any(random));
  }
  return values;
}

}  // namespace tenon_test
