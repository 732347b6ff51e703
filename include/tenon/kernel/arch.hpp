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
/// Products of four bytes summed up in 256-bit registers (AVX-VNNI).
struct avx_vnni : avx2 {
  static constexpr const char* name = "avx_vnni";
};
/// x86-64-v4 with AVX512-VNNI: the same in 512-bit registers.
struct avx512_vnni : avx2 {
  static constexpr const char* name = "avx512_vnni";
};
/// Matrix tiles of int8, besides AVX512-VNNI.
struct amx_int8 : avx512_vnni {
  static constexpr const char* name = "amx_int8";
};
/// AArch64 with Advanced SIMD.
struct neon : portable {
  static constexpr const char* name = "neon";
};
/// SDOT and UDOT.
struct neon_dot : neon {
  static constexpr const char* name = "neon_dot";
};
/// SMMLA and USDOT.
struct neon_i8mm : neon_dot {
  static constexpr const char* name = "neon_i8mm";
};
/// Cortex-M3 and the like: a few registers, multiply-accumulate, no vectors.
struct cortex_m : portable {
  static constexpr const char* name = "cortex_m";
};
/// Cortex-M4, M7, M33 with the DSP extension: two products of 16 bits at a time.
struct cortex_m_dsp : cortex_m {
  static constexpr const char* name = "cortex_m_dsp";
};
/// Cortex-M55, M85 with Helium.
struct cortex_m_mve : cortex_m_dsp {
  static constexpr const char* name = "cortex_m_mve";
};

/// What the compiler was asked to build for.
#if defined(__AMX_INT8__) && defined(__AVX512VNNI__)
using native = amx_int8;
#elif defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)
using native = avx512_vnni;
#elif defined(__AVXVNNI__)
using native = avx_vnni;
#elif defined(__AVX2__) && defined(__FMA__)
using native = avx2;
#elif defined(__ARM_FEATURE_MVE)
using native = cortex_m_mve;
#elif defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && defined(__ARM_FEATURE_DSP)
using native = cortex_m_dsp;
#elif defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
using native = cortex_m;
#elif defined(__aarch64__) && defined(__ARM_FEATURE_MATMUL_INT8)
using native = neon_i8mm;
#elif defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)
using native = neon_dot;
#elif defined(__aarch64__)
using native = neon;
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
