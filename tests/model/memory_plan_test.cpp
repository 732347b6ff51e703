// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <tenon/model/memory_plan.hpp>

using namespace tenon;

namespace {

template <std::size_t N>
std::int64_t checked_plan(const std::array<Lifetime, N>& items) {
  std::array<std::int64_t, N> offsets{};
  const std::int64_t bytes = plan_memory(items, offsets);
  for (std::size_t i = 0; i < N; ++i) {
    CHECK(offsets[i] >= 0);
    CHECK(offsets[i] % memory_alignment == 0);
    CHECK(offsets[i] + items[i].bytes <= bytes);
    for (std::size_t k = 0; k < i; ++k) {
      const bool apart =
          offsets[i] + items[i].bytes <= offsets[k] || offsets[k] + items[k].bytes <= offsets[i];
      CHECK((apart || !items[i].meets(items[k])));
    }
  }
  CHECK(bytes >= lower_bound(items));
  return bytes;
}

}  // namespace

TEST_CASE("a chain needs its two largest neighbours") {
  // Largest first would put 40 beside 50, and 30 nowhere below 120.
  const std::array<Lifetime, 4> chain{{{400, 0, 1}, {300, 1, 2}, {400, 2, 3}, {500, 3, 4}}};
  CHECK(checked_plan(chain) == 904);
  CHECK(lower_bound(chain) == 904);
}

TEST_CASE("chains of any sizes need no more than the bound") {
  std::mt19937 random(5);
  for (int trial = 0; trial < 200; ++trial) {
    std::array<Lifetime, 20> chain{};
    for (std::size_t i = 0; i < chain.size(); ++i) {
      chain[i] = {static_cast<std::int64_t>(random() % 5000), static_cast<std::int32_t>(i),
                  static_cast<std::int32_t>(i + 1)};
    }
    CHECK(checked_plan(chain) == lower_bound(chain));
  }
}

TEST_CASE("a chain with scratch space needs no more than the bound") {
  std::mt19937 random(6);
  for (int trial = 0; trial < 200; ++trial) {
    std::array<Lifetime, 24> items{};
    for (std::size_t i = 0; i < 12; ++i) {
      const auto step = static_cast<std::int32_t>(i);
      items[i] = {static_cast<std::int64_t>(random() % 5000), step, step + 1};
      items[12 + i] = {static_cast<std::int64_t>(random() % 3 == 0 ? random() % 8000 : 0), step,
                       step};
    }
    CHECK(checked_plan(items) == lower_bound(items));
  }
}

TEST_CASE("graphs with branches come within a fifth of the bound, and mostly to it") {
  std::mt19937 random(7);
  int reached = 0;
  for (int trial = 0; trial < 200; ++trial) {
    std::array<Lifetime, 30> items{};
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto step = static_cast<std::int32_t>(i);
      const auto extra = static_cast<std::int32_t>(random() % 3 == 0 ? random() % 5 : 0);
      items[i] = {static_cast<std::int64_t>(1 + random() % 5000), step, step + 1 + extra};
    }
    const std::int64_t bytes = checked_plan(items);
    const std::int64_t bound = lower_bound(items);
    CHECK(bytes * 5 <= bound * 6);
    reached += bytes == bound ? 1 : 0;
  }
  CHECK(reached >= 180);
}

TEST_CASE("nothing needs nothing") {
  CHECK(checked_plan(std::array<Lifetime, 3>{}) == 0);
  CHECK(checked_plan(std::array<Lifetime, 1>{{{1, 0, 0}}}) == memory_alignment);
}
