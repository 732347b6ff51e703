// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

// Where tensors live in one piece of memory: tensors that are needed at the same time do not
// overlap. A constant expression for typed models, and usable at run time. No plan is smaller than
// `lower_bound`; a chain of layers always reaches it, other graphs nearly always.
namespace tenon {

/// A tensor that is needed in steps `first` to `last`, both included.
struct Lifetime {
  std::int64_t bytes = 0;
  std::int32_t first = 0;
  std::int32_t last = 0;

  [[nodiscard]] constexpr bool meets(const Lifetime& other) const noexcept {
    return bytes > 0 && other.bytes > 0 && first <= other.last && other.first <= last;
  }
};

/// Tensors begin at multiples of this, which suits every element type and most vector loads.
inline constexpr std::int64_t memory_alignment = 8;

[[nodiscard]] constexpr std::int64_t aligned_size(std::int64_t bytes) noexcept {
  return (bytes + memory_alignment - 1) / memory_alignment * memory_alignment;
}

/// The largest sum of tensors that are needed in one step.
[[nodiscard]] constexpr std::int64_t lower_bound(std::span<const Lifetime> items) noexcept {
  std::int64_t most = 0;
  for (const Lifetime& at : items) {  // a maximum is reached where some tensor begins
    std::int64_t sum = 0;
    for (const Lifetime& other : items) {
      if (other.first <= at.first && at.first <= other.last) sum += aligned_size(other.bytes);
    }
    most = sum > most ? sum : most;
  }
  return most;
}

namespace detail {

/// The lowest offset where `item` meets none of the placed ones.
constexpr std::int64_t first_fit(std::span<const Lifetime> items,
                                 std::span<const std::int64_t> offsets,
                                 std::span<const std::size_t> placed, std::size_t item) noexcept {
  std::int64_t offset = 0;
  for (bool moved = true; moved;) {
    moved = false;
    for (const std::size_t p : placed) {
      const bool apart = !items[p].meets(items[item]) ||
                         offsets[p] >= offset + aligned_size(items[item].bytes) ||
                         offsets[p] + aligned_size(items[p].bytes) <= offset;
      if (apart) continue;
      offset = offsets[p] + aligned_size(items[p].bytes);
      moved = true;
    }
  }
  return offset;
}

/// Places the items in the given order; returns the end of the highest one, and which it is in
/// `highest`.
constexpr std::int64_t place_in_order(std::span<const Lifetime> items,
                                      std::span<const std::size_t> order,
                                      std::span<std::int64_t> offsets,
                                      std::size_t& highest) noexcept {
  std::int64_t end = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const std::size_t item = order[k];
    offsets[item] = first_fit(items, offsets, order.first(k), item);
    const std::int64_t top = offsets[item] + aligned_size(items[item].bytes);
    if (top > end) {
      end = top;
      highest = k;
    }
  }
  return end;
}

/// Turns at both ends of `bound` bytes: in order of their first step, tensors go to the end that is
/// free. Returns whether that worked, as it does for chains.
constexpr bool place_at_ends(std::span<const Lifetime> items, std::span<const std::size_t> by_first,
                             std::int64_t bound, std::span<std::int64_t> offsets) noexcept {
  for (std::size_t k = 0; k < by_first.size(); ++k) {
    const std::size_t item = by_first[k];
    const std::int64_t size = aligned_size(items[item].bytes);
    const std::int64_t low = first_fit(items, offsets, by_first.first(k), item);
    std::int64_t high = bound - size;
    for (bool moved = true; moved;) {
      moved = false;
      for (const std::size_t p : by_first.first(k)) {
        const bool apart = !items[p].meets(items[item]) || offsets[p] >= high + size ||
                           offsets[p] + aligned_size(items[p].bytes) <= high;
        if (apart) continue;
        high = offsets[p] - size;
        moved = true;
      }
    }
    offsets[item] = low == 0 || high < 0 ? low : high;
    if (offsets[item] + size > bound) return false;
  }
  return true;
}

}  // namespace detail

/// Gives each item an offset and returns how many bytes all need. Tries the two ends of the lower
/// bound; then the largest first, and the largest and longest first, each time moving what stands
/// highest forward in the order.
template <std::size_t N>
constexpr std::int64_t plan_memory(const std::array<Lifetime, N>& items,
                                   std::array<std::int64_t, N>& offsets) noexcept {
  const std::int64_t bound = lower_bound(items);
  std::array<std::size_t, N> all{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < N; ++i) {
    if (items[i].bytes > 0) all[count++] = i;
  }
  const std::span<std::size_t> order(all.data(), count);
  const auto sort_by = [&](const auto& key) {  // the largest key first
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      const std::int64_t difference = key(items[a]) - key(items[b]);
      return difference != 0 ? difference > 0 : a < b;
    });
  };
  offsets = {};
  sort_by([](const Lifetime& item) { return -std::int64_t{item.first}; });
  if (detail::place_at_ends(items, order, bound, offsets)) return bound;

  constexpr std::size_t rounds = 16;  // within the steps that compilers allow a constant expression
  std::int64_t best = -1;
  std::array<std::int64_t, N> trial{};
  for (const bool longest : {false, true}) {
    sort_by([&](const Lifetime& item) {
      return item.bytes * (longest ? item.last - item.first + 1 : 1);
    });
    for (std::size_t round = 0; round < rounds && best != bound; ++round) {
      std::size_t highest = 0;
      const std::int64_t end = detail::place_in_order(items, order, trial, highest);
      if (best < 0 || end < best) {
        best = end;
        offsets = trial;
      }
      if (highest == 0) break;
      const auto at = order.begin() + static_cast<std::ptrdiff_t>(highest);
      std::rotate(order.begin(), at, at + 1);
    }
  }
  return best;
}

}  // namespace tenon
