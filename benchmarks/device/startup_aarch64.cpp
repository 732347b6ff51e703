// SPDX-License-Identifier: Apache-2.0
// What a program needs on the emulated board `virt` of qemu-system-aarch64: floating-point registers, memory that vectors may
// read at any address, no libraries. Printing and leaving are semihosting calls.
#include <cstddef>
#include <cstdint>

extern "C" {
extern std::uint32_t data_begin[], data_end[], data_load[], bss_begin[], bss_end[];
int application();
[[noreturn]] void start();
void write_text(const char* text);
}

namespace {

std::uint64_t call(std::uint64_t number, const void* block) {
  register std::uint64_t operation asm("x0") = number;
  register const void* argument asm("x1") = block;
  asm volatile("hlt #0xF000" : "+r"(operation) : "r"(argument) : "memory");
  return operation;
}

[[noreturn]] void leave(std::uint64_t status) {
  const std::uint64_t block[2] = {0x20026, status};  // ADP_Stopped_ApplicationExit
  for (;;) call(0x18, block);
}

/// One gigabyte an entry: devices, then memory.
alignas(4096) std::uint64_t table[512];

void map_memory() {
  constexpr std::uint64_t block = 1U | 1U << 10;  // valid, accessed
  table[0] = block;
  table[1] = 0x40000000U | block | 1U << 2 | 3U << 8;  // attributes 1, inner shareable
  asm volatile(
      "msr mair_el1, %0\n msr tcr_el1, %1\n msr ttbr0_el1, %2\n dsb sy\n isb\n"
      "mrs x9, sctlr_el1\n orr x9, x9, #1\n msr sctlr_el1, x9\n isb"
      :
      : "r"(std::uint64_t{0xFF00}), "r"(std::uint64_t{25} | std::uint64_t{1} << 23 | std::uint64_t{2} << 32), "r"(table)
      : "x9", "memory");
}

}  // namespace

void write_text(const char* text) { call(0x04, text); }

asm(R"(
  .section .vectors, "ax"
  .global reset
reset:
  mrs x0, cpacr_el1
  orr x0, x0, #(3 << 20)
  msr cpacr_el1, x0
  isb
  ldr x0, =stack_top
  mov sp, x0
  b start
  .text
)");

void start() {
  const volatile std::uint32_t* from = data_load;
  for (volatile std::uint32_t* to = data_begin; to != data_end; ++to) *to = *from++;
  for (volatile std::uint32_t* to = bss_begin; to != bss_end; ++to) *to = 0;
  map_memory();
  leave(static_cast<std::uint64_t>(application()));
}

// Compilers call these of themselves; 16 bytes at a time, as those of a library would.
using Vector [[gnu::vector_size(16), gnu::aligned(1), gnu::may_alias]] = unsigned char;

extern "C" [[gnu::optimize("no-tree-loop-distribute-patterns")]] void* memcpy(void* to, const void* from, std::size_t n) {
  auto* a = static_cast<unsigned char*>(to);
  const auto* b = static_cast<const unsigned char*>(from);
  for (; n >= 16; n -= 16, a += 16, b += 16) *reinterpret_cast<Vector*>(a) = *reinterpret_cast<const Vector*>(b);
  for (; n > 0; --n) *a++ = *b++;
  return to;
}
extern "C" [[gnu::optimize("no-tree-loop-distribute-patterns")]] void* memset(void* to, int value, std::size_t n) {
  auto* a = static_cast<unsigned char*>(to);
  const Vector all = Vector{} + static_cast<unsigned char>(value);
  for (; n >= 16; n -= 16, a += 16) *reinterpret_cast<Vector*>(a) = all;
  for (; n > 0; --n) *a++ = static_cast<unsigned char>(value);
  return to;
}
