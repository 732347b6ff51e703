// SPDX-License-Identifier: Apache-2.0
#include "kernel/cortex_m_blocks.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <memory>
#include <vector>

using namespace tenon_test;

namespace {

/// Each piece for itself, so that a sanitizer sees what is read or written beside it.
struct HeapBuffers {
  std::vector<std::shared_ptr<void>> pieces;
  template <class T>
  T* make(std::size_t n) {
    const std::shared_ptr<T[]> piece(new T[n]());
    pieces.push_back(piece);
    return piece.get();
  }
  void clear() { pieces.clear(); }
};

template <class Arch>
void compare_all() {
  HeapBuffers buffers;
  const int compared = compare_blocks(Arch{}, buffers, [](int operation, int which, int flags) {
    CAPTURE(operation);
    CAPTURE(which);
    CAPTURE(flags);
    CHECK_MESSAGE(false, Arch::name, " differs from the reference");
  });
  CHECK(compared > 1000);
}

}  // namespace

TEST_CASE("blocks of Cortex-M without vectors equal the reference") { compare_all<arch::cortex_m>(); }

TEST_CASE("blocks of Cortex-M with the DSP extension equal the reference") { compare_all<arch::cortex_m_dsp>(); }
