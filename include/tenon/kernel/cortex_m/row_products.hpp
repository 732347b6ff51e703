// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/patch_mla.hpp>
#include <tenon/kernel/cortex_m/patch_smlad.hpp>

// Products of one patch, a single pixel, with a few rows of weights: what a dense layer is.
namespace tenon::kernel::cortex_m {

template <std::size_t Rows>
[[gnu::always_inline]] inline const std::int32_t* add_rows(const MlaPatch<1>*, const std::int32_t* x,
                                                           const signed char* (&w)[Rows],
                                                           std::int32_t (&a)[Rows]) noexcept {
  for (; *x != patch_end; ++x) {
    for (std::size_t r = 0; r < Rows; ++r) a[r] = mla(*w[r]++, *x, a[r]);
  }
  return x + 1;
}

#if defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB >= 2 && defined(__OPTIMIZE__)
#define TENON_ROW(w, a)                                          \
  "ldrsb %[v], [%[" w "]], #1\n mla %[" a "], %[v], r4, %[" a "]\n" \
  "ldrsb %[v], [%[" w "]], #1\n mla %[" a "], %[v], r5, %[" a "]\n"
#define TENON_ROWS                 \
  "ldmia %[x]!, {r4, r5}\n"        \
  TENON_ROW("w0", "a0") TENON_ROW("w1", "a1") TENON_ROW("w2", "a2") TENON_ROW("w3", "a3")

[[gnu::always_inline]] inline const std::int32_t* add_rows(const MlaPatch<1>*, const std::int32_t* x,
                                                           const signed char* (&w)[4],
                                                           std::int32_t (&a)[4]) noexcept {
  std::int32_t v;
  asm("1:\n"
      TENON_ROWS TENON_ROWS TENON_ROWS TENON_ROWS
      "ldr %[v], [%[x]]\n"
      "cmp %[v], #0x7F7F7F7F\n"
      "bne 1b\n"
      : [x] "+r"(x), [w0] "+r"(w[0]), [w1] "+r"(w[1]), [w2] "+r"(w[2]), [w3] "+r"(w[3]), [a0] "+r"(a[0]),
        [a1] "+r"(a[1]), [a2] "+r"(a[2]), [a3] "+r"(a[3]), [v] "=&r"(v)
      :
      : "r4", "r5", "cc", "memory");
  return x + 1;
}
#undef TENON_ROW
#undef TENON_ROWS
#endif

template <std::size_t Rows>
[[gnu::always_inline]] inline const std::int32_t* add_rows(const SmladPatch<1>*, const std::int32_t* x,
                                                           const signed char* (&w)[Rows],
                                                           std::int32_t (&a)[Rows]) noexcept {
  for (; *x != patch_end; x += 2) {
    for (std::size_t r = 0; r < Rows; ++r, w[r - 1] += 4) {
      const std::uint32_t v = load_word(w[r]);
      a[r] = smlad(sxtb16(v), static_cast<std::uint32_t>(x[0]), a[r]);
      a[r] = smlad(sxtb16_ror8(v), static_cast<std::uint32_t>(x[1]), a[r]);
    }
  }
  return x + 1;
}

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__)
#define TENON_ROW(w, a, even, odd)                                                    \
  "ldr %[v], [%[" w "]], #4\n sxtb16 %[t], %[v]\n smlad %[" a "], %[t], " even ", %[" a "]\n" \
  "sxtb16 %[v], %[v], ror #8\n smlad %[" a "], %[v], " odd ", %[" a "]\n"

[[gnu::always_inline]] inline const std::int32_t* add_rows(const SmladPatch<1>*, const std::int32_t* x,
                                                           const signed char* (&w)[4],
                                                           std::int32_t (&a)[4]) noexcept {
  std::uint32_t v;
  std::uint32_t t;
  asm("ldrd r4, r5, [%[x]], #8\n"
      "1:\n" TENON_ROW("w0", "a0", "r4", "r5") TENON_ROW("w1", "a1", "r4", "r5") TENON_ROW("w2", "a2", "r4", "r5")
          TENON_ROW("w3", "a3", "r4", "r5")
      "ldrd r4, r5, [%[x]], #8\n" TENON_ROW("w0", "a0", "r4", "r5") TENON_ROW("w1", "a1", "r4", "r5")
          TENON_ROW("w2", "a2", "r4", "r5") TENON_ROW("w3", "a3", "r4", "r5")
      "ldrd r4, r5, [%[x]], #8\n"
      "cmp r4, #0x7F7F7F7F\n"
      "bne 1b\n"
      : [x] "+r"(x), [w0] "+r"(w[0]), [w1] "+r"(w[1]), [w2] "+r"(w[2]), [w3] "+r"(w[3]), [a0] "+r"(a[0]),
        [a1] "+r"(a[1]), [a2] "+r"(a[2]), [a3] "+r"(a[3]), [v] "=&r"(v), [t] "=&r"(t)
      :
      : "r4", "r5", "cc", "memory");
  return x - 1;
}
#undef TENON_ROW
#endif

/// Rows of bytes, `n` in each.
template <class Patch, std::size_t Rows>
[[gnu::always_inline]] inline void row_products(const Patch* kind, const std::int32_t* x, std::int32_t n,
                                                const signed char* (&w)[Rows], std::int32_t (&sums)[Rows]) noexcept {
  x = n >= 8 ? add_rows(kind, x, w, sums) : x + 1;
  if (n % 8 == 0) return;
  for (std::size_t r = 0; r < Rows; ++r) {
    std::int32_t one[1] = {sums[r]};
    add_rest(kind, x, n & 7, w[r], one);
    sums[r] = one[0];
  }
}

}  // namespace tenon::kernel::cortex_m
