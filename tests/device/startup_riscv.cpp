// SPDX-License-Identifier: Apache-2.0
// From reset to `application` on QEMU's machine `virt`, which ends with the exit status that it
// returns.
#include <cstdint>

extern "C" {
extern std::uint32_t data_begin[], data_end[], data_load[], bss_begin[], bss_end[];
int application();
[[noreturn]] void reset();
[[noreturn]] void run();
[[noreturn]] void trap();
}

namespace {

/// The test device of the machine: 0x5555 for success, 0x3333 below the status of a failure.
[[noreturn]] void leave(std::uint32_t status) {
  *reinterpret_cast<volatile std::uint32_t*>(0x100000) =
      status == 0 ? 0x5555 : (status << 16 | 0x3333);
  for (;;) {
  }
}

}  // namespace

__attribute__((aligned(4))) void trap() { leave(255); }

// The machine begins at the first address of its memory.
__attribute__((naked, used, section(".vectors"))) void reset() {
  asm volatile(".option arch, +zicsr\n la sp, stack_top\n la t0, trap\n csrw mtvec, t0\n j run");
}

void run() {
  const std::uint32_t* from = data_load;
  for (std::uint32_t* to = data_begin; to != data_end; ++to) *to = *from++;
  for (std::uint32_t* to = bss_begin; to != bss_end; ++to) *to = 0;
  leave(static_cast<std::uint32_t>(application()));
}
