// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/reference/add_block.hpp>

// The constants of an addition, packed once, for 32 or 64 elements at a time: the same vectors come
// again after as many elements as are whole vectors and whole pixels.
namespace tenon::kernel::x86 {

/// Elements that are added at a time: as many as a vector has bytes.
inline constexpr std::int32_t add_lanes = 32;
inline constexpr std::int32_t add_lanes_zmm = 64;

/// The constants of `add_lanes` elements or more. Those of four bytes stand as the unpacking of
/// words leaves the elements.
template <std::size_t Lanes = add_lanes>
struct AddConstants {
  std::int32_t factors[Lanes];  ///< of a and of b, two int16
  std::int32_t shifts[2][Lanes];
  std::int32_t multiplier[Lanes];
  std::int32_t offset[Lanes];
  std::int32_t shift[Lanes];
  std::int8_t high[Lanes];  ///< in order
  std::uint8_t unused[Lanes];
};
static_assert(sizeof(AddConstants<>) % 64 == 0);

/// How the sums of all channels can be made.
enum class AddForm : std::int32_t {
  any,       ///< shifts above 14
  factors,   ///< one instruction shifts and adds
  finished,  ///< and multiplies with the multiplier of the finish as well
};

[[nodiscard]] constexpr std::int32_t add_vectors(const AddBlock& block,
                                                 std::int32_t lanes = add_lanes) noexcept {
  std::int32_t vectors = block.channels;
  for (std::int32_t both = 2; both <= lanes && block.channels % both == 0; both *= 2) vectors /= 2;
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

/// Where element `i` stands when words of half as many elements are unpacked: quarters of eight
/// bytes by turns.
[[nodiscard]] constexpr std::int32_t unpacked_element(std::int32_t i, std::int32_t lanes) noexcept {
  const std::int32_t half = lanes / 2;
  return i / half * half + i / 4 % 2 * (half / 2) + i % half / 8 * 4 + i % 4;
}

template <std::int32_t Lanes>
void pack_add(const AddBlock& block, const AddShifts* shifts, const ChannelFinish* channel_finish,
              std::byte* packed) noexcept {
  const AddForm form = add_form(block, shifts, channel_finish);
  std::memcpy(packed, &form, sizeof form);
  packed += 64;
  for (std::int32_t v = 0; v < add_vectors(block, Lanes); ++v) {
    AddConstants<static_cast<std::size_t>(Lanes)> to{};
    for (std::int32_t i = 0; i < Lanes; ++i) {
      const std::int32_t c = (v * Lanes + i) % block.channels;
      const ChannelFinish& channel = channel_finish[c];
      const std::int32_t place = unpacked_element(i, Lanes);
      const std::int32_t scale = form == AddForm::finished ? channel.multiplier : 1;
      to.shifts[0][place] = shifts[c].first;
      to.shifts[1][place] = shifts[c].second;
      if (form != AddForm::any) {
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

}  // namespace tenon::kernel::x86
