// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__aarch64__)
#include <arm_neon.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/neon/band.hpp>
#include <tenon/kernel/neon/finish.hpp>
#include <tenon/kernel/neon/plan.hpp>
#include <tenon/kernel/reference/add_block.hpp>
#include <type_traits>

// Sum of two tensors, ReLU and output quantizer of AddBlock, equal to the reference kernel; y may be a or b. The constants of the
// channels are packed once, for 16 elements at a time: the same vectors come again after as many elements as are whole vectors
// and whole pixels, so that all elements that share constants are done while those are in registers. `packed` is aligned to 16
// bytes.
namespace tenon::kernel {
namespace neon {

/// The constants of 16 elements. Factors are shifts and multiplier in one where they fit 15 bits and no sum is limited before the
/// multiplication.
struct AddConstants {
  std::int32_t joined = 1;
  std::int32_t unused[3] = {};
  std::int16_t factors[2][16] = {};
  std::int32_t shifts[2][16] = {};
  std::int32_t multiplier[16] = {};
  std::int32_t offset[16] = {};
  std::int32_t shift[16] = {};  ///< to the left
  std::int8_t high[16] = {};
};
static_assert(sizeof(AddConstants) % 16 == 0);

[[nodiscard]] constexpr std::int32_t add_vectors(const AddBlock& block) noexcept {
  std::int32_t vectors = block.channels;
  for (std::int32_t both = 2; both <= 16 && block.channels % both == 0; both *= 2) vectors /= 2;
  return vectors;
}

/// 16 outputs from 16 elements of either tensor, as words.
template <bool Joined, class Y>
[[gnu::always_inline]] inline void add_16(const FinishTraits& traits, const AddConstants& constants, const int16x8_t* a,
                                          const int16x8_t* b, Y* y, std::int32_t count) noexcept {
  int32x4_t out[4];
#pragma GCC unroll 4
  for (std::int32_t v = 0; v < 4; ++v) {
    const int16x4_t first = v % 2 == 0 ? vget_low_s16(a[v / 2]) : vget_high_s16(a[v / 2]);
    const int16x4_t second = v % 2 == 0 ? vget_low_s16(b[v / 2]) : vget_high_s16(b[v / 2]);
    const int32x4_t offset = vld1q_s32(constants.offset + 4 * v);
    const int32x4_t shift = vld1q_s32(constants.shift + 4 * v);
    if constexpr (Joined) {
      const int32x4_t sum = vmlal_s16(offset, first, vld1_s16(constants.factors[0] + 4 * v));
      out[v] = vshlq_s32(vmlal_s16(sum, second, vld1_s16(constants.factors[1] + 4 * v)), shift);
    } else {
      const int32x4_t sum = vaddq_s32(vshlq_s32(vmovl_s16(first), vld1q_s32(constants.shifts[0] + 4 * v)),
                                      vshlq_s32(vmovl_s16(second), vld1q_s32(constants.shifts[1] + 4 * v)));
      const FinishVectors channels{offset, vld1q_s32(constants.multiplier + 4 * v), shift};
      out[v] = traits.raw ? vaddq_s32(sum, offset) : scaled(traits, channels, sum);
    }
  }
  if constexpr (std::is_same_v<Y, std::int32_t>) {
    if (traits.raw) return store_sums<4>(y, out, count);
  }
  store(y, Limits{vdupq_n_s8(traits.low), vld1q_s8(constants.high)}(to_bytes(out)), count);
}

/// All elements that share the constants of a vector, `period` apart.
template <bool Joined, class A, class B, class Y>
[[gnu::always_inline]] inline void add_column(const FinishTraits& traits, const AddConstants& constants, const A* a, const B* b,
                                              std::int64_t count, std::int64_t period, Y* y) noexcept {
  std::int64_t i = 0;
  for (; i + 16 <= count; i += period) {
    const VectorOf<A> first = load(a + i);
    const VectorOf<B> second = load(b + i);
    const int16x8_t words_a[2] = {low_words(first), high_words(first)};
    const int16x8_t words_b[2] = {low_words(second), high_words(second)};
    add_16<Joined>(traits, constants, words_a, words_b, y + i, 16);
  }
  if (i >= count) return;
  std::int16_t last_a[16] = {};
  std::int16_t last_b[16] = {};
  for (std::int64_t k = 0; k < count - i; ++k) {
    last_a[k] = a[i + k];
    last_b[k] = b[i + k];
  }
  const int16x8_t words_a[2] = {vld1q_s16(last_a), vld1q_s16(last_a + 8)};
  const int16x8_t words_b[2] = {vld1q_s16(last_b), vld1q_s16(last_b + 8)};
  add_16<Joined>(traits, constants, words_a, words_b, y + i, static_cast<std::int32_t>(count - i));
}

template <class A, class B, class Y>
void add_all(const AddBlock& block, const A* a, const B* b, const std::byte* packed, Y* y) noexcept {
  const std::int64_t count = block.pixels * block.channels;
  const std::int32_t vectors = add_vectors(block);
  const auto* constants = reinterpret_cast<const AddConstants*>(packed);
  for (std::int64_t first = 0; first < std::int64_t{vectors} * 16 && first < count; first += 16, ++constants) {
    if (constants->joined != 0) {
      add_column<true>(block.finish, *constants, a + first, b + first, count - first, std::int64_t{vectors} * 16, y + first);
    } else {
      add_column<false>(block.finish, *constants, a + first, b + first, count - first, std::int64_t{vectors} * 16, y + first);
    }
  }
}

}  // namespace neon

[[nodiscard]] constexpr std::size_t packed_bytes(arch::neon, const AddBlock& block) noexcept {
  return sizeof(neon::AddConstants) * static_cast<std::size_t>(neon::add_vectors(block));
}

inline void pack(arch::neon, const AddBlock& block, const AddShifts* shifts, const ChannelFinish* channel_finish,
                 std::byte* packed) noexcept {
  for (std::int32_t v = 0; v < neon::add_vectors(block); ++v, packed += sizeof(neon::AddConstants)) {
    neon::AddConstants to;
    for (std::int32_t i = 0; i < 16; ++i) {
      const std::int32_t c = (v * 16 + i) % block.channels;
      const ChannelFinish& channel = channel_finish[c];
      const std::int64_t multiplier = block.finish.raw ? 1 : channel.multiplier;
      const std::int64_t factors[2] = {multiplier << shifts[c].first, multiplier << shifts[c].second};
      const std::int64_t largest = (std::int64_t{255} << shifts[c].first) + (std::int64_t{255} << shifts[c].second);
      const bool limited =
          !block.finish.raw && block.finish.limit_bits < 31 && largest >= std::int64_t{1} << block.finish.limit_bits;
      if (limited || factors[0] > 32767 || factors[1] > 32767) to.joined = 0;
      to.factors[0][i] = static_cast<std::int16_t>(factors[0]);
      to.factors[1][i] = static_cast<std::int16_t>(factors[1]);
      to.shifts[0][i] = shifts[c].first;
      to.shifts[1][i] = shifts[c].second;
      to.multiplier[i] = channel.multiplier;
      to.offset[i] = channel.offset;
      to.shift[i] = block.finish.raw ? 0 : -std::int32_t{channel.shift};
      to.high[i] = block.finish.channel_high ? channel.high : block.finish.high;
    }
    std::memcpy(packed, &to, sizeof to);
  }
}

template <class A, class B, class Y>
void add_block(arch::neon, const AddBlock& block, const A* a, const B* b, const std::byte* packed, Y* y) noexcept {
  neon::add_all(block, a, b, packed, y);
}

/// The same for a block that is a constant.
template <AddBlock Block, class A, class B, class Y>
void add_block(arch::neon, const A* a, const B* b, const std::byte* packed, Y* y) noexcept {
  neon::add_all(Block, a, b, packed, y);
}

}  // namespace tenon::kernel
#endif
