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

/// Tensors that get their offsets one by one. Only those that can meet one another are compared, since a constant expression
/// has few steps for a model of hundreds of layers.
template <std::size_t N>
class Placement {
 public:
  /// `by_first`: the items that have bytes, in order of their first step.
  constexpr Placement(const std::array<Lifetime, N>& items, std::span<const std::size_t> by_first) noexcept
      : items_(items), by_first_(by_first) {
    for (const Lifetime& item : items) {
      longest_ = item.last - item.first > longest_ ? item.last - item.first : longest_;
    }
  }

  constexpr void clear() noexcept { placed_ = {}; }
  constexpr void place(std::size_t item, std::int64_t offset) noexcept {
    offsets[item] = offset;
    placed_[item] = true;
  }
  [[nodiscard]] constexpr std::int64_t size(std::size_t item) const noexcept { return aligned_size(items_[item].bytes); }

  /// The lowest offset where `item` meets none of the placed ones.
  [[nodiscard]] constexpr std::int64_t lowest(std::size_t item) const noexcept {
    std::int64_t offset = 0;
    for (std::size_t p = 0; (p = in_the_way(item, offset)) != N;) offset = offsets[p] + size(p);
    return offset;
  }
  /// The highest offset below `bound`; negative if there is none.
  [[nodiscard]] constexpr std::int64_t highest(std::size_t item, std::int64_t bound) const noexcept {
    std::int64_t offset = bound - size(item);
    for (std::size_t p = 0; (p = in_the_way(item, offset)) != N;) offset = offsets[p] - size(item);
    return offset;
  }

  std::array<std::int64_t, N> offsets{};

 private:
  /// A placed item that `item` would overlap at `offset`, or N.
  [[nodiscard]] constexpr std::size_t in_the_way(std::size_t item, std::int64_t offset) const noexcept {
    const Lifetime& own = items_[item];
    const auto begin = std::partition_point(by_first_.begin(), by_first_.end(), [&](std::size_t p) {
      return items_[p].first < own.first - longest_;
    });
    for (auto p = begin; p != by_first_.end() && items_[*p].first <= own.last; ++p) {
      if (placed_[*p] && items_[*p].meets(own) && offsets[*p] < offset + size(item) && offset < offsets[*p] + size(*p)) {
        return *p;
      }
    }
    return N;
  }

  const std::array<Lifetime, N>& items_;
  std::span<const std::size_t> by_first_;
  std::array<bool, N> placed_{};
  std::int32_t longest_ = 0;
};

/// Turns at both ends of `bound` bytes: in order of their first step, tensors go to the end that is
/// free. Returns whether that worked, as it does for chains.
template <std::size_t N>
constexpr bool place_at_ends(Placement<N>& placement, std::span<const std::size_t> by_first,
                             std::int64_t bound) noexcept {
  for (const std::size_t item : by_first) {
    const std::int64_t low = placement.lowest(item);
    const std::int64_t high = low == 0 ? 0 : placement.highest(item, bound);
    placement.place(item, low == 0 || high < 0 ? low : high);
    if (placement.offsets[item] + placement.size(item) > bound) return false;
  }
  return true;
}

/// Places the items in the given order; returns the end of the highest one, and which it is in
/// `highest`.
template <std::size_t N>
constexpr std::int64_t place_in_order(Placement<N>& placement, std::span<const std::size_t> order,
                                      std::size_t& highest) noexcept {
  std::int64_t end = 0;
  placement.clear();
  for (std::size_t k = 0; k < order.size(); ++k) {
    const std::size_t item = order[k];
    placement.place(item, placement.lowest(item));
    const std::int64_t top = placement.offsets[item] + placement.size(item);
    if (top > end) {
      end = top;
      highest = k;
    }
  }
  return end;
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
  sort_by([](const Lifetime& item) { return -std::int64_t{item.first}; });
  const std::array<std::size_t, N> by_first = all;
  detail::Placement<N> placement(items, std::span(by_first).first(count));
  const bool at_ends = detail::place_at_ends(placement, order, bound);
  offsets = placement.offsets;
  if (at_ends) return bound;

  constexpr std::size_t rounds = 16;  // within the steps that compilers allow a constant expression
  std::int64_t best = -1;
  for (const bool longest : {false, true}) {
    sort_by([&](const Lifetime& item) {
      return item.bytes * (longest ? item.last - item.first + 1 : 1);
    });
    for (std::size_t round = 0; round < rounds && best != bound; ++round) {
      std::size_t highest = 0;
      const std::int64_t end = detail::place_in_order(placement, order, highest);
      if (best < 0 || end < best) {
        best = end;
        offsets = placement.offsets;
      }
      if (highest == 0) break;
      const auto at = order.begin() + static_cast<std::ptrdiff_t>(highest);
      std::rotate(order.begin(), at, at + 1);
    }
  }
  return best;
}

}  // namespace tenon
