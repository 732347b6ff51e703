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

// Attention with a shiftmax on bytes, equal to the reference kernels. Scores of eight keys at a time, weights as int16 (powers
// of two, at most 2^exp_bits), weighted sums of two keys at a time. A query's scores and weights never leave the stack.
namespace tenon::kernel {
namespace x86 {

inline constexpr std::int32_t most_keys = 1024;
inline constexpr std::int32_t most_dim = 128;

/// What an attention needs for one query besides its row of scores.
struct Query {
  alignas(32) std::int16_t elements[most_dim];  ///< of this head; 8 stand twice
  alignas(32) std::int32_t scores[most_keys];   ///< then the exponents
  alignas(32) std::int16_t weights[most_keys];
};

/// Products of the query with a key, in eight parts.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i key_products(const std::int16_t* query, const std::int8_t* key,
                                                                            std::int32_t dim) noexcept {
  __m256i sum = _mm256_setzero_si256();
  for (std::int32_t d = 0; d < dim; d += 16) {
    const __m256i k = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(key + d)));
    const __m256i q = _mm256_load_si256(reinterpret_cast<const __m256i*>(query + d));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(k, q));
  }
  return sum;
}

/// Two keys of eight elements each, in four parts each.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i two_keys(const std::int16_t* query, const std::int8_t* a,
                                                                        const std::int8_t* b) noexcept {
  const __m128i both = _mm_unpacklo_epi64(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(a)),
                                          _mm_loadl_epi64(reinterpret_cast<const __m128i*>(b)));
  return _mm256_madd_epi16(_mm256_cvtepi8_epi16(both), _mm256_load_si256(reinterpret_cast<const __m256i*>(query)));
}

/// The scores of keys j to j + 7; behind the last key stands the last one again.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i eight_scores(const AttentionShape& shape,
                                                                            const std::int16_t* query, const std::int8_t* keys,
                                                                            std::int32_t j) noexcept {
  const std::int8_t* key[8];
#pragma GCC unroll 8
  for (std::int32_t n = 0; n < 8; ++n) {
    const std::int32_t at = j + n < shape.keys ? j + n : shape.keys - 1;
    key[n] = keys + std::ptrdiff_t{at} * shape.channels();
  }
  if (shape.dim == 8) {
    const __m256i low = _mm256_hadd_epi32(two_keys(query, key[0], key[4]), two_keys(query, key[1], key[5]));
    const __m256i high = _mm256_hadd_epi32(two_keys(query, key[2], key[6]), two_keys(query, key[3], key[7]));
    return _mm256_hadd_epi32(low, high);
  }
  __m256i fours[2];
#pragma GCC unroll 2
  for (std::int32_t h = 0; h < 2; ++h) {
    const __m256i first = _mm256_hadd_epi32(key_products(query, key[4 * h], shape.dim),
                                            key_products(query, key[4 * h + 1], shape.dim));
    const __m256i second = _mm256_hadd_epi32(key_products(query, key[4 * h + 2], shape.dim),
                                             key_products(query, key[4 * h + 3], shape.dim));
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
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void weigh_keys(const AttentionShape& shape,
                                                                       const std::int8_t* keys, int score_shift,
                                                                       int exp_bits, int sum_bits, Query& query) noexcept {
  __m256i top = _mm256_set1_epi32(-2147483647 - 1);
  for (std::int32_t j = 0; j < shape.keys; j += 8) {
    const __m256i scores = _mm256_srai_epi32(eight_scores(shape, query.elements, keys, j), score_shift);
    _mm256_store_si256(reinterpret_cast<__m256i*>(query.scores + j), scores);
    top = _mm256_max_epi32(top, scores);
  }
  top = largest_lane(top);
  // 2^(2 e - distance) and 0 where the distance is larger: shifts by 32 and more give 0. Behind the last key all are.
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i ones = _mm256_set1_epi32(1);
  const __m256i widest = _mm256_set1_epi32(2 * exp_bits);
  __m256i sums = _mm256_setzero_si256();
  for (std::int32_t j = 0; j < shape.keys; j += 8) {
    auto* scores = reinterpret_cast<__m256i*>(query.scores + j);
    const __m256i exists = _mm256_cmpgt_epi32(_mm256_set1_epi32(shape.keys - j), lanes);
    const __m256i exponents = _mm256_or_si256(_mm256_add_epi32(_mm256_sub_epi32(_mm256_load_si256(scores), top), widest),
                                              _mm256_xor_si256(exists, _mm256_set1_epi32(-1)));
    _mm256_store_si256(scores, exponents);
    sums = _mm256_add_epi32(sums, _mm256_sllv_epi32(ones, exponents));
  }
  const __m256i less = _mm256_set1_epi32(exp_bits - round_log2(saturate(sum_of_lanes(sums), sum_bits)));
  for (std::int32_t j = 0; j < shape.keys; j += 16) {
    __m256i halves[2];
#pragma GCC unroll 2
    for (std::int32_t h = 0; h < 2; ++h) {
      // Exponents below 0 stay there: `less` is not above -exp_bits.
      const __m256i exponents = j + 8 * h < shape.keys
                                    ? _mm256_load_si256(reinterpret_cast<const __m256i*>(query.scores + j + 8 * h))
                                    : _mm256_set1_epi32(-1);
      halves[h] = _mm256_sllv_epi32(ones, _mm256_add_epi32(exponents, less));
    }
    const __m256i weights = _mm256_permute4x64_epi64(_mm256_packs_epi32(halves[0], halves[1]), 0xD8);
    _mm256_store_si256(reinterpret_cast<__m256i*>(query.weights + j), weights);
  }
}

/// Weighted sums of 8 * Groups channels.
template <std::size_t Groups>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void weighted_sums(const AttentionShape& shape, const std::int8_t* values,
                                                                          const std::int16_t* weights,
                                                                          __m256i (&sums)[Groups]) noexcept {
#pragma GCC unroll 4
  for (auto& sum : sums) sum = _mm256_setzero_si256();
  for (std::int32_t j = 0; j < shape.keys; j += 2) {
    std::int32_t pair;
    __builtin_memcpy(&pair, weights + j, sizeof pair);
    if (Groups > 1 && pair == 0) continue;  // most of them, when there are many keys
    const __m256i both = _mm256_set1_epi32(pair);
    const std::int8_t* first = values + std::ptrdiff_t{j} * shape.channels();
    const std::int8_t* second = j + 1 < shape.keys ? first + shape.channels() : first;
#pragma GCC unroll 4
    for (std::size_t g = 0; g < Groups; ++g) {
      const __m128i a = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(first + 8 * g));
      const __m128i b = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(second + 8 * g));
      const __m256i pairs = _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(a, b));
      sums[g] = _mm256_add_epi32(sums[g], _mm256_madd_epi16(pairs, both));
    }
  }
}

