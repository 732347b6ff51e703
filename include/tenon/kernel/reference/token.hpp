// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>

// Layers that go through one token channel by channel. `align(x, channel)` brings an element to the common fractional bits,
// `finish(sum, channel)` is what becomes of a sum; both know the constants of their layer.
namespace tenon::kernel {

/// align(x) * weights + table of a channel; weights or table may be null.
template <class X, class W, class T, class Align>
[[nodiscard]] constexpr std::int64_t scaled_and_added(const X* x, const W* weights, const T* table, std::size_t c,
                                                      const Align& align) noexcept {
  std::int64_t sum = align(x[c], static_cast<std::int32_t>(c));
  if (weights != nullptr) sum *= weights[c];
  if (table != nullptr) sum += table[c];
  return sum;
}

/// y = finish(align(x) * weights + table): a batch normalization, or position embeddings.
template <class X, class W, class T, class Y, class Align, class Finish>
constexpr void scale_and_add(arch::reference, const X* x, const W* weights, const T* table, std::size_t channels, Y* y,
                             const Align& align, const Finish& finish) noexcept {
  for (std::size_t c = 0; c < channels; ++c) {
    y[c] = static_cast<Y>(finish(scaled_and_added(x, weights, table, c, align), static_cast<std::int32_t>(c)));
  }
}

/// y = finish(align(x) * trunc(weights * 2^weight_shift / sum |align(x)|)), where that dividend is less than 2^24. Returns for how
/// many tokens, the first of `tokens`: 0 where the architecture has no better way than the layer's own loops.
template <class X, class Y, class Align, class Finish>
[[nodiscard]] constexpr std::int64_t normalize_by_magnitude(arch::reference, const X*, std::size_t, std::int64_t, Y*,
                                                            const Align&, const Finish&) noexcept {
  return 0;
}

}  // namespace tenon::kernel
