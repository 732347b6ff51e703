// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <tenon/kernel/reference/attention.hpp>
#include <tenon/kernel/x86/registers.hpp>

// One head of an attention in scratch memory. Both of its products, query by key and weight by
// value, are sums over pairs of int16: on one side rows, of which a tile takes `tile_rows` at a
// time, on the other columns, 16 to a panel, with the pairs of a column one after the other. Keys
// are columns with pairs of channels, values are columns with pairs of keys.
namespace tenon::kernel::x86 {

inline constexpr std::int32_t most_keys = 1024;
inline constexpr std::int32_t most_dim = 128;
inline constexpr std::int32_t tile_rows =
    6;  ///< with two vectors of columns: sums, columns and a product fill 16 registers

/// 32 scores become weights at a time.
[[nodiscard]] constexpr std::int32_t score_columns(std::int32_t keys) noexcept {
  return (keys + 31) / 32 * 32;
}
[[nodiscard]] constexpr std::int32_t key_columns(std::int32_t keys) noexcept {
  return (keys + 15) / 16 * 16;
}
[[nodiscard]] constexpr std::int32_t key_pairs(std::int32_t keys) noexcept {
  return (keys + 1) / 2;
}

struct Head {
  std::int32_t dim;
  std::int32_t keys;
  std::int32_t columns;        ///< of scores and weights
  std::int16_t* key_panels;    ///< the last key again behind the last one
  std::int16_t* value_panels;  ///< the last one may have 8 columns
  std::int16_t* queries;       ///< (tile_rows, dim)
  std::int32_t* scores;        ///< (tile_rows, columns), then exponents as bytes
  std::int16_t* weights;       ///< (tile_rows, columns)
  std::int32_t* pairs;         ///< of keys, those that have a weight in a tile

