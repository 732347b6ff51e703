// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/reference/attention.hpp>
#include <tenon/kernel/x86/attention_head.hpp>
#include <tenon/kernel/x86/float32_output.hpp>
#include <tenon/number/round_log2.hpp>
#include <tenon/number/rounding.hpp>

// Attention with a shiftmax on bytes, equal to the reference kernels. For each head, keys and
// values are packed once; then for six queries at a time: scores of 16 keys, weights (powers of
// two, at most 2^exp_bits) as int16, sums of 16 channels.
namespace tenon::kernel {
namespace x86 {

/// Rows behind the last one keep what they had: nothing reads what becomes of them.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void widen_queries(
    const std::int8_t* q, std::int32_t channels, std::int32_t rows, const Head& head) noexcept {
  std::int16_t* to = head.queries;
  for (std::int32_t r = 0; r < rows; ++r, q += channels) {
    for (std::int32_t d = 0; d < head.dim; d += 8, to += 8) {
      _mm_store_si128(reinterpret_cast<__m128i*>(to), _mm_cvtepi8_epi16(eight_bytes(q + d)));
    }
  }
}

[[gnu::target("avx2,fma")]] inline void score_tile(const Head& head) noexcept {
  for (std::int32_t j = 0; j < head.keys; j += 16) {
    const std::int16_t* panel = head.key_panels + std::ptrdiff_t{j} * head.dim;
    multiply_tile<2, false>(head.queries, head.dim, panel, nullptr, head.dim / 2, head.scores + j,
                            head.columns);
  }
}

/// All lanes become the largest one, or the sum of all.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256i largest_lane(__m256i v) noexcept {
  v = _mm256_max_epi32(v, _mm256_permute2x128_si256(v, v, 0x01));
  v = _mm256_max_epi32(v, _mm256_shuffle_epi32(v, 0x4E));
  return _mm256_max_epi32(v, _mm256_shuffle_epi32(v, 0xB1));
}
[[gnu::target("avx2,fma"), gnu::always_inline]] inline std::int32_t sum_of_lanes(
    __m256i v) noexcept {
  __m128i half = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 0xB1)));
}

/// 2^n as words, of 32 bytes n in the order of unpacking: 0 where n is negative; n <= 14.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void store_powers(
    __m256i n, std::int16_t* to) noexcept {
  const __m256i low_bytes = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i high_bytes =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 0));
  const __m256i low = _mm256_shuffle_epi8(low_bytes, n);
  const __m256i high = _mm256_shuffle_epi8(high_bytes, n);
  store_words(to, _mm256_unpacklo_epi8(low, high));
  store_words(to + 16, _mm256_unpackhi_epi8(low, high));
}

/// The scores of a row become weights; `score_shift` divides them, rounding down.
[[gnu::target("avx2,fma")]] inline void weigh_keys(const Head& head, std::ptrdiff_t row,
                                                   int score_shift, int exp_bits,
                                                   int sum_bits) noexcept {
  auto* scores = reinterpret_cast<__m256i*>(head.scores + row * head.columns);
  __m256i top = scores[0];
  for (std::int32_t i = 1; i < key_columns(head.keys) / 8; ++i)
    top = _mm256_max_epi32(top, scores[i]);
  top = _mm256_srai_epi32(largest_lane(top), score_shift);
  // Exponents are 2 e - distance: shifts by 32 and more, of negative ones, give 0. Behind the last
  // key all are negative.
  const __m256i offset = _mm256_sub_epi32(_mm256_set1_epi32(2 * exp_bits), top);
  const __m256i ones = _mm256_set1_epi32(1);
  __m256i sums = _mm256_setzero_si256();
  auto* bytes = scores;
  for (std::int32_t j = 0; j < head.keys; j += 32, scores += 4, ++bytes) {
    __m256i exponents[4];
#pragma GCC unroll 4
    for (std::int32_t h = 0; h < 4; ++h) {
      exponents[h] = _mm256_add_epi32(_mm256_srai_epi32(scores[h], score_shift), offset);
      if (j + 32 > head.keys) {
        const std::int32_t first = j + h / 2 * 16 + h % 2 * 4;
        const __m256i keys =
            _mm256_add_epi32(_mm256_set1_epi32(first), _mm256_setr_epi32(0, 1, 2, 3, 8, 9, 10, 11));
        exponents[h] = _mm256_or_si256(exponents[h],
                                       _mm256_cmpgt_epi32(keys, _mm256_set1_epi32(head.keys - 1)));
      }
      sums = _mm256_add_epi32(sums, _mm256_sllv_epi32(ones, exponents[h]));
    }
    const __m256i words[2] = {_mm256_packs_epi32(exponents[0], exponents[1]),
                              _mm256_packs_epi32(exponents[2], exponents[3])};
    _mm256_store_si256(bytes, _mm256_packs_epi16(words[0], words[1]));
  }
  const int divided = exp_bits - round_log2(saturate(sum_of_lanes(sums), sum_bits));
  const __m256i less = _mm256_set1_epi8(static_cast<char>(divided));
  std::int16_t* weights = head.weights + row * head.columns;
  bytes = reinterpret_cast<__m256i*>(head.scores + row * head.columns);
  for (std::int32_t j = 0; j < head.keys; j += 32, ++bytes) {
    store_powers(_mm256_adds_epi8(*bytes, less), weights + j);
  }
}

