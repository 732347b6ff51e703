// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/patch_mla.hpp>
#include <tenon/kernel/cortex_m/patch_smlad.hpp>

// Products of one patch, a single pixel, with a few rows of weights: what a dense layer is.
namespace tenon::kernel::cortex_m {

/// In the order of LDM.
template <std::size_t Rows>
struct RowJob {
  std::int32_t sums[Rows];
  const signed char* w[Rows];
  const std::int32_t* patch;  ///< up to three words behind its end are read
  std::int32_t inputs;
};

/// How many rows there are registers for.
[[nodiscard]] constexpr std::size_t rows_together(const MlaPatch<1>*) noexcept { return 4; }
[[nodiscard]] constexpr std::size_t rows_together(const SmladPatch<1>*) noexcept { return 3; }

template <class Patch, std::size_t Rows>
[[gnu::always_inline]] inline void rows_plainly(const Patch* kind, RowJob<Rows>& job, bool four_bits) noexcept {
  for (std::size_t r = 0; r < Rows; ++r) {
    std::int32_t sum[1] = {job.sums[r]};
    accumulate(kind, job.patch, job.inputs, job.w[r], four_bits, sum);
    job.sums[r] = sum[0];
  }
}

#if defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB >= 2
// Sums in r0 to r3, inputs in r4 to r7, rows in r9 to r12, the patch in lr.
#define TENON_ROW(w, a)                                       \
  "ldrsb r8, [" w "], #1\n mla " a ", r8, r4, " a "\n"        \
  "ldrsb r8, [" w "], #1\n mla " a ", r8, r5, " a "\n"        \
  "ldrsb r8, [" w "], #1\n mla " a ", r8, r6, " a "\n"        \
  "ldrsb r8, [" w "], #1\n mla " a ", r8, r7, " a "\n"
#define TENON_ROWS TENON_ROW("r9", "r0") TENON_ROW("r10", "r1") TENON_ROW("r11", "r2") TENON_ROW("r12", "r3")
#define TENON_INPUTS "ldmia lr!, {r4-r7}\n"
/// The largest multiple of 8 inputs.
[[gnu::naked, gnu::noipa]] inline void run_mla_rows(RowJob<4>*) noexcept {
  asm("push {r0, r4-r11, lr}\n"
      "ldr lr, [r0, #32]\n"
      "add r1, r0, #16\n"
      "ldmia r1, {r9-r12}\n"
      "ldmia r0, {r0-r3}\n" TENON_INPUTS
      "1:\n" TENON_ROWS TENON_INPUTS TENON_ROWS TENON_INPUTS
      "cmp r4, #0x7F7F7F7F\n"
      "bne 1b\n"
      "ldr r4, [sp]\n"
      "stmia r4, {r0-r3}\n"
      "pop {r0, r4-r11, pc}\n");
}
#undef TENON_ROW
#undef TENON_ROWS

#if defined(__ARM_FEATURE_DSP)
// Sums in r0 to r2, rows in r3, r11 and r12.
#define TENON_WORDS(load_both)                 \
  "1:\n" TENON_ROW(load_both("r3"), "r0")      \
      TENON_ROW(load_both("r11"), "r1")        \
      TENON_ROW(load_both("r12"), "r2") TENON_INPUTS
#define TENON_ROW(load_both, a)                                                \
  load_both                                                                    \
  "sxtb16 r10, r8\n smlad " a ", r10, r4, " a "\n"                             \
  "sxtb16 r8, r8, ror #8\n smlad " a ", r8, r5, " a "\n"                       \
  "sxtb16 r10, r9\n smlad " a ", r10, r6, " a "\n"                             \
  "sxtb16 r9, r9, ror #8\n smlad " a ", r9, r7, " a "\n"
#define TENON_ALIGNED(w) "ldrd r8, r9, [" w "], #8\n"
#define TENON_ANYWHERE(w) "ldr r8, [" w "], #4\n ldr r9, [" w "], #4\n"
// The mask is in r9; weights are 8 too large.
#define TENON_NIBBLES(w, a)                                                    \
  "ldr r8, [" w "], #4\n"                                                      \
  "eor r8, r8, #0x88888888\n"                                                  \
  "and r10, r9, r8\n smlad " a ", r10, r4, " a "\n"                            \
  "and r10, r9, r8, lsr #8\n smlad " a ", r10, r5, " a "\n"                    \
  "and r10, r9, r8, lsr #4\n smlad " a ", r10, r6, " a "\n"                    \
  "and r10, r9, r8, lsr #12\n smlad " a ", r10, r7, " a "\n"
#define TENON_JOB(loop)                \
  "push {r0, r4-r11, lr}\n"            \
  "ldr lr, [r0, #24]\n"                \
  "ldr r3, [r0, #12]\n"                \
  "ldrd r11, r12, [r0, #16]\n"         \
  "ldmia r0, {r0-r2}\n" TENON_INPUTS loop \
  "cmp r4, #0x7F7F7F7F\n"              \
  "bne 1b\n"                           \
  "ldr r4, [sp]\n"                     \
  "stmia r4, {r0-r2}\n"                \
  "pop {r0, r4-r11, pc}\n"

[[gnu::naked, gnu::noipa]] inline void run_smlad_rows(RowJob<3>*) noexcept { asm(TENON_JOB(TENON_WORDS(TENON_ANYWHERE))); }
/// Rows begin at multiples of 4.
[[gnu::naked, gnu::noipa]] inline void run_smlad_aligned_rows(RowJob<3>*) noexcept {
  asm(TENON_JOB(TENON_WORDS(TENON_ALIGNED)));
}
[[gnu::naked, gnu::noipa]] inline void run_smlad_nibble_rows(RowJob<3>*) noexcept {
  asm(TENON_JOB("mov r9, #0x000F000F\n"
                "1:\n" TENON_NIBBLES("r3", "r0") TENON_NIBBLES("r11", "r1") TENON_NIBBLES("r12", "r2") TENON_INPUTS));
}
#undef TENON_WORDS
#undef TENON_ROW
#undef TENON_ALIGNED
#undef TENON_ANYWHERE
#undef TENON_NIBBLES
#undef TENON_JOB
#endif
#undef TENON_INPUTS
#endif

/// What the loops in Thumb-2 leave.
template <class Patch, std::size_t Rows>
[[gnu::always_inline]] inline void rest_of_rows(const Patch* kind, RowJob<Rows>& job) noexcept {
  if (job.inputs % 8 == 0) return;
  const std::int32_t main = job.inputs & ~7;
  for (std::size_t r = 0; r < Rows; ++r) {
    std::int32_t sum[1] = {job.sums[r]};
    add_rest(kind, job.patch + Patch::words(main), job.inputs & 7, job.w[r] + main, sum);
    job.sums[r] = sum[0];
  }
}

/// Adds the products of the rows.
template <class Patch, std::size_t Rows>
[[gnu::always_inline]] inline void run_rows(const Patch* kind, RowJob<Rows>& job, bool four_bits) noexcept {
  rows_plainly(kind, job, four_bits);
}
#if defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB >= 2
[[gnu::always_inline]] inline void run_rows(const MlaPatch<1>* kind, RowJob<4>& job, bool four_bits) noexcept {
  if (four_bits) return rows_plainly(kind, job, true);
  if (job.inputs >= 8) run_mla_rows(&job);
  rest_of_rows(kind, job);
}
#endif
#if defined(__ARM_FEATURE_DSP)
[[gnu::always_inline]] inline void run_rows(const SmladPatch<1>* kind, RowJob<3>& job, bool four_bits) noexcept {
  if (four_bits) return run_smlad_nibble_rows(&job);
  if (job.inputs >= 8) {
    if (job.inputs % 4 == 0 && reinterpret_cast<std::uintptr_t>(job.w[0]) % 4 == 0) {
      run_smlad_aligned_rows(&job);
    } else {
      run_smlad_rows(&job);
    }
  }
  rest_of_rows(kind, job);
}
#endif

}  // namespace tenon::kernel::cortex_m
