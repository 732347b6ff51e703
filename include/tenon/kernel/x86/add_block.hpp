// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/reference/add_block.hpp>
#include <tenon/kernel/x86/matmul.hpp>
#include <tenon/kernel/x86/stage.hpp>
#include <type_traits>

// Sum of two tensors, ReLU and output quantizer of AddBlock, equal to the reference kernel; y may
// be a or b. The constants of the channels are packed once, for 32 elements at a time: the same
// vectors come again after as many elements as are whole vectors and whole pixels. `packed` is
// aligned to 64 bytes.
namespace tenon::kernel {
namespace x86 {

inline constexpr std::int32_t add_lanes = 32;

/// The constants of 32 elements. Those of four bytes stand as the unpacking of words leaves the
/// elements.
struct AddConstants {
  std::int32_t factors[add_lanes];  ///< of a and of b, two int16
  std::int32_t shifts[2][add_lanes];
  std::int32_t multiplier[add_lanes];
  std::int32_t offset[add_lanes];
  std::int32_t shift[add_lanes];
  std::int8_t high[add_lanes];  ///< in order
  std::uint8_t unused[32];
};
static_assert(sizeof(AddConstants) % 64 == 0);

/// How the sums of all channels can be made.
enum class AddForm : std::int32_t {
  any,       ///< shifts above 14
  factors,   ///< one instruction shifts and adds
  finished,  ///< and multiplies with the multiplier of the finish as well
};

[[nodiscard]] constexpr std::int32_t add_vectors(const AddBlock& block) noexcept {
  std::int32_t vectors = block.channels;
  for (std::int32_t both = 2; both <= add_lanes && block.channels % both == 0; both *= 2)
    vectors /= 2;
  return vectors;
}

[[nodiscard]] inline AddForm add_form(const AddBlock& block, const AddShifts* shifts,
                                      const ChannelFinish* channels) noexcept {
  AddForm form = block.finish.raw ? AddForm::factors : AddForm::finished;
  for (std::int32_t c = 0; c < block.channels; ++c) {
    const std::int32_t most = std::max(shifts[c].first, shifts[c].second);
    if (most > 14) return AddForm::any;
    // 512 << most: no sum of two elements of either sign is larger.
    const bool limited = block.finish.limit_bits < 31 &&
                         (std::int64_t{512} << most) > std::int64_t{1} << block.finish.limit_bits;
    if (limited || (std::int64_t{channels[c].multiplier} << most) > 32767) form = AddForm::factors;
  }
  return form;
}

}  // namespace x86

[[nodiscard]] constexpr std::size_t packed_bytes(arch::avx2, const AddBlock& block) noexcept {
  return 64 + sizeof(x86::AddConstants) * static_cast<std::size_t>(x86::add_vectors(block));
}

inline void pack(arch::avx2, const AddBlock& block, const AddShifts* shifts,
                 const ChannelFinish* channel_finish, std::byte* packed) noexcept {
  const x86::AddForm form = x86::add_form(block, shifts, channel_finish);
  std::memcpy(packed, &form, sizeof form);
  packed += 64;
  for (std::int32_t v = 0; v < x86::add_vectors(block); ++v) {
    x86::AddConstants to{};
    for (std::int32_t i = 0; i < x86::add_lanes; ++i) {
      const std::int32_t c = (v * x86::add_lanes + i) % block.channels;
      const ChannelFinish& channel = channel_finish[c];
      const std::int32_t place = i / 16 * 16 + i / 4 % 2 * 8 + i / 8 % 2 * 4 + i % 4;
      const std::int32_t scale = form == x86::AddForm::finished ? channel.multiplier : 1;
      to.shifts[0][place] = shifts[c].first;
      to.shifts[1][place] = shifts[c].second;
      if (form != x86::AddForm::any) {
        to.factors[place] = (scale << shifts[c].first) + (scale << shifts[c].second) * 65536;
      }
      to.multiplier[place] = channel.multiplier;
      to.offset[place] = channel.offset;
      to.shift[place] = channel.shift;
      to.high[i] = block.finish.channel_high ? channel.high : block.finish.high;
    }
    std::memcpy(packed + static_cast<std::size_t>(v) * sizeof to, &to, sizeof to);
  }
}

namespace x86 {

/// 32 outputs.
template <AddForm Form, class A, class B, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void add_32(const FinishTraits& traits,
                                                                   const AddConstants& constants,
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
    const AddBlock& block, const A* a, const B* b, const AddConstants* constants, Y* y) noexcept {
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
  const auto* const constants = reinterpret_cast<const AddConstants*>(packed + 64);
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

}  // namespace tenon::kernel
#endif
