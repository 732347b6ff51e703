// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>

#include <cstdint>

// Products of a vector of inputs with four rows of weights, in loops whose last turn is predicated: nothing behind the end is
// read.
namespace tenon::kernel::cortex_m {

#define TENON_OPERANDS                                                                                             \
  [x] "+r"(x), [w0] "+l"(w0), [w1] "+l"(w1), [w2] "+l"(w2), [w3] "+l"(w3), [a0] "+Te"(a0), [a1] "+Te"(a1),         \
      [a2] "+Te"(a2), [a3] "+Te"(a3)
#define TENON_PRODUCT(load, step, kind, w, a) \
  load " q1, [%[" w "]], #" step "\n vmladava." kind " %[" a "], q0, q1\n"
#define TENON_LOOP(lanes, x_load, load, step, kind)                                                  \
  "wlstp." lanes " lr, %[n], 2f\n"                                                                   \
  "1:\n" x_load " q0, [%[x]], #16\n" TENON_PRODUCT(load, step, kind, "w0", "a0")                     \
      TENON_PRODUCT(load, step, kind, "w1", "a1") TENON_PRODUCT(load, step, kind, "w2", "a2")        \
          TENON_PRODUCT(load, step, kind, "w3", "a3") "letp lr, 1b\n"                                \
  "2:\n"
#define TENON_FOUR_ROWS(X, loop)                                                                                   \
  [[gnu::always_inline]] inline int32x4_t four_products(const X* x, std::int32_t n, const signed char* w,          \
                                                        std::int32_t row) noexcept {                               \
    const signed char* w0 = w;                                                                                     \
    const signed char* w1 = w0 + row;                                                                              \
    const signed char* w2 = w1 + row;                                                                              \
    const signed char* w3 = w2 + row;                                                                              \
    std::int32_t a0 = 0;                                                                                           \
    std::int32_t a1 = 0;                                                                                           \
    std::int32_t a2 = 0;                                                                                           \
    std::int32_t a3 = 0;                                                                                           \
    asm volatile(loop : TENON_OPERANDS : [n] "r"(n) : "lr", "q0", "q1", "memory");                                 \
    int32x4_t sums;                                                                                                \
    asm("vmov %q[v][2], %q[v][0], %[a0], %[a2]\n vmov %q[v][3], %q[v][1], %[a1], %[a3]\n"                          \
        : [v] "=&w"(sums)                                                                                          \
        : [a0] "r"(a0), [a1] "r"(a1), [a2] "r"(a2), [a3] "r"(a3));                                                 \
    return sums;                                                                                                   \
  }

TENON_FOUR_ROWS(std::int8_t, TENON_LOOP("8", "vldrb.8", "vldrb.8", "16", "s8"))
TENON_FOUR_ROWS(std::int16_t, TENON_LOOP("16", "vldrh.16", "vldrb.s16", "8", "s16"))

#undef TENON_OPERANDS
#undef TENON_PRODUCT
#undef TENON_LOOP
#undef TENON_FOUR_ROWS

}  // namespace tenon::kernel::cortex_m
#endif
