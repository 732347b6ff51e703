// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/reference/add_block.hpp>
#include <tenon/kernel/x86/add_plan.hpp>
#include <tenon/kernel/x86/add_zmm.hpp>
#include <tenon/kernel/x86/stage.hpp>
#include <tenon/kernel/x86/ymm_finish.hpp>
#include <type_traits>

// Sum of two tensors, ReLU and output quantizer of AddBlock, equal to the reference kernel; y may
// be a or b. `packed` is aligned to 64 bytes.
namespace tenon::kernel {
[[nodiscard]] constexpr std::size_t packed_bytes(arch::avx2, const AddBlock& block) noexcept {
  return 64 + sizeof(x86::AddConstants<>) * static_cast<std::size_t>(x86::add_vectors(block));
}

inline void pack(arch::avx2, const AddBlock& block, const AddShifts* shifts,
                 const ChannelFinish* channel_finish, std::byte* packed) noexcept {
  x86::pack_add<x86::add_lanes>(block, shifts, channel_finish, packed);
}

namespace x86 {

/// 32 outputs.
template <AddForm Form, class A, class B, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void add_32(const FinishTraits& traits,
                                                                   const AddConstants<>& constants,
                                                                   const A* a, const B* b,
                                                                   Y* y) noexcept {
  __m256i out[4];
#pragma GCC unroll 2
  for (std::int32_t h = 0; h < 2; ++h) {
    const __m256i first = to_words(a + 16 * h);
    const __m256i second = to_words(b + 16 * h);
    const __m256i pairs[2] = {_mm256_unpacklo_epi16(first, second),
                              _mm256_unpackhi_epi16(first, second)};
#pragma GCC unroll 2
    for (std::int32_t q = 0; q < 2; ++q) {
      const std::int32_t at = 16 * h + 8 * q;
      if constexpr (Form == AddForm::finished) {
        const __m256i product = _mm256_madd_epi16(pairs[q], load(constants.factors + at));
        out[2 * h + q] = _mm256_srav_epi32(_mm256_add_epi32(product, load(constants.offset + at)),
                                           load(constants.shift + at));
      } else {
        __m256i sum;
        if constexpr (Form == AddForm::factors) {
          sum = _mm256_madd_epi16(pairs[q], load(constants.factors + at));
        } else {
          const __m256i low = _mm256_srai_epi32(_mm256_slli_epi32(pairs[q], 16), 16);
          const __m256i high = _mm256_srai_epi32(pairs[q], 16);
          sum = _mm256_add_epi32(_mm256_sllv_epi32(low, load(constants.shifts[0] + at)),
                                 _mm256_sllv_epi32(high, load(constants.shifts[1] + at)));
        }
        out[2 * h + q] = scaled(traits, constants.offset + at, constants.multiplier + at,
                                constants.shift + at, sum);
      }
    }
  }
  if constexpr (std::is_same_v<Y, std::int8_t>) {
    const __m256i bytes =
        _mm256_packs_epi16(_mm256_packs_epi32(out[0], out[1]), _mm256_packs_epi32(out[2], out[3]));
    const __m256i in_order = _mm256_permute4x64_epi64(bytes, 0xD8);
    const __m256i limited = _mm256_max_epi8(_mm256_min_epi8(in_order, load(constants.high)),
                                            _mm256_set1_epi8(traits.low));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(y), limited);
  } else {
#pragma GCC unroll 4
    for (std::int32_t i = 0; i < 4; ++i) {
      __m256i v = _mm256_permute2x128_si256(out[i / 2 * 2], out[i / 2 * 2 + 1], 0x20);
      if (i % 2 == 1) v = _mm256_permute2x128_si256(out[i / 2 * 2], out[i / 2 * 2 + 1], 0x31);
      if (!traits.raw) {
        const auto* const high = reinterpret_cast<const __m128i*>(constants.high + 8 * i);
        v = _mm256_min_epi32(v, _mm256_cvtepi8_epi32(_mm_loadl_epi64(high)));
        v = _mm256_max_epi32(v, _mm256_set1_epi32(traits.low));
      }
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + 8 * i), v);
    }
  }
}

template <AddForm Form, class A, class B, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void add_elements(
    const AddBlock& block, const A* a, const B* b, const AddConstants<>* constants, Y* y) noexcept {
  const std::int64_t count = block.pixels * block.channels;
  const std::int32_t vectors = add_vectors(block);
  std::int32_t v = 0;
  std::int64_t i = 0;
  for (; i + add_lanes <= count; i += add_lanes) {
    add_32<Form>(block.finish, constants[v], a + i, b + i, y + i);
    if (++v == vectors) v = 0;
  }
  if (i == count) return;
  A last_a[add_lanes] = {};
  B last_b[add_lanes] = {};
  Y last_y[add_lanes];
  const auto rest = static_cast<std::size_t>(count - i);
  std::memcpy(last_a, a + i, rest);
  std::memcpy(last_b, b + i, rest);
  add_32<Form>(block.finish, constants[v], last_a, last_b, last_y);
  std::memcpy(y + i, last_y, rest * sizeof(Y));
}

template <class A, class B, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void add_any(const AddBlock& block,
                                                                    const A* a, const B* b,
                                                                    const std::byte* packed,
                                                                    Y* y) noexcept {
  AddForm form;
  std::memcpy(&form, packed, sizeof form);
  const auto* const constants = reinterpret_cast<const AddConstants<>*>(packed + 64);
  if (form == AddForm::finished) {
    add_elements<AddForm::finished>(block, a, b, constants, y);
  } else if (form == AddForm::factors) {
    add_elements<AddForm::factors>(block, a, b, constants, y);
  } else {
    add_elements<AddForm::any>(block, a, b, constants, y);
  }
}

}  // namespace x86

template <class A, class B, class Y>
[[gnu::target("avx2,fma")]] void add_block(arch::avx2, const AddBlock& block, const A* a,
                                           const B* b, const std::byte* packed, Y* y) noexcept {
  x86::add_any(block, a, b, packed, y);
}

/// The same for a block that is a constant.
template <AddBlock Block, class A, class B, class Y>
[[gnu::target("avx2,fma")]] void add_block(arch::avx2, const A* a, const B* b,
                                           const std::byte* packed, Y* y) noexcept {
  x86::add_any(Block, a, b, packed, y);
}

template <std::derived_from<arch::avx512_vnni> Arch>
[[nodiscard]] constexpr std::size_t packed_bytes(Arch, const AddBlock& block) noexcept {
  return 64 + sizeof(x86::AddConstants<x86::add_lanes_zmm>) *
                  static_cast<std::size_t>(x86::add_vectors(block, x86::add_lanes_zmm));
}

template <std::derived_from<arch::avx512_vnni> Arch>
void pack(Arch, const AddBlock& block, const AddShifts* shifts, const ChannelFinish* channel_finish,
          std::byte* packed) noexcept {
  x86::pack_add<x86::add_lanes_zmm>(block, shifts, channel_finish, packed);
}

template <std::derived_from<arch::avx512_vnni> Arch, class A, class B, class Y>
void add_block(Arch, const AddBlock& block, const A* a, const B* b, const std::byte* packed,
               Y* y) noexcept {
  x86::add_zmm<x86::DotsOf<Arch>>(block, a, b, packed, y);
}

template <AddBlock Block, std::derived_from<arch::avx512_vnni> Arch, class A, class B, class Y>
void add_block(Arch, const A* a, const B* b, const std::byte* packed, Y* y) noexcept {
  x86::add_zmm<x86::DotsOf<Arch>>(Block, a, b, packed, y);
}

}  // namespace tenon::kernel
#endif
