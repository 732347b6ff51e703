// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/tile_job.hpp>

// A row of outputs of a depthwise convolution of 3x3, in Thumb-2: four channels whose columns stand as SmladColumns writes
// them, or one as MlaColumns does.
namespace tenon::kernel::cortex_m {

/// In the order of LDM; used up.
struct ColumnsJob {
  const std::int32_t* x;
  void* y;
  std::int32_t outputs;
  std::int32_t x_step;  ///< bytes from an output's columns to the next one's
  std::int32_t y_step;
  const std::int32_t* w;
  const ChannelFinish* channel;
};

#if defined(__ARM_FEATURE_DSP)
inline constexpr bool has_column_jobs = true;
static_assert(sizeof(ColumnsJob) == 28);

// Sums of the channels 0, 2, 1, 3 in r0 to r3; x in r12, w in lr.
#define TENON_COLUMN                 \
  "ldmia r12!, {r4-r7}\n"            \
  "ldmia lr!, {r8-r11}\n"            \
  "smlad r0, r4, r8, r0\n"           \
  "smlad r1, r5, r9, r1\n"           \
  "smlad r2, r6, r10, r2\n"          \
  "smlad r3, r7, r11, r3\n" TENON_THIRD
#define TENON_THIRD                  \
  "ldmia r12!, {r4, r5}\n"           \
  "ldmia lr!, {r8, r9}\n"            \
  "smlabb r0, r4, r8, r0\n"          \
  "smlatt r1, r4, r8, r1\n"          \
  "smlabb r2, r5, r9, r2\n"          \
  "smlatt r3, r5, r9, r3\n"
#define TENON_BEGIN                  \
  "push {r0, r4-r11, lr}\n"          \
  "ldr r12, [r0]\n"                  \
  "ldr lr, [r0, #20]\n"              \
  "0:\n"                             \
  "ldmia r12!, {r4-r7}\n"            \
  "ldmia lr!, {r8-r11}\n"            \
  "smuad r0, r4, r8\n"               \
  "smuad r1, r5, r9\n"               \
  "smuad r2, r6, r10\n"              \
  "smuad r3, r7, r11\n" TENON_THIRD TENON_COLUMN TENON_COLUMN \
  "ldr lr, [sp]\n"                   \
  "ldr r4, [lr, #24]\n"              \
  "ldmia r4, {r5-r12}\n"
#define TENON_FINISH(sum, offset, word, clamp) \
  "lsr r4, " word ", #16\n"                    \
  "mla " sum ", " sum ", r4, " offset "\n"     \
  "asr.w " sum ", " sum ", " word "\n" clamp(sum, word)
#define TENON_RELU(sum, word) "usat " sum ", #7, " sum "\n"
#define TENON_PLAIN(sum, word) "ssat " sum ", #8, " sum "\n"
#define TENON_LIMITED(sum, word) \
  "sbfx r4, " word ", #8, #8\n cmp " sum ", r4\n it gt\n movgt " sum ", r4\n usat " sum ", #7, " sum "\n"
#define TENON_ROW(clamp)                                                                                      \
  TENON_BEGIN TENON_FINISH("r0", "r5", "r6", clamp) TENON_FINISH("r2", "r7", "r8", clamp)                     \
      TENON_FINISH("r1", "r9", "r10", clamp) TENON_FINISH("r3", "r11", "r12", clamp)                          \
  "ldmia lr, {r4-r8}\n"              \
  "strb r0, [r5]\n"                  \
  "strb r2, [r5, #1]\n"              \
  "strb r1, [r5, #2]\n"              \
  "strb r3, [r5, #3]\n"              \
  "add r5, r5, r8\n"                 \
  "add.w r12, r4, r7\n"              \
  "str.w r12, [lr]\n"                \
  "subs r6, #1\n"                    \
  "strd r5, r6, [lr, #4]\n"          \
  "ldr lr, [lr, #20]\n"              \
  "bne 0b\n"                         \
  "pop {r0, r4-r11, pc}\n"

template <TileOutput output>
[[gnu::naked, gnu::noipa]] void run_smlad_columns(ColumnsJob*) noexcept {
  if constexpr (output == TileOutput::relu) asm(TENON_ROW(TENON_RELU));
  if constexpr (output == TileOutput::plain) asm(TENON_ROW(TENON_PLAIN));
  if constexpr (output == TileOutput::limited) asm(TENON_ROW(TENON_LIMITED));
}
#undef TENON_COLUMN
#undef TENON_THIRD
#undef TENON_BEGIN
#undef TENON_FINISH
#undef TENON_RELU
#undef TENON_PLAIN
#undef TENON_LIMITED
#undef TENON_ROW
#else
inline constexpr bool has_column_jobs = false;
template <TileOutput output>
inline void run_smlad_columns(ColumnsJob*) noexcept {}
#endif

}  // namespace tenon::kernel::cortex_m
