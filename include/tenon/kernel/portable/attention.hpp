// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/reference/attention.hpp>

namespace tenon::kernel {

// As the reference kernel. The weighted sums of a block of channels stay in registers while the values stream by, and
// keys of weight 0, most of them when a shiftmax made the weights, are skipped.
template <class Score, class Sum, arch::Portable Arch, class Q, class K, class V, class Row, class Y, class Mask, class Store,
          class Weigh, class Load, class Finish>
constexpr void attention(Arch arch, const AttentionShape& shape, const Q* q, const K* k, const V* v, Row* row,
                         Y* y, Mask* mask, const Store& store, const Weigh& weigh, const Load& load,
                         const Finish& finish) {
  constexpr std::int32_t block = 32;
  const std::int32_t channels = shape.channels();
  for (std::int32_t h = 0; h < shape.heads; ++h) {
    const std::int32_t first = h * shape.dim;
    for (std::int32_t i = 0; i < shape.queries; ++i) {
      const Q* query = q + std::ptrdiff_t{i} * channels + first;
      for (std::int32_t j = 0; j < shape.keys; ++j) {
        const K* key = k + std::ptrdiff_t{j} * channels + first;
        Score score = 0;
        for (std::int32_t d = 0; d < shape.dim; ++d) {
          score = multiply_add(arch, score, static_cast<Score>(query[d]), static_cast<Score>(key[d]));
        }
        row[j] = store(score);
      }
      weigh(row);
      for (std::int32_t j = 0; mask != nullptr && j < shape.keys; ++j) *mask++ = static_cast<Mask>(row[j]);
      for (std::int32_t begin = first; begin < first + shape.dim; begin += block) {
        const std::int32_t rest = first + shape.dim - begin;
        const std::int32_t count = rest < block ? rest : block;
        Sum sums[block] = {};
        for (std::int32_t j = 0; j < shape.keys; ++j) {
          const Sum weight = static_cast<Sum>(row[j]);
          if (weight == 0) continue;
          const V* value = v + std::ptrdiff_t{j} * channels + begin;
          for (std::int32_t c = 0; c < count; ++c) {
            sums[c] = multiply_add(arch, sums[c], weight, static_cast<Sum>(load(value[c], begin + c)));
          }
        }
        Y* out = y + std::ptrdiff_t{i} * channels + begin;
        for (std::int32_t c = 0; c < count; ++c) out[c] = static_cast<Y>(finish(sums[c], begin + c));
      }
    }
  }
}

}  // namespace tenon::kernel
