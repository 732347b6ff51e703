// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/instructions.hpp>
#include <tenon/kernel/cortex_m/patch_mla.hpp>

namespace tenon::kernel::cortex_m {

// The inputs of Pixels windows as halves of words in the order in which SXTB16 expands weights: of each four inputs a row with
// {0, 2} of each pixel and a row with {1, 3}. After the largest multiple of 8 inputs stands a row of patch_end.
template <std::size_t Pixels>
struct SmladPatch {
  static constexpr std::size_t pixels = Pixels;

  [[nodiscard, gnu::always_inline]] static constexpr std::size_t words(std::int64_t n) noexcept {
    return static_cast<std::size_t>((n + 7) / 8 * 4 + 1) * Pixels;
  }
  /// Powers of two to multiply the inputs with, in the same order; only if no four channels are torn apart.
  [[nodiscard, gnu::always_inline]] static constexpr std::size_t table_words(std::int64_t channels) noexcept {
    return channels % 4 == 0 ? static_cast<std::size_t>(channels / 2) : 0;
  }
  [[gnu::always_inline]] static void fill_table(std::int32_t* table, const std::uint8_t* shifts,
                                                std::int32_t channels) noexcept {
    for (std::int32_t c = 0; c < channels; c += 4, shifts += 4) {
      *table++ = std::int32_t{1} << shifts[0] | std::int32_t{1} << (shifts[2] + 16);
      *table++ = std::int32_t{1} << shifts[1] | std::int32_t{1} << (shifts[3] + 16);
    }
  }
  [[nodiscard, gnu::always_inline]] static constexpr bool starts_differ(bool four_bits) noexcept { return four_bits; }
  /// What the sums begin with: weights of 4 bits are 8 too large in the loop.
  [[gnu::always_inline]] static void start(const std::int32_t* x, bool four_bits,
                                           std::int32_t (&sums)[Pixels]) noexcept {
    for (std::int32_t& sum : sums) sum = 0;
    if (!four_bits) return;
    for (; *x != patch_end; x += Pixels) {
      for (std::size_t p = 0; p < Pixels; ++p) sums[p] = smlad(static_cast<std::uint32_t>(x[p]), 0x00010001, sums[p]);
    }
    for (std::int32_t& sum : sums) sum = mla(sum, -8, 0);
  }

  std::int32_t* next;
  std::int32_t main_left;  ///< elements up to patch_end, in whole rows
  std::int32_t within = 0;

