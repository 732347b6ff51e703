// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__ARM_FEATURE_MVE)
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/tile_job.hpp>

// Three windows with four filters: sums of two filters at a time in six even registers, the only ones that VMLADAVA adds to; in
// memory they become a vector for each window. Loops over inputs are predicated: nothing behind the end is read.
namespace tenon::kernel::cortex_m {

/// In the order in which they are read; used up.
struct VectorJob {
  const void* x[3];
  const signed char* w;
  std::int32_t inputs;
  std::int32_t fours;  ///< of filters
  const ChannelFinish* channel;
  std::int8_t* y;
  std::int32_t stride;  ///< from an output to that of the next pixel
};
static_assert(sizeof(VectorJob) == 36);

// r1, r9, r11: windows; r3, r5: filters (loads that widen take low registers only); r7: inputs; r12: the next filter.
#define TENON_TWO_FILTERS(lanes, x_load, x_step, w_load, w_step, kind, at)            \
  "ldr lr, [sp, #48]\n"                                                               \
  "ldr r1, [lr]\n"                                                                    \
  "ldrd r9, r11, [lr, #4]\n"                                                           \
  "mov r3, r12\n"                                                                     \
  "add r5, r3, r7\n"                                                                 \
  "add r12, r5, r7\n"                                                                \
  "movs r0, #0\n"                                                                     \
  "movs r2, #0\n"                                                                     \
  "movs r4, #0\n"                                                                     \
  "movs r6, #0\n"                                                                     \
  "mov r8, r0\n"                                                                      \
  "mov r10, r0\n"                                                                     \
  "wlstp." lanes " lr, r7, 2f\n"                                                     \
  "1:\n"                                                                              \
  x_load " q0, [r1], #16\n"                                                           \
  x_load " q1, [r9], #16\n"                                                           \
  x_load " q2, [r11], #16\n"                                                           \
  w_load " q3, [r3], #" w_step "\n"                                                   \
  "vmladava." kind " r0, q0, q3\n"                                                    \
  "vmladava." kind " r4, q1, q3\n"                                                    \
  "vmladava." kind " r8, q2, q3\n"                                                    \
  w_load " q3, [r5], #" w_step "\n"                                                   \
  "vmladava." kind " r2, q0, q3\n"                                                    \
  "vmladava." kind " r6, q1, q3\n"                                                    \
  "vmladava." kind " r10, q2, q3\n"                                                   \
  "letp lr, 1b\n"                                                                     \
  "2:\n"                                                                              \
  "strd r0, r2, [sp, #" at "]\n"                                                      \
  "strd r4, r6, [sp, #16 + " at "]\n"                                                 \
  "strd r8, r10, [sp, #32 + " at "]\n"
#define TENON_RELU "vqshlu.s32 q1, q1, #25\n vshr.u32 q1, q1, #25\n"
#define TENON_PLAIN "vqshl.s32 q1, q1, #24\n vshr.s32 q1, q1, #24\n"
#define TENON_LIMITED "vmin.s32 q1, q1, q4\n vqshlu.s32 q1, q1, #25\n vshr.u32 q1, q1, #25\n"
#define TENON_PIXEL(at, clamp)       \
  "vldrw.32 q1, [sp, #" at "]\n"     \
  "vmul.i32 q1, q1, q2\n"            \
  "vadd.i32 q1, q1, q0\n"            \
  "vshl.s32 q1, q1, q3\n" clamp      \
  "vstrb.32 q1, [r1]\n"
#define TENON_VECTORS(two_filters_low, two_filters_high, clamp)                       \
  "push {r0, r4-r11, lr}\n"                                                           \
  "vpush {d8-d9}\n"                                                                   \
  "sub sp, #56\n"                                                                     \
  "ldrd r12, r7, [r0, #12]\n"                                                        \
  "str r0, [sp, #48]\n"                                                               \
  "0:\n" two_filters_low two_filters_high                                             \
  "ldr lr, [sp, #48]\n"                                                               \
  "ldr r0, [lr, #24]\n"                                                               \
  "vld20.32 {q0, q1}, [r0]\n"                                                         \
  "vld21.32 {q0, q1}, [r0]!\n"                                                        \
  "str r0, [lr, #24]\n"                                                               \
  "vshr.u32 q2, q1, #16\n"                                                            \
  "vneg.s32 q3, q1\n"                                                                 \
  "vshl.i32 q4, q1, #16\n"                                                            \
  "vshr.s32 q4, q4, #24\n"                                                            \
  "ldrd r1, r2, [lr, #28]\n"                                                          \
  "adds r3, r1, #4\n"                                                                 \
  "str r3, [lr, #28]\n" TENON_PIXEL("0", clamp) "add r1, r2\n" TENON_PIXEL("16", clamp) "add r1, r2\n" \
      TENON_PIXEL("32", clamp)                                                        \
  "ldr r3, [lr, #20]\n"                                                               \
  "subs r3, #1\n"                                                                     \
  "str r3, [lr, #20]\n"                                                               \
  "bne 0b\n"                                                                          \
  "add sp, #56\n"                                                                     \
  "vpop {d8-d9}\n"                                                                    \
  "pop {r0, r4-r11, pc}\n"
#define TENON_BYTES(at) TENON_TWO_FILTERS("8", "vldrb.8", "16", "vldrb.8", "16", "s8", at)
#define TENON_HALVES(at) TENON_TWO_FILTERS("16", "vldrh.16", "16", "vldrb.s16", "8", "s16", at)

/// For signed bytes or halves of words, and relu, plain or limited outputs.
// noipa: the compiler must not conclude from a body that it cannot see which registers survive.
template <TileOutput output, class T>
[[gnu::naked, gnu::noipa]] void run_vector_tile(VectorJob*) noexcept {
  if constexpr (sizeof(T) == 1) {
    if constexpr (output == TileOutput::relu) asm(TENON_VECTORS(TENON_BYTES("0"), TENON_BYTES("8"), TENON_RELU));
    if constexpr (output == TileOutput::plain) asm(TENON_VECTORS(TENON_BYTES("0"), TENON_BYTES("8"), TENON_PLAIN));
    if constexpr (output == TileOutput::limited) asm(TENON_VECTORS(TENON_BYTES("0"), TENON_BYTES("8"), TENON_LIMITED));
  } else {
    if constexpr (output == TileOutput::relu) asm(TENON_VECTORS(TENON_HALVES("0"), TENON_HALVES("8"), TENON_RELU));
    if constexpr (output == TileOutput::plain) asm(TENON_VECTORS(TENON_HALVES("0"), TENON_HALVES("8"), TENON_PLAIN));
    if constexpr (output == TileOutput::limited) asm(TENON_VECTORS(TENON_HALVES("0"), TENON_HALVES("8"), TENON_LIMITED));
  }
}
#undef TENON_TWO_FILTERS
#undef TENON_RELU
#undef TENON_PLAIN
#undef TENON_LIMITED
#undef TENON_PIXEL
#undef TENON_VECTORS
#undef TENON_BYTES
#undef TENON_HALVES

/// All filters, four at a time; the last four may repeat filters of those before.
template <class T>
[[gnu::always_inline]] inline void three_windows(TileOutput output, const T* const (&x)[3], std::int32_t inputs,
                                                 const signed char* w, std::int32_t filters,
                                                 const ChannelFinish* channel, std::int8_t* y,
                                                 std::int32_t stride) noexcept {
  for (std::int32_t f = 0; f < filters;) {
    const bool rest = f > 0 || filters < 4;
    const std::int32_t first = rest ? filters - 4 : 0;
    VectorJob job{{x[0], x[1], x[2]}, w + first * inputs, inputs, rest ? 1 : filters / 4, channel + first, y + first, stride};
    if (output == TileOutput::relu) {
      run_vector_tile<TileOutput::relu, T>(&job);
    } else if (output == TileOutput::plain) {
      run_vector_tile<TileOutput::plain, T>(&job);
    } else {
      run_vector_tile<TileOutput::limited, T>(&job);
    }
    f = rest ? filters : filters & ~3;
  }
}

}  // namespace tenon::kernel::cortex_m
#endif
