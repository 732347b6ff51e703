// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/reference/attention.hpp>
#include <tenon/kernel/x86/float32_output.hpp>
#include <tenon/number/round_log2.hpp>
#include <tenon/number/rounding.hpp>

// Attention with a shiftmax on bytes, equal to the reference kernels. For each head, keys and values are widened to int16 once:
// keys one after the other, values of two keys side by side. Then for each query: scores of eight keys at a time, weights
// (powers of two, at most 2^exp_bits) as int16, sums over two keys at a time.
namespace tenon::kernel {
namespace x86 {

inline constexpr std::int32_t most_keys = 1024;
inline constexpr std::int32_t most_dim = 128;

/// One head, in scratch memory.
struct Head {
  std::int32_t dim;
  std::int32_t keys;
  std::int16_t* key_rows;    ///< up to a multiple of eight, the last one again; with 8 elements in the order of `key_order`
  std::int16_t* value_rows;  ///< (pairs of keys, channels, 2)
};

/// Of eight keys with eight elements each: two to a vector, so that adding neighbours leaves the scores in order.
inline constexpr std::int32_t key_order[8] = {0, 4, 1, 5, 2, 6, 3, 7};

[[nodiscard]] constexpr std::int32_t whole_keys(std::int32_t keys) noexcept { return (keys + 7) / 8 * 8; }

[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m128i eight_bytes(const std::int8_t* p) noexcept {
  return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
}

[[gnu::target("avx2,fma")]] inline void widen_head(const AttentionShape& shape, const std::int8_t* keys,
                                                   const std::int8_t* values, const Head& head) noexcept {
  const std::ptrdiff_t channels = shape.channels();
  std::int16_t* to = head.key_rows;
  for (std::int32_t j = 0; j < whole_keys(shape.keys); ++j) {
    const std::int32_t wanted = shape.dim == 8 ? j / 8 * 8 + key_order[j % 8] : j;
    const std::int8_t* key = keys + (wanted < shape.keys ? wanted : shape.keys - 1) * channels;
    for (std::int32_t d = 0; d < shape.dim; d += 8, to += 8) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_cvtepi8_epi16(eight_bytes(key + d)));
    }
  }
  to = head.value_rows;
  for (std::int32_t j = 0; j < shape.keys; j += 2) {
    const std::int8_t* first = values + j * channels;
    const std::int8_t* second = j + 1 < shape.keys ? first + channels : first;  // its weight is 0
    for (std::int32_t d = 0; d < shape.dim; d += 8, to += 16) {
      const __m128i pairs = _mm_unpacklo_epi8(eight_bytes(first + d), eight_bytes(second + d));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_cvtepi8_epi16(pairs));
    }
  }
}

/// What is made of one query.
struct Query {
  alignas(32) std::int16_t elements[most_dim];  ///< of this head; 8 stand twice
  alignas(32) std::int32_t scores[most_keys];   ///< then the exponents
  alignas(32) std::int16_t weights[most_keys];
  std::int32_t pairs[most_keys / 2];            ///< those with a weight
};

[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i words_at(const std::int16_t* p) noexcept {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}

/// Products of the query with a key, in eight parts.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i key_products(const std::int16_t* query, const std::int16_t* key,
                                                                            std::int32_t dim) noexcept {
  __m256i sum = _mm256_setzero_si256();
  for (std::int32_t d = 0; d < dim; d += 16) {
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(words_at(key + d), words_at(query + d)));
  }
  return sum;
}

/// The scores of eight keys.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i eight_scores(const std::int16_t* query, const std::int16_t* keys,
                                                                            std::int32_t dim) noexcept {
  if (dim == 8) {
    const __m256i q = words_at(query);
    const __m256i low = _mm256_hadd_epi32(_mm256_madd_epi16(words_at(keys), q), _mm256_madd_epi16(words_at(keys + 16), q));
    const __m256i high = _mm256_hadd_epi32(_mm256_madd_epi16(words_at(keys + 32), q), _mm256_madd_epi16(words_at(keys + 48), q));
    return _mm256_hadd_epi32(low, high);
  }
  __m256i fours[2];
#pragma GCC unroll 2
  for (std::int32_t h = 0; h < 2; ++h) {
    const std::int16_t* four = keys + 4 * h * dim;
    const __m256i first = _mm256_hadd_epi32(key_products(query, four, dim), key_products(query, four + dim, dim));
    const __m256i second = _mm256_hadd_epi32(key_products(query, four + 2 * dim, dim), key_products(query, four + 3 * dim, dim));
    fours[h] = _mm256_hadd_epi32(first, second);
  }
  return _mm256_add_epi32(_mm256_permute2x128_si256(fours[0], fours[1], 0x20),
                          _mm256_permute2x128_si256(fours[0], fours[1], 0x31));
}

