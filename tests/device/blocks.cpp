// SPDX-License-Identifier: Apache-2.0
// Fused blocks by the kernels of this processor and by the reference. The exit status is the number of blocks that differ.
#include <cstddef>
#include <cstdint>

#include "kernel/cortex_m_blocks.hpp"

namespace {

alignas(16) std::int8_t memory[96 * 1024];

struct StaticBuffers {
  std::size_t used = 0;
  template <class T>
  T* make(std::size_t n) {
    T* const p = reinterpret_cast<T*>(memory + used);
    used += (n * sizeof(T) + 15) / 16 * 16;
    if (used > sizeof memory) __builtin_trap();
    return p;
  }
  void clear() { used = 0; }
};

}  // namespace

extern "C" int application();

int application() {
  StaticBuffers buffers;
  int wrong = 0;
  tenon_test::compare_blocks(tenon::arch::native{}, buffers, [&](int, int, int) { ++wrong; });
  return wrong;
}
