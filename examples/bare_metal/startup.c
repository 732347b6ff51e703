/* SPDX-License-Identifier: Apache-2.0
 * From reset to main for a Cortex-M. The status that main returns ends the emulator, or stops in
 * the debugger (semihosting). */
#include <stdint.h>

extern uint32_t data_begin[], data_end[], data_load[], bss_begin[], bss_end[], stack_top[];
int main(void);
void reset(void) __attribute__((noreturn));
void trap(void) __attribute__((noreturn));

/* SYS_EXIT_EXTENDED with ADP_Stopped_ApplicationExit. */
static void __attribute__((noreturn)) leave(uint32_t status) {
  const uint32_t block[2] = {0x20026, status};
  register uint32_t operation __asm__("r0") = 0x20;
  register const uint32_t* argument __asm__("r1") = block;
  __asm__ volatile("bkpt 0xAB" : : "r"(operation), "r"(argument) : "memory");
  for (;;) {
  }
}

void trap(void) { leave(255); }

/* The model is `static` and of constant initialization: no constructors run before main. */
void reset(void) {
  const uint32_t* from = data_load;
  for (uint32_t* to = data_begin; to != data_end; ++to) *to = *from++;
  for (uint32_t* to = bss_begin; to != bss_end; ++to) *to = 0;
  leave((uint32_t)main());
}

struct vectors {
  uint32_t* stack;
  void (*handlers[15])(void);
};
__attribute__((section(".vectors"), used)) const struct vectors vectors = {
    stack_top,
    {reset, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap}};
