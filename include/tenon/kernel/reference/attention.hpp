// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/multiply_add.hpp>

namespace tenon::kernel {

/// Heads stand side by side in the channels: head h has the channels [h * dim, (h + 1) * dim).
struct AttentionShape {
  std::int32_t heads = 1;
  std::int32_t dim = 1;      ///< channels of one head
  std::int32_t queries = 1;  ///< tokens of the query
  std::int32_t keys = 1;     ///< tokens of key and value

  [[nodiscard]] constexpr std::int32_t channels() const noexcept { return heads * dim; }
};

// For each head and query: the scores q k of all keys go to `row`, weigh(row) makes them weights in place, and the output
// is the weighted sum of the values. Layout: q, y (queries, channels), k, v (keys, channels), row (keys), mask (heads,
// queries, keys) or null. load(v, channel) gives the aligned value, y = finish(sum, channel). The caller proved that
// products of query and key fit `Score` and weighted sums fit `Sum`; `row` takes what store(score) gives.
template <class Score, class Sum, class Q, class K, class V, class Row, class Y, class Mask, class Store,
          class Weigh, class Load, class Finish>
constexpr void attention(arch::reference arch, const AttentionShape& shape, const Q* q, const K* k, const V* v, Row* row,
                         Y* y, Mask* mask, const Store& store, const Weigh& weigh, const Load& load,
                         const Finish& finish) {
  const std::int32_t channels = shape.channels();
  for (std::int32_t h = 0; h < shape.heads; ++h) {
    for (std::int32_t i = 0; i < shape.queries; ++i) {
      const std::ptrdiff_t at = std::ptrdiff_t{i} * channels + h * shape.dim;
      for (std::int32_t j = 0; j < shape.keys; ++j) {
        const K* key = k + std::ptrdiff_t{j} * channels + h * shape.dim;
        Score score = 0;
        for (std::int32_t d = 0; d < shape.dim; ++d) {
          score = multiply_add(arch, score, static_cast<Score>(q[at + d]), static_cast<Score>(key[d]));
        }
        row[j] = store(score);
      }
      weigh(row);
      for (std::int32_t j = 0; mask != nullptr && j < shape.keys; ++j) *mask++ = static_cast<Mask>(row[j]);
      for (std::int32_t d = 0; d < shape.dim; ++d) {
        const std::int32_t c = h * shape.dim + d;
        Sum sum = 0;
        for (std::int32_t j = 0; j < shape.keys; ++j) {
          sum = multiply_add(arch, sum, static_cast<Sum>(row[j]),
                             static_cast<Sum>(load(v[std::ptrdiff_t{j} * channels + c], c)));
        }
        y[at + d] = static_cast<Y>(finish(sum, c));
      }
    }
  }
}

}  // namespace tenon::kernel
