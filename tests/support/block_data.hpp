// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <tenon/kernel/block.hpp>
#include <vector>

// Weights and constants for tests of blocks that keep what every block promises: no sum leaves 32
// bits.
namespace tenon_test {

/// Memory of exactly so many bytes, aligned to 64, full of something: kernels find no zeros by
/// luck.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::size_t size)
      : memory_(static_cast<std::byte*>(::operator new(size, alignment))) {
    std::memset(memory_.get(), 0xA5, size);
  }
  [[nodiscard]] std::byte* data() const { return memory_.get(); }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Delete {
    void operator()(std::byte* p) const { ::operator delete(p, alignment); }
  };
  std::unique_ptr<std::byte, Delete> memory_;
};

/// Rows of weights as blocks hold them; 4 bits are packed.
inline std::vector<signed char> packed_rows(const std::vector<std::int8_t>& weights,
                                            std::int64_t row, int bits) {
  if (bits > 4) return {weights.begin(), weights.end()};
  const auto rows = static_cast<std::int64_t>(weights.size()) / row;
  const std::size_t size = tenon::kernel::row_bytes(row, bits);
  std::vector<signed char> packed(static_cast<std::size_t>(rows) * size);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = 0; i < row; ++i) {
      signed char& byte =
          packed[static_cast<std::size_t>(r) * size + static_cast<std::size_t>(i / 8 * 4 + i % 4)];
      const int half = weights[static_cast<std::size_t>(r * row + i)] & 0xF;
      byte = static_cast<signed char>(byte | (i % 8 < 4 ? half : half * 16));
    }
  }
  return packed;
}

/// Constants for a channel whose sums are at most `largest`: now and then the outputs fill int8,
/// reach its ends or are zero.
inline tenon::kernel::ChannelFinish random_finish(std::mt19937& random, std::int64_t largest) {
  largest = std::max<std::int64_t>(largest, 1);
  const std::int64_t room = 2000000000;
  const std::int64_t most =
      std::clamp<std::int64_t>(room / largest, 1, random() % 4 == 0 ? 65535 : 32767);
  const auto multiplier = static_cast<std::int64_t>(random()) % most + 1;
  const std::int64_t product = largest * multiplier;
  int shift = 0;
  while (shift < 31 && (product >> shift) > 400) ++shift;
  const std::int64_t spread =
      std::max<std::int64_t>(std::min<std::int64_t>(product / 8, 2147000000 - product), 1);
  tenon::kernel::ChannelFinish finish;
  finish.multiplier = static_cast<std::uint16_t>(multiplier);
  finish.shift = static_cast<std::uint8_t>(shift);
  finish.offset =
      static_cast<std::int32_t>(static_cast<std::int64_t>(random()) % (2 * spread) - spread);
  finish.high = static_cast<std::int8_t>(random() % 128);
  return finish;
}

/// All kinds of traits, one after the other.
inline tenon::kernel::FinishTraits some_traits(unsigned i, int limit_bits) {
  tenon::kernel::FinishTraits traits;
  if (i % 2 == 1) traits.low = 0;
  if (i % 3 == 1) traits.channel_high = true;
  if (i % 3 == 2) traits.high = 100;
  if (i % 4 == 3) traits.limit_bits = static_cast<std::uint8_t>(limit_bits);
  return traits;
}

}  // namespace tenon_test
