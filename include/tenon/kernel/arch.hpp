// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <concepts>

// Architecture tags. A kernel takes one as its first, empty argument; a better architecture adds an
// overload, and inheritance finds the next best where there is none. `reference` is the meaning of every
// kernel; all others equal it bit for bit.
namespace tenon::arch {

struct reference {
  static constexpr const char* name = "reference";
};
struct portable : reference {
  static constexpr const char* name = "portable";
};
/// x86-64-v3: AVX2 and fused multiply-add. Code for it runs in functions that are compiled for it.
struct avx2 : portable {
  static constexpr const char* name = "avx2";
};

/// What the compiler was asked to build for.
#if defined(__AVX2__) && defined(__FMA__)
using native = avx2;
#else
using native = portable;
#endif

/// The architecture adds a product to a float without rounding it.
template <class Arch>
inline constexpr bool has_fused_multiply_add = std::derived_from<Arch, avx2>;

/// Portable loops serve this architecture where it has no overload of its own.
template <class Arch>
concept Portable = std::derived_from<Arch, portable>;

}  // namespace tenon::arch