/// Channels [c, c + 8 * Groups) of one output.
template <std::size_t Groups, class Constants>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void attend_to(const AttentionShape& shape, const Constants& constants,
                                                                      const std::int8_t* values, const std::int16_t* weights,
                                                                      std::size_t c, std::int8_t* y) noexcept {
  __m256i sums[Groups];
  weighted_sums(shape, values + c, weights, sums);
#pragma GCC unroll 4
  for (std::size_t g = 0; g < Groups; ++g) {
    const std::size_t at = c + 8 * g;
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

/// `score_shift` divides the products of query and key by a power of two. The caller proved that products fit int32 and that
/// aligned sums are below 2^24.
template <class Constants>
  requires x86::StoredInBytes<decltype(Constants::output)>
[[gnu::target("avx2,fma")]] inline void shiftmax_attention(arch::avx2, const AttentionShape& shape, const Constants& constants,
                                                           int score_shift, const std::int8_t* q, const std::int8_t* k,
                                                           const std::int8_t* v, std::int8_t* y) noexcept {
  x86::Query query;
  const std::int32_t channels = shape.channels();
  for (std::int32_t h = 0; h < shape.heads; ++h) {
    const std::int32_t first = h * shape.dim;
    for (std::int32_t i = 0; i < shape.queries; ++i) {
      const std::int8_t* elements = q + std::ptrdiff_t{i} * channels + first;
      for (std::int32_t d = 0; d < (shape.dim == 8 ? 16 : shape.dim); ++d) {
        query.elements[d] = elements[shape.dim == 8 ? d % 8 : d];
      }
      x86::weigh_keys(shape, k + first, score_shift, constants.exp_bits, constants.exp_buffer_bits, query);
      std::int8_t* out = y + std::ptrdiff_t{i} * channels;
      auto c = static_cast<std::size_t>(first);
      const std::size_t end = c + static_cast<std::size_t>(shape.dim);
      for (; c + 32 <= end; c += 32) x86::attend_to<4>(shape, constants, v, query.weights, c, out);
      for (; c + 8 <= end; c += 8) x86::attend_to<1>(shape, constants, v, query.weights, c, out);
    }
  }
}

}  // namespace tenon::kernel
#endif