/// All lanes become the largest one, or the sum of all.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i largest_lane(__m256i v) noexcept {
  v = _mm256_max_epi32(v, _mm256_permute2x128_si256(v, v, 0x01));
  v = _mm256_max_epi32(v, _mm256_shuffle_epi32(v, 0x4E));
  return _mm256_max_epi32(v, _mm256_shuffle_epi32(v, 0xB1));
}
[[gnu::target("avx2,fma"), gnu::always_inline]] inline std::int32_t sum_of_lanes(__m256i v) noexcept {
  __m128i half = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 0xB1)));
}

/// The scores of a query become weights; `score_shift` divides them, rounding down.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void weigh_keys(const Head& head, int score_shift, int exp_bits,
                                                                       int sum_bits, Query& query) noexcept {
  __m256i top = _mm256_set1_epi32(-2147483647 - 1);
  for (std::int32_t j = 0; j < head.keys; j += 8) {
    const __m256i products = eight_scores(query.elements, head.key_rows + j * head.dim, head.dim);
    const __m256i scores = _mm256_srai_epi32(products, score_shift);
    _mm256_store_si256(reinterpret_cast<__m256i*>(query.scores + j), scores);
    top = _mm256_max_epi32(top, scores);
  }
  top = largest_lane(top);
  // 2^(2 e - distance) and 0 where the distance is larger: shifts by 32 and more give 0. Behind the last key all are.
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i ones = _mm256_set1_epi32(1);
  const __m256i widest = _mm256_set1_epi32(2 * exp_bits);
  __m256i sums = _mm256_setzero_si256();
  for (std::int32_t j = 0; j < head.keys; j += 8) {
    auto* scores = reinterpret_cast<__m256i*>(query.scores + j);
    const __m256i exists = _mm256_cmpgt_epi32(_mm256_set1_epi32(head.keys - j), lanes);
    const __m256i exponents = _mm256_or_si256(_mm256_add_epi32(_mm256_sub_epi32(_mm256_load_si256(scores), top), widest),
                                              _mm256_xor_si256(exists, _mm256_set1_epi32(-1)));
    _mm256_store_si256(scores, exponents);
    sums = _mm256_add_epi32(sums, _mm256_sllv_epi32(ones, exponents));
  }
  const __m256i less = _mm256_set1_epi32(exp_bits - round_log2(saturate(sum_of_lanes(sums), sum_bits)));
  for (std::int32_t j = 0; j < head.keys; j += 16) {
    __m256i halves[2];
#pragma GCC unroll 2
    for (std::int32_t h = 0; h < 2; ++h) {
      // Exponents below 0 stay there: `less` is not above -exp_bits.
      const __m256i exponents = j + 8 * h < head.keys
                                    ? _mm256_load_si256(reinterpret_cast<const __m256i*>(query.scores + j + 8 * h))
                                    : _mm256_set1_epi32(-1);
      halves[h] = _mm256_sllv_epi32(ones, _mm256_add_epi32(exponents, less));
    }
    const __m256i weights = _mm256_permute4x64_epi64(_mm256_packs_epi32(halves[0], halves[1]), 0xD8);
    _mm256_store_si256(reinterpret_cast<__m256i*>(query.weights + j), weights);
  }
}

[[gnu::always_inline]] inline std::int32_t weight_pair(const Query& query, std::int32_t pair) noexcept {
  std::int32_t both;
  __builtin_memcpy(&both, query.weights + 2 * pair, sizeof both);
  return both;
}

/// The pairs of keys that have a weight; most have none, where there are many keys. Returns how many.
[[gnu::always_inline]] inline std::int32_t list_pairs(std::int32_t keys, Query& query) noexcept {
  std::int32_t count = 0;
  for (std::int32_t pair = 0; 2 * pair < keys; ++pair) {
    query.pairs[count] = pair;
    count += weight_pair(query, pair) != 0 ? 1 : 0;
  }
  return count;
}

