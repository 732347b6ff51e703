// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__ARM_ARCH_ISA_THUMB) && __ARM_ARCH_ISA_THUMB >= 2
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/cortex_m/patch_mla.hpp>
#include <tenon/kernel/cortex_m/patch_smlad.hpp>
#include <tenon/kernel/cortex_m/tile_job.hpp>

// Jobs of tiles in Thumb-2. Sums in r0 to r3 and r12, inputs in r4 to r8, weights in r9 and r10, where they are in r11 and the
// patch in lr; on the stack the job. Written out because compilers do not find a way with all 14 registers.
namespace tenon::kernel::cortex_m {

static_assert(sizeof(TileJob) == 40 && offsetof(TileJob, start) == 16 && offsetof(TileJob, w) == 32);

#define TENON_INPUTS "ldmia lr!, {r4-r8}\n"
// The first sums; then the loop over the filters begins.
#define TENON_BEGIN                   \
  "push {r0, r4-r11, lr}\n"           \
  "ldr r11, [r0, #32]\n"              \
  "add.w lr, r0, #16\n"               \
  "ldmia lr, {r4-r7}\n"               \
  "ldmia r4, {r0-r3, r12}\n"          \
  "add.w r4, r4, r5\n"                \
  "str r4, [lr]\n"                    \
  "mov lr, r7\n"                      \
  "0:\n"
// r4: finish, r5: outputs, r6: filters left, r7: stride, lr: the second half of the job.
#define TENON_STATE    \
  "ldr lr, [sp]\n"     \
  "ldmia lr!, {r4-r7}\n"
#define TENON_SCALE            \
  "ldrd r8, r9, [r4], #8\n"    \
  "lsr r10, r9, #16\n"         \
  "mla r0, r0, r10, r8\n"      \
  "mla r1, r1, r10, r8\n"      \
  "mla r2, r2, r10, r8\n"      \
  "mla r3, r3, r10, r8\n"      \
  "mla r12, r12, r10, r8\n"    \
  "asr r0, r0, r9\n"           \
  "asr r1, r1, r9\n"           \
  "asr r2, r2, r9\n"           \
  "asr r3, r3, r9\n"           \
  "asr.w r12, r12, r9\n"
#define TENON_CLAMP(operation, bits)     \
  operation " r0, #" bits ", r0\n"       \
  operation " r1, #" bits ", r1\n"       \
  operation " r2, #" bits ", r2\n"       \
  operation " r3, #" bits ", r3\n"       \
  operation " r12, #" bits ", r12\n"
#define TENON_MINIMUM(sum) "cmp " sum ", r8\n it gt\n movgt " sum ", r8\n"
#define TENON_LIMIT                                                       \
  "sbfx r8, r9, #8, #8\n" TENON_MINIMUM("r0") TENON_MINIMUM("r1")         \
      TENON_MINIMUM("r2") TENON_MINIMUM("r3") TENON_MINIMUM("r12")
#define TENON_STORE                   \
  "strb r0, [r5]\n"                   \
  "strb r1, [r5, r7]\n"               \
  "add.w r8, r5, r7, lsl #1\n"        \
  "strb r2, [r8]\n"                   \
  "strb r3, [r8, r7]\n"               \
  "strb.w r12, [r8, r7, lsl #1]\n"    \
  "adds r5, #1\n"
#define TENON_NEXT                    \
  "subs r6, #1\n"                     \
  "stmdb lr, {r4-r7}\n"               \
  "beq 9f\n"                          \
  "ldmia lr, {r4-r7}\n"               \
  "ldmia r4, {r0-r3, r12}\n"          \
  "add.w r4, r4, r5\n"                \
  "str r4, [lr]\n"                    \
  "add.w r11, r11, r6\n"              \
  "mov lr, r7\n"                      \
  "b 0b\n"                            \
  "9: pop {r0, r4-r11, pc}\n"
#define TENON_END_SUMS TENON_STATE "stmia r5!, {r0-r3, r12}\n" TENON_NEXT
#define TENON_END_RELU TENON_STATE TENON_SCALE TENON_CLAMP("usat", "7") TENON_STORE TENON_NEXT
#define TENON_END_PLAIN TENON_STATE TENON_SCALE TENON_CLAMP("ssat", "8") TENON_STORE TENON_NEXT
#define TENON_END_LIMITED \
  TENON_STATE TENON_SCALE TENON_LIMIT TENON_CLAMP("usat", "7") TENON_STORE TENON_NEXT

#define TENON_MLA(v)        \
  "mla r0, " v ", r4, r0\n" \
  "mla r1, " v ", r5, r1\n" \
  "mla r2, " v ", r6, r2\n" \
  "mla r3, " v ", r7, r3\n" \
  "mla r12, " v ", r8, r12\n"
#define TENON_BYTE "ldrsb r9, [r11], #1\n" TENON_MLA("r9") TENON_INPUTS
#define TENON_EIGHT TENON_BYTE TENON_BYTE TENON_BYTE TENON_BYTE TENON_BYTE TENON_BYTE TENON_BYTE TENON_BYTE
#define TENON_NIBBLE(bit) "sbfx r9, r10, #" bit ", #4\n" TENON_MLA("r9") TENON_INPUTS
#define TENON_MLA_BYTES                \
  TENON_INPUTS                         \
  "1:\n" TENON_EIGHT                   \
  "cmp r4, #0x7F7F7F7F\n"              \
  "bne 1b\n"
#define TENON_MLA_ANY                  \
  TENON_INPUTS                         \
  "1: cmp r4, #0x7F7F7F7F\n"           \
  "beq 2f\n" TENON_EIGHT               \
  "b 1b\n"                             \
  "2: ldr r10, [sp]\n"                 \
  "ldr r10, [r10, #36]\n"              \
  "ands r10, r10, #7\n"                \
  "beq 4f\n"                           \
  "3:\n" TENON_INPUTS                  \
  "ldrsb r9, [r11], #1\n" TENON_MLA("r9") \
  "subs r10, #1\n"                     \
  "bne 3b\n"                           \
  "4:\n"
#define TENON_MLA_NIBBLES                                                                                     \
  TENON_INPUTS                                                                                                \
  "1: ldr r10, [r11], #4\n" TENON_NIBBLE("0") TENON_NIBBLE("8") TENON_NIBBLE("16") TENON_NIBBLE("24")         \
      TENON_NIBBLE("4") TENON_NIBBLE("12") TENON_NIBBLE("20") TENON_NIBBLE("28")                              \
  "cmp r4, #0x7F7F7F7F\n"                                                                                     \
  "bne 1b\n"

#define TENON_TILE_BY_OUTPUT(loop)                                                         \
  if constexpr (output == TileOutput::sums) asm(TENON_BEGIN loop TENON_END_SUMS);          \
  if constexpr (output == TileOutput::relu) asm(TENON_BEGIN loop TENON_END_RELU);          \
  if constexpr (output == TileOutput::plain) asm(TENON_BEGIN loop TENON_END_PLAIN);        \
  if constexpr (output == TileOutput::limited) asm(TENON_BEGIN loop TENON_END_LIMITED);

// noipa: the compiler must not conclude from a body that it cannot see which registers survive.
template <TileOutput output, TileWeights weights>
[[gnu::naked, gnu::noipa]] void run_mla_tile(TileJob*) noexcept {
  if constexpr (weights == TileWeights::bytes) {
    TENON_TILE_BY_OUTPUT(TENON_MLA_BYTES)
  } else if constexpr (weights == TileWeights::any_bytes) {
    TENON_TILE_BY_OUTPUT(TENON_MLA_ANY)
  } else {
    TENON_TILE_BY_OUTPUT(TENON_MLA_NIBBLES)
  }
}
template <TileOutput output, TileWeights weights>
inline void run_tile(const MlaPatch<5>*, TileJob& job) noexcept {
  run_mla_tile<output, weights>(&job);
}

#if defined(__ARM_FEATURE_DSP)
#define TENON_SMLAD(v)        \
  "smlad r0, " v ", r4, r0\n" \
  "smlad r1, " v ", r5, r1\n" \
  "smlad r2, " v ", r6, r2\n" \
  "smlad r3, " v ", r7, r3\n" \
  "smlad r12, " v ", r8, r12\n"
#define TENON_FOUR                                        \
  "ldr r9, [r11], #4\n"                                   \
  "sxtb16 r10, r9\n" TENON_SMLAD("r10") TENON_INPUTS      \
  "sxtb16 r9, r9, ror #8\n" TENON_SMLAD("r9") TENON_INPUTS
#define TENON_PAIR(bit)       \
  "lsr r10, r9, #" bit "\n"   \
  "and r10, r10, #0x000F000F\n" TENON_SMLAD("r10") TENON_INPUTS
#define TENON_SMLAD_BYTES              \
  TENON_INPUTS                         \
  "1:\n" TENON_FOUR TENON_FOUR         \
  "cmp r4, #0x7F7F7F7F\n"              \
  "bne 1b\n"
// The last bytes, fewer than 4, are loaded as the end of a word.
#define TENON_SMLAD_ANY                                   \
  TENON_INPUTS                                            \
  "1: cmp r4, #0x7F7F7F7F\n"                              \
  "beq 2f\n" TENON_FOUR TENON_FOUR                        \
  "b 1b\n"                                                \
  "2: ldr r9, [sp]\n"                                     \
  "ldr r9, [r9, #36]\n"                                   \
  "tst r9, #4\n"                                          \
  "beq 3f\n" TENON_INPUTS                                 \
  "ldr r9, [r11], #4\n"                                   \
  "sxtb16 r10, r9\n" TENON_SMLAD("r10") TENON_INPUTS      \
  "sxtb16 r9, r9, ror #8\n" TENON_SMLAD("r9")             \
  "ldr r9, [sp]\n"                                        \
  "ldr r9, [r9, #36]\n"                                   \
  "3: ands r9, r9, #3\n"                                  \
  "beq 4f\n" TENON_INPUTS                                 \
  "add r11, r11, r9\n"                                    \
  "rsb r9, r9, #4\n"                                      \
  "lsl r9, r9, #3\n"                                      \
  "ldr r10, [r11, #-4]\n"                                 \
  "lsr r9, r10, r9\n"                                     \
  "sxtb16 r10, r9\n" TENON_SMLAD("r10") TENON_INPUTS      \
  "sxtb16 r9, r9, ror #8\n" TENON_SMLAD("r9")             \
  "4:\n"
// Weights plus 8 need no extension of their sign; the sums begin with what is too much.
#define TENON_SMLAD_NIBBLES                               \
  TENON_INPUTS                                            \
  "1: ldr r9, [r11], #4\n"                                \
  "eor r9, r9, #0x88888888\n"                             \
  "and r10, r9, #0x000F000F\n" TENON_SMLAD("r10") TENON_INPUTS TENON_PAIR("8") TENON_PAIR("4") TENON_PAIR("12") \
  "cmp r4, #0x7F7F7F7F\n"                                 \
  "bne 1b\n"

template <TileOutput output, TileWeights weights>
[[gnu::naked, gnu::noipa]] void run_smlad_tile(TileJob*) noexcept {
  if constexpr (weights == TileWeights::bytes) {
    TENON_TILE_BY_OUTPUT(TENON_SMLAD_BYTES)
  } else if constexpr (weights == TileWeights::any_bytes) {
    TENON_TILE_BY_OUTPUT(TENON_SMLAD_ANY)
  } else {
    TENON_TILE_BY_OUTPUT(TENON_SMLAD_NIBBLES)
  }
}
template <TileOutput output, TileWeights weights>
inline void run_tile(const SmladPatch<5>*, TileJob& job) noexcept {
  run_smlad_tile<output, weights>(&job);
}
#undef TENON_SMLAD
#undef TENON_FOUR
#undef TENON_PAIR
#undef TENON_SMLAD_BYTES
#undef TENON_SMLAD_ANY
#undef TENON_SMLAD_NIBBLES
#endif

#undef TENON_INPUTS
#undef TENON_BEGIN
#undef TENON_STATE
#undef TENON_SCALE
#undef TENON_CLAMP
#undef TENON_MINIMUM
#undef TENON_LIMIT
#undef TENON_STORE
#undef TENON_NEXT
#undef TENON_END_SUMS
#undef TENON_END_RELU
#undef TENON_END_PLAIN
#undef TENON_END_LIMITED
#undef TENON_MLA
#undef TENON_BYTE
#undef TENON_EIGHT
#undef TENON_NIBBLE
#undef TENON_MLA_BYTES
#undef TENON_MLA_ANY
#undef TENON_MLA_NIBBLES
#undef TENON_TILE_BY_OUTPUT

}  // namespace tenon::kernel::cortex_m
#endif