  [[gnu::always_inline]] SmladPatch(std::int32_t* patch, std::size_t pixel, std::int32_t n, bool four_bits) noexcept
      : next(patch + pixel), main_left(four_bits ? (n + 7) & ~7 : n & ~7) {
    if (main_left == 0) end_main();
  }
  [[gnu::always_inline]] void end_main() noexcept {
    *next = patch_end;
    next += Pixels;
  }
  [[gnu::always_inline]] void end_four() noexcept {
    next += 2 * Pixels;
    main_left -= 4;
    if (main_left == 0) end_main();
  }
  [[gnu::always_inline]] void put(std::int32_t v) noexcept {
    const auto half = static_cast<std::int16_t>(v);
    char* at = reinterpret_cast<char*>(next + (within & 1 ? Pixels : 0)) + (within & 2);
    __builtin_memcpy(at, &half, sizeof half);
    if (++within == 4) within = 0, end_four();
  }
  // Loops of their own, one for all layers: inlined into a layer they find no registers. A multiple of 4, at least 4.
  template <class X>
  [[gnu::noinline]] static std::int32_t* write(std::int32_t* q, const X* x, std::int32_t n) noexcept {
    const X* const end = x + n;
    do {
      const std::uint32_t v = load_word(x);
      x += 4;
      q[0] = wrapped(extend<X>(v));
      q[Pixels] = wrapped(extend_odd<X>(v));
      q += 2 * Pixels;
    } while (x != end);
    return q;
  }
  [[gnu::always_inline]] static std::int32_t times(std::uint32_t v, std::int32_t powers) noexcept {
    const auto m = static_cast<std::uint32_t>(powers);
    return wrapped(pack_low(static_cast<std::uint32_t>(smulbb(v, m)), static_cast<std::uint32_t>(smultt(v, m))));
  }
  template <class X>
  [[gnu::noinline]] static std::int32_t* write_shifted(std::int32_t* q, const X* x, std::int32_t n,
                                                       const std::int32_t* table) noexcept {
    const X* const end = x + n;
    do {
      const std::uint32_t v = load_word(x);
      x += 4;
      q[0] = times(extend<X>(v), table[0]);
      q[Pixels] = times(extend_odd<X>(v), table[1]);
      table += 2;
      q += 2 * Pixels;
    } while (x != end);
    return q;
  }
  /// One by one, whatever stands in the patch.
  template <class X>
  [[gnu::noinline]] static SmladPatch write_few(SmladPatch patch, const X* x, std::int32_t n,
                                                const std::uint8_t* shifts) noexcept {
    for (std::int32_t i = 0; i < n; ++i) patch.put(shifts ? x[i] * (std::int32_t{1} << shifts[i]) : std::int32_t{x[i]});
    return patch;
  }
  /// Fours up to patch_end and behind it, then the rest.
  template <class Write, class WriteFew>
  [[gnu::always_inline]] void put_all(std::int32_t n, Write write_fours, WriteFew write_rest) noexcept {
    std::int32_t from = 0;
    const std::int32_t fours = n & ~3;
    if (within == 0 && fours > 0) {
      if (main_left > 0 && main_left <= fours) {
        from = main_left;
        next = write_fours(next, 0, from);
        end_main();
      }
      main_left -= fours;
      if (from < fours) next = write_fours(next, from, fours);
      from = fours;
    }
    if (from < n) *this = write_rest(*this, from, n);
  }
  [[gnu::always_inline]] void zeros(std::int32_t n) noexcept {
    put_all(
        n,
        [](std::int32_t* q, std::int32_t from, std::int32_t to) {
          for (; from < to; from += 4, q += 2 * Pixels) q[0] = q[Pixels] = 0;
          return q;
        },
        [](SmladPatch patch, std::int32_t from, std::int32_t to) {
          for (; from < to; ++from) patch.put(0);
          return patch;
        });
  }
  template <class X>
  [[gnu::always_inline]] void copy(const X* x, std::int32_t n) noexcept {
    put_all(
        n, [x](std::int32_t* q, std::int32_t from, std::int32_t to) { return write(q, x + from, to - from); },
        [x](SmladPatch patch, std::int32_t from, std::int32_t to) {
          return write_few(patch, x + from, to - from, nullptr);
        });
  }
  template <class X>
  [[gnu::always_inline]] void copy_shifted(const X* x, const std::uint8_t* shifts, const std::int32_t* table,
                                           std::int32_t channels, std::int32_t n) noexcept {
    if (channels % 4 != 0 || table == nullptr) {
      *this = write_few(*this, x, n, shifts);
      return;
    }
    put_all(
        n,
        [x, table](std::int32_t* q, std::int32_t from, std::int32_t to) {
          return write_shifted(q, x + from, to - from, table + from / 2);
        },
        [x, shifts](SmladPatch patch, std::int32_t from, std::int32_t to) {
          return write_few(patch, x + from, to - from, shifts + from);
        });
  }
  [[gnu::always_inline]] void close(std::int32_t n, bool four_bits) noexcept { zeros(-n & (four_bits ? 7 : 3)); }
};

template <std::size_t N>
[[gnu::always_inline]] inline const std::int32_t* add_pairs(const std::int32_t* x, const signed char*& w,
                                                            std::int32_t (&a)[N]) noexcept {
  for (; *x != patch_end; w += 4, x += 2 * N) {
    const std::uint32_t v = load_word(w);
    for (std::size_t p = 0; p < N; ++p) {
      a[p] = smlad(sxtb16(v), static_cast<std::uint32_t>(x[p]), a[p]);
      a[p] = smlad(sxtb16_ror8(v), static_cast<std::uint32_t>(x[N + p]), a[p]);
    }
  }
  return x + N;
}
template <std::size_t N>
[[gnu::always_inline]] inline void add_nibble_pairs(const std::int32_t* x, const signed char* w,
                                                    std::int32_t (&a)[N]) noexcept {
  for (; *x != patch_end; w += 4, x += 4 * N) {
    const std::uint32_t v = load_word(w) ^ 0x88888888;
    for (std::size_t p = 0; p < N; ++p) {
      for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t bit = i == 1 ? 8 : i == 2 ? 4 : 4 * i;
        a[p] = smlad(v >> bit & 0x000F000F, static_cast<std::uint32_t>(x[i * N + p]), a[p]);
      }
    }
  }
}

/// The last inputs, fewer than 8. No byte behind the weights is read.
template <std::size_t Pixels>
[[gnu::always_inline]] inline void add_rest(const SmladPatch<Pixels>*, const std::int32_t* x, std::int32_t left,
                                            const signed char* w, std::int32_t (&sums)[Pixels]) noexcept {
  for (; left > 0; left -= 4, w += 4, x += 2 * Pixels) {
    std::uint32_t v = 0;
    if (left >= 4) {
      v = load_word(w);
    } else {
      for (std::int32_t i = 0; i < left; ++i) v |= std::uint32_t{static_cast<std::uint8_t>(w[i])} << 8 * i;
    }
    for (std::size_t p = 0; p < Pixels; ++p) {
      sums[p] = smlad(sxtb16(v), static_cast<std::uint32_t>(x[p]), sums[p]);
      sums[p] = smlad(sxtb16_ror8(v), static_cast<std::uint32_t>(x[Pixels + p]), sums[p]);
    }
  }
}

template <std::size_t Pixels>
[[gnu::always_inline]] inline void accumulate(const SmladPatch<Pixels>* kind, const std::int32_t* x, std::int32_t n,
                                              const signed char* w, bool four_bits,
                                              std::int32_t (&sums)[Pixels]) noexcept {
  if (four_bits) return add_nibble_pairs(x, w, sums);
  x = n >= 8 ? add_pairs(x, w, sums) : x + Pixels;
  add_rest(kind, x, n & 7, w, sums);
}

}  // namespace tenon::kernel::cortex_m
