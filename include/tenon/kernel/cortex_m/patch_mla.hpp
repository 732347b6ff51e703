// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/instructions.hpp>

namespace tenon::kernel::cortex_m {

/// No element of a patch, shifted or not: it ends the loop over one, which has no register left to count with.
inline constexpr std::int32_t patch_end = 0x7F7F7F7F;

// The inputs of Pixels windows as words, the pixels of one input side by side: {p0, p1, ...} of input 0, of input 1, and so on,
// so that one LDM brings an input of all pixels. After the largest multiple of 8 inputs stands a row of patch_end.
template <std::size_t Pixels>
struct MlaPatch {
  static constexpr std::size_t pixels = Pixels;

  /// For `n` inputs; weights of 4 bits have zeros behind the last one, up to a multiple of 8.
  [[nodiscard, gnu::always_inline]] static constexpr std::size_t words(std::int64_t n) noexcept {
    return static_cast<std::size_t>((n + 7) / 8 * 8 + 1) * Pixels;
  }
  [[nodiscard, gnu::always_inline]] static constexpr std::size_t table_words(std::int64_t) noexcept { return 0; }
  static void fill_table(std::int32_t*, const std::uint8_t*, std::int32_t) noexcept {}
  [[nodiscard, gnu::always_inline]] static constexpr bool starts_differ(bool) noexcept { return false; }
  /// What the sums begin with.
  [[gnu::always_inline]] static void start(const std::int32_t*, bool, std::int32_t (&sums)[Pixels]) noexcept {
    for (std::int32_t& sum : sums) sum = 0;
  }

  std::int32_t* next;
  std::int32_t main_left;

  [[gnu::always_inline]] MlaPatch(std::int32_t* patch, std::size_t pixel, std::int32_t n, bool four_bits) noexcept
      : next(patch + pixel), main_left(four_bits ? (n + 7) & ~7 : n & ~7) {
    if (main_left > 0) return;
    *next = patch_end;
    next += Pixels;
  }

  // Loops of their own, one for all layers: inlined into a layer they find no registers. At least one element each.
  template <class X>
  [[gnu::noinline]] static std::int32_t* write(std::int32_t* q, const X* x, std::int32_t n) noexcept {
    const X* const end = x + n;
    do {
      *q = *x++;
      q += Pixels;
    } while (x != end);
    return q;
  }
  template <class X>
  [[gnu::noinline]] static std::int32_t* write_shifted(std::int32_t* q, const X* x, std::int32_t n,
                                                       const std::uint8_t* shifts) noexcept {
    const X* const end = x + n;
    do {
      *q = wrapped(static_cast<std::uint32_t>(*x++) << *shifts++);
      q += Pixels;
    } while (x != end);
    return q;
  }
  /// Writes elements from .. to twice at most: up to patch_end and behind it.
  template <class Write>
  [[gnu::always_inline]] void put(std::int32_t n, Write write_piece) noexcept {
    std::int32_t from = 0;
    if (main_left > 0 && main_left <= n) {
      from = main_left;
      next = write_piece(next, 0, from);
      *next = patch_end;
      next += Pixels;
    }
    main_left -= n;
    if (from < n) next = write_piece(next, from, n);
  }
  [[gnu::always_inline]] void zeros(std::int32_t n) noexcept {
    put(n, [](std::int32_t* q, std::int32_t from, std::int32_t to) {
      for (; from < to; ++from, q += Pixels) *q = 0;
      return q;
    });
  }
  template <class X>
  [[gnu::always_inline]] void copy(const X* x, std::int32_t n) noexcept {
    put(n, [x](std::int32_t* q, std::int32_t from, std::int32_t to) { return write(q, x + from, to - from); });
  }
  template <class X>
  [[gnu::always_inline]] void copy_shifted(const X* x, const std::uint8_t* shifts, const std::int32_t*, std::int32_t,
                                           std::int32_t n) noexcept {
    put(n, [x, shifts](std::int32_t* q, std::int32_t from, std::int32_t to) {
      return write_shifted(q, x + from, to - from, shifts + from);
    });
  }
  [[gnu::always_inline]] void close(std::int32_t n, bool four_bits) noexcept {
    if (four_bits) zeros(-n & 7);
  }
};

template <std::size_t N>
[[gnu::always_inline]] inline const std::int32_t* add_bytes(const std::int32_t* x, const signed char*& w,
                                                            std::int32_t (&a)[N]) noexcept {
  for (; *x != patch_end; ++w, x += N) {
    for (std::size_t p = 0; p < N; ++p) a[p] = mla(*w, x[p], a[p]);
  }
  return x + N;
}
template <std::size_t N>
[[gnu::always_inline]] inline void add_nibbles(const std::int32_t* x, const signed char* w,
                                               std::int32_t (&a)[N]) noexcept {
  for (std::int64_t i = 0; *x != patch_end; ++i, x += N) {
    const std::int32_t v = weight_at(w, i, 4);
    for (std::size_t p = 0; p < N; ++p) a[p] = mla(v, x[p], a[p]);
  }
}

/// The last inputs, fewer than 8.
template <std::size_t Pixels>
[[gnu::always_inline]] inline void add_rest(const MlaPatch<Pixels>*, const std::int32_t* x, std::int32_t left,
                                            const signed char* w, std::int32_t (&sums)[Pixels]) noexcept {
  for (; left > 0; --left, x += Pixels) {
    const std::int32_t v = *w++;
    for (std::size_t p = 0; p < Pixels; ++p) sums[p] = mla(v, x[p], sums[p]);
  }
}

/// Adds to the sums of all pixels the products of `n` weights, the first one at `w`, and of the patch.
template <std::size_t Pixels>
[[gnu::always_inline]] inline void accumulate(const MlaPatch<Pixels>* kind, const std::int32_t* x, std::int32_t n,
                                              const signed char* w, bool four_bits,
                                              std::int32_t (&sums)[Pixels]) noexcept {
  if (four_bits) return add_nibbles(x, w, sums);
  x = n >= 8 ? add_bytes(x, w, sums) : x + Pixels;
  add_rest(kind, x, n & 7, w, sums);
}

}  // namespace tenon::kernel::cortex_m