/// The pairs of keys that have a weight in one of `rows` rows. Returns how many.
[[gnu::target("avx2,fma")]] inline std::int32_t list_pairs(const Head& head,
                                                           std::int32_t rows) noexcept {
  std::int32_t count = 0;
  for (std::int32_t j = 0; j < head.keys; j += 16) {
    const auto* weights = reinterpret_cast<const __m256i*>(head.weights + j);
    __m256i any = weights[0];
    for (std::int32_t r = 1; r < rows; ++r)
      any = _mm256_or_si256(any, weights[r * head.columns / 16]);
    const __m256i none = _mm256_cmpeq_epi32(any, _mm256_setzero_si256());
    const auto missing = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(none)));
    if (missing == 0) {
      const __m256i pairs =
          _mm256_add_epi32(_mm256_set1_epi32(j / 2), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(head.pairs + count), pairs);
      count += 8;
      continue;
    }
#pragma GCC unroll 8
    for (std::int32_t p = 0; p < 8; ++p) {
      head.pairs[count] = j / 2 + p;
      count += (missing >> p & 1U) == 0 ? 1 : 0;
    }
  }
  return count;
}

/// Channels [d, d + 8 * Vectors) of `rows` outputs.
template <std::size_t Vectors, class Constants>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void attend_to(
    const Head& head, const Constants& constants, std::int32_t count, std::int32_t rows,
    std::size_t first, std::int32_t d, std::int32_t channels, std::int8_t* y) noexcept {
  constexpr std::size_t width = 8 * Vectors;
  alignas(32) std::int32_t sums[tile_rows][width];
  const std::int16_t* panel = head.value_panels + std::ptrdiff_t{2 * key_pairs(head.keys)} * d;
  if (count < key_pairs(head.keys)) {
    multiply_tile<Vectors, true>(head.weights, head.columns, panel, head.pairs, count, sums[0],
                                 width);
  } else {
    multiply_tile<Vectors, false>(head.weights, head.columns, panel, nullptr, count, sums[0],
                                  width);
  }
  for (std::size_t v = 0; v < width; v += 8) {
    const std::size_t at = first + static_cast<std::size_t>(d) + v;
    __m256i exponents = exponents_of(constants.output.shifts, at);
    if (!constants.input_shift.empty()) {
      exponents = _mm256_add_epi32(exponents, exponents_8(constants.input_shift.data() + at));
    }
    const __m256 factors = powers_of_two(exponents);
    for (std::int32_t r = 0; r < rows; ++r) {
      const __m256 outputs = _mm256_mul_ps(floats_8(sums[r] + v), factors);
      store_rounded(outputs, constants.output.value_bits, y + std::ptrdiff_t{r} * channels + at);
    }
  }
}

}  // namespace x86

/// The kernel below serves this shape, and its weights and their sum fit.
[[nodiscard]] constexpr bool serves_shiftmax_attention(arch::avx2, const AttentionShape& shape,
                                                       int exp_bits) noexcept {
  const bool fits = exp_bits <= 14 && shape.keys <= (std::int64_t{2147483647} >> (2 * exp_bits));
  return fits && shape.keys <= x86::most_keys && shape.dim % 8 == 0 && shape.dim <= x86::most_dim;
}
/// Elements of int32 that it works in: a head, aligned.
[[nodiscard]] constexpr std::int64_t shiftmax_attention_scratch(
    arch::avx2, const AttentionShape& shape) noexcept {
  return x86::Head::words(shape) / 2 + 8;
}

/// `score_shift` divides the products of query and key by a power of two. The caller proved that
/// products fit int32 and that aligned sums are below 2^24.
template <class Constants>
requires x86::StoredInBytes<decltype(Constants::output)>
[[gnu::target("avx2,fma")]] inline void shiftmax_attention(arch::avx2, const AttentionShape& shape,
                                                           const Constants& constants,
                                                           int score_shift, const std::int8_t* q,
                                                           const std::int8_t* k,
                                                           const std::int8_t* v, std::int8_t* y,
                                                           std::int32_t* scratch) noexcept {
  constexpr std::uintptr_t vector = 32;
  const std::uintptr_t aligned =
      (reinterpret_cast<std::uintptr_t>(scratch) + vector - 1) / vector * vector;
  const x86::Head head(shape, reinterpret_cast<std::int16_t*>(aligned));
  const std::int32_t channels = shape.channels();
  for (std::int32_t h = 0; h < shape.heads; ++h) {
    const std::int32_t first = h * shape.dim;
    x86::pack_keys(k + first, channels, head);
    x86::pack_values(v + first, channels, head);
    for (std::int32_t i = 0; i < shape.queries; i += x86::tile_rows) {
      const std::int32_t rows =
          shape.queries - i < x86::tile_rows ? shape.queries - i : x86::tile_rows;
      x86::widen_queries(q + std::ptrdiff_t{i} * channels + first, channels, rows, head);
      x86::score_tile(head);
      for (std::int32_t r = 0; r < rows; ++r) {
        x86::weigh_keys(head, r, score_shift, constants.exp_bits, constants.exp_buffer_bits);
      }
      const std::int32_t count = x86::list_pairs(head, rows);
      std::int8_t* out = y + std::ptrdiff_t{i} * channels;
      const auto at = static_cast<std::size_t>(first);
      std::int32_t d = 0;
      for (; d + 16 <= shape.dim; d += 16)
        x86::attend_to<2>(head, constants, count, rows, at, d, channels, out);
      if (d < shape.dim) x86::attend_to<1>(head, constants, count, rows, at, d, channels, out);
    }
  }
}

}  // namespace tenon::kernel
#endif