/// Channels [c, c + 8 * Groups) of one output from `count` pairs of keys, listed or all.
template <std::size_t Groups, bool Listed, class Constants>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void attend_to(const Head& head, const Constants& constants,
                                                                      const Query& query, std::int32_t count, std::size_t first,
                                                                      std::int32_t d, std::int8_t* y) noexcept {
  __m256i sums[Groups];
#pragma GCC unroll 4
  for (auto& sum : sums) sum = _mm256_setzero_si256();
  for (std::int32_t i = 0; i < count; ++i) {
    const std::int32_t pair = Listed ? query.pairs[i] : i;
    const __m256i weights = _mm256_set1_epi32(weight_pair(query, pair));
    const std::int16_t* values = head.value_rows + 2 * (std::ptrdiff_t{pair} * head.dim + d);
#pragma GCC unroll 4
    for (std::size_t g = 0; g < Groups; ++g) {
      sums[g] = _mm256_add_epi32(sums[g], _mm256_madd_epi16(words_at(values + 16 * g), weights));
    }
  }
#pragma GCC unroll 4
  for (std::size_t g = 0; g < Groups; ++g) {
    const std::size_t at = first + static_cast<std::size_t>(d) + 8 * g;
    __m256i exponents = exponents_of(constants.output.shifts, at);
    if (!constants.input_shift.empty()) {
      exponents = _mm256_add_epi32(exponents, exponents_8(constants.input_shift.data() + at));
    }
    store_rounded(_mm256_mul_ps(_mm256_cvtepi32_ps(sums[g]), powers_of_two(exponents)), constants.output.value_bits, y + at);
  }
}

}  // namespace x86

/// The kernel below serves this shape, and its weights and their sum fit.
[[nodiscard]] constexpr bool serves_shiftmax_attention(arch::avx2, const AttentionShape& shape, int exp_bits) noexcept {
  const bool fits = exp_bits <= 14 && shape.keys <= (std::int64_t{2147483647} >> (2 * exp_bits));
  return fits && shape.keys <= x86::most_keys && (shape.dim == 8 || (shape.dim % 16 == 0 && shape.dim <= x86::most_dim));
}
/// Elements of int32 that it works in: keys and values of a head.
[[nodiscard]] constexpr std::int64_t shiftmax_attention_scratch(arch::avx2, const AttentionShape& shape) noexcept {
  return std::int64_t{x86::whole_keys(shape.keys)} * shape.dim + 8;
}

/// `score_shift` divides the products of query and key by a power of two. The caller proved that products fit int32 and that
/// aligned sums are below 2^24.
template <class Constants>
  requires x86::StoredInBytes<decltype(Constants::output)>
[[gnu::target("avx2,fma")]] inline void shiftmax_attention(arch::avx2, const AttentionShape& shape, const Constants& constants,
                                                           int score_shift, const std::int8_t* q, const std::int8_t* k,
                                                           const std::int8_t* v, std::int8_t* y,
                                                           std::int32_t* scratch) noexcept {
  constexpr std::uintptr_t vector = 32;
  auto* rows = reinterpret_cast<std::int16_t*>((reinterpret_cast<std::uintptr_t>(scratch) + vector - 1) / vector * vector);
  const x86::Head head{shape.dim, shape.keys, rows, rows + x86::whole_keys(shape.keys) * shape.dim};
  x86::Query query;
  const std::int32_t channels = shape.channels();
  for (std::int32_t h = 0; h < shape.heads; ++h) {
    const std::int32_t first = h * shape.dim;
    x86::widen_head(shape, k + first, v + first, head);
    for (std::int32_t i = 0; i < shape.queries; ++i) {
      const std::int8_t* elements = q + std::ptrdiff_t{i} * channels + first;
      for (std::int32_t d = 0; d < (shape.dim == 8 ? 16 : shape.dim); ++d) {
        query.elements[d] = elements[shape.dim == 8 ? d % 8 : d];
      }
      x86::weigh_keys(head, score_shift, constants.exp_bits, constants.exp_buffer_bits, query);
      std::int8_t* out = y + std::ptrdiff_t{i} * channels;
      const auto at = static_cast<std::size_t>(first);
      std::int32_t d = 0;
      if (shape.dim >= 32) {
        const std::int32_t count = x86::list_pairs(shape.keys, query);
        for (; d + 32 <= shape.dim; d += 32) x86::attend_to<4, true>(head, constants, query, count, at, d, out);
      }
      const std::int32_t all = (shape.keys + 1) / 2;
      for (; d < shape.dim; d += 8) x86::attend_to<1, false>(head, constants, query, all, at, d, out);
    }
  }
}

}  // namespace tenon::kernel
#endif
