// SPDX-License-Identifier: Apache-2.0
// Memory whose last byte stands in front of a page that nobody may touch, for tests where sanitizers cost too much: a kernel that
// reads or writes behind a tensor ends the program. What has a size that is no multiple of its alignment is not aligned.
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t page = 4096;

/// A page with the number of pages, those that hold the bytes, and the guard. The bytes begin in the second page.
void* allocate(std::size_t size) {
  if (size == 0) size = 1;
  const std::size_t pages = (size + page - 1) / page + 2;
  void* const memory = mmap(nullptr, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  *static_cast<std::size_t*>(memory) = pages;
  auto* const guard = static_cast<std::byte*>(memory) + (pages - 1) * page;
  if (mprotect(guard, page, PROT_NONE) != 0) std::abort();
  return guard - size;
}

void release(void* p) noexcept {
  if (p == nullptr) return;
  auto* const memory = static_cast<std::byte*>(p) - reinterpret_cast<std::uintptr_t>(p) % page - page;
  munmap(memory, *reinterpret_cast<const std::size_t*>(memory) * page);
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t) { return allocate(size); }
void operator delete(void* p) noexcept { release(p); }
void operator delete(void* p, std::size_t) noexcept { release(p); }
void operator delete(void* p, std::align_val_t) noexcept { release(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { release(p); }