  [[nodiscard]] static constexpr std::int64_t words(const AttentionShape& shape) noexcept {
    const std::int64_t panels =
        std::int64_t{key_columns(shape.keys) + 2 * key_pairs(shape.keys)} * shape.dim;
    return panels + tile_rows * (shape.dim + 3 * std::int64_t{score_columns(shape.keys)}) +
           score_columns(shape.keys);
  }
  /// In `memory`, aligned to 32 bytes. The width of a head is a multiple of 8.
  Head(const AttentionShape& shape, std::int16_t* memory) noexcept
      : dim(shape.dim), keys(shape.keys), columns(score_columns(shape.keys)) {
    key_panels = memory;
    value_panels = key_panels + key_columns(keys) * dim;
    queries = value_panels + 2 * key_pairs(keys) * dim;
    weights = queries + tile_rows * dim;
    scores = reinterpret_cast<std::int32_t*>(weights + tile_rows * columns);
    pairs = scores + tile_rows * columns;
  }
};

[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m128i eight_bytes(
    const std::int8_t* p) noexcept {
  return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
}
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void store_words(std::int16_t* to,
                                                                        __m256i words) noexcept {
  _mm256_store_si256(reinterpret_cast<__m256i*>(to), words);
}

/// Channels [0, 8) of keys j to j + 3 and j + 8 to j + 11: for each pair of channels a vector, 32
/// words apart. Scores in this order are in that of the keys once they were packed to bytes and
/// unpacked to words.
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void transpose_keys(
    const std::int8_t* keys, std::int32_t channels, std::int32_t j, std::int32_t last,
    std::int16_t* to) noexcept {
  const auto key = [&](std::int32_t k) {
    return keys + std::ptrdiff_t{k < last ? k : last} * channels;
  };
  __m256i rows[4];
#pragma GCC unroll 4
  for (std::int32_t i = 0; i < 4; ++i) {
    rows[i] = _mm256_cvtepi8_epi16(
        _mm_unpacklo_epi64(eight_bytes(key(j + i)), eight_bytes(key(j + 8 + i))));
  }
  const __m256i low[2] = {_mm256_unpacklo_epi32(rows[0], rows[1]),
                          _mm256_unpacklo_epi32(rows[2], rows[3])};
  const __m256i high[2] = {_mm256_unpackhi_epi32(rows[0], rows[1]),
                           _mm256_unpackhi_epi32(rows[2], rows[3])};
  store_words(to, _mm256_unpacklo_epi64(low[0], low[1]));
  store_words(to + 32, _mm256_unpackhi_epi64(low[0], low[1]));
  store_words(to + 64, _mm256_unpacklo_epi64(high[0], high[1]));
  store_words(to + 96, _mm256_unpackhi_epi64(high[0], high[1]));
}

[[gnu::target("avx2,fma")]] inline void pack_keys(const std::int8_t* keys, std::int32_t channels,
                                                  const Head& head) noexcept {
  std::int16_t* to = head.key_panels;
  for (std::int32_t j = 0; j < head.keys; j += 16) {
    for (std::int32_t d = 0; d < head.dim; d += 8, to += 128) {
      transpose_keys(keys + d, channels, j, head.keys - 1, to);
      transpose_keys(keys + d, channels, j + 4, head.keys - 1, to + 16);
    }
  }
}

[[gnu::target("avx2,fma")]] inline void pack_values(const std::int8_t* values,
                                                    std::int32_t channels,
                                                    const Head& head) noexcept {
  std::int16_t* to = head.value_panels;
  for (std::int32_t panel = 0; panel < head.dim; panel += 16) {
    const std::int32_t end = panel + 16 < head.dim ? panel + 16 : head.dim;
    for (std::int32_t j = 0; j < head.keys; j += 2) {
      const std::int8_t* first = values + std::ptrdiff_t{j} * channels;
      const std::int8_t* second = j + 1 < head.keys ? first + channels : first;  // its weight is 0
      for (std::int32_t d = panel; d < end; d += 8, to += 16) {
        const __m128i pairs = _mm_unpacklo_epi8(eight_bytes(first + d), eight_bytes(second + d));
        store_words(to, _mm256_cvtepi8_epi16(pairs));
      }
    }
  }
}

/// Sums of `count` pairs, [0, count) or listed ones, in 8 * Vectors columns. Rows are `stride`
/// words apart, sums `sums_stride`.
template <std::size_t Vectors, bool Listed>
[[gnu::target("avx2,fma")]] inline void multiply_tile(const std::int16_t* rows,
                                                      std::ptrdiff_t stride,
                                                      const std::int16_t* panel,
                                                      const std::int32_t* list, std::int32_t count,
                                                      std::int32_t* to,
                                                      std::ptrdiff_t sums_stride) noexcept {
  __m256i sums[tile_rows][Vectors];
#pragma GCC unroll 6
  for (auto& row : sums) {
#pragma GCC unroll 2
    for (auto& sum : row) sum = _mm256_setzero_si256();
  }
  for (std::int32_t i = 0; i < count; ++i) {
    const std::ptrdiff_t pair = Listed ? list[i] : i;
    const auto* vectors =
        reinterpret_cast<const __m256i*>(panel) + pair * static_cast<std::ptrdiff_t>(Vectors);
    __m256i columns[Vectors];
#pragma GCC unroll 2
    for (std::size_t v = 0; v < Vectors; ++v) {
      columns[v] = _mm256_load_si256(vectors + v);
      keep_in_register(columns[v]);
    }
#pragma GCC unroll 6
    for (std::ptrdiff_t r = 0; r < tile_rows; ++r) {
      std::int32_t both;
      __builtin_memcpy(&both, rows + r * stride + 2 * pair, sizeof both);
      const __m256i row = _mm256_set1_epi32(both);
#pragma GCC unroll 2
      for (std::size_t v = 0; v < Vectors; ++v)
        add_doublewords(sums[r][v], _mm256_madd_epi16(columns[v], row));
    }
  }
#pragma GCC unroll 6
  for (std::ptrdiff_t r = 0; r < tile_rows; ++r) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < Vectors; ++v) {
      _mm256_store_si256(reinterpret_cast<__m256i*>(to + r * sums_stride) + v, sums[r][v]);
    }
  }
}

}  // namespace tenon::kernel::x86
#endif
