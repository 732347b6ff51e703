// SPDX-License-Identifier: Apache-2.0
// What a board needs to reach the application and to tell an emulator how it ended.
#include <cstdint>

extern "C" {
extern std::uint32_t data_begin[], data_end[], data_load[], bss_begin[], bss_end[], stack_top[];
int application();
[[noreturn]] void reset();
[[noreturn]] void trap();
}

namespace {

/// Semihosting: SYS_EXIT_EXTENDED with ADP_Stopped_ApplicationExit.
[[noreturn]] void leave(std::uint32_t status) {
  const std::uint32_t block[2] = {0x20026, status};
  register std::uint32_t operation asm("r0") = 0x20;
  register const std::uint32_t* argument asm("r1") = block;
  asm volatile("bkpt 0xAB" : : "r"(operation), "r"(argument) : "memory");
  for (;;) {
  }
}

struct Vectors {
  std::uint32_t* stack;
  void (*handlers[15])();
};

}  // namespace

void trap() { leave(255); }

__attribute__((section(".vectors"), used)) extern const Vectors vectors{
    stack_top,
    {reset, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap}};

void reset() {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  *reinterpret_cast<volatile std::uint32_t*>(0xE000ED88) |= 0xFU << 20;  // access to the FPU
  asm volatile("dsb\n isb" : : : "memory");
#endif
  const std::uint32_t* from = data_load;
  for (std::uint32_t* to = data_begin; to != data_end; ++to) *to = *from++;
  for (std::uint32_t* to = bss_begin; to != bss_end; ++to) *to = 0;
  leave(static_cast<std::uint32_t>(application()));
}
