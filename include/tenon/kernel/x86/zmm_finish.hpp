// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/dot_kernels.hpp>

// finish() of block.hpp for AVX-512, 16 channels in the lanes. A test that stands in for the
// instructions compiles these functions for the processor it has.
#if !defined(TENON_ZMM_TARGET)
#define TENON_ZMM_TARGET gnu::target("avx2,fma,avx512f,avx512bw,avx512vl,avx512vnni")
#endif

namespace tenon::kernel::x86 {

/// All but the last limits.
template <class Dots>
struct ZmmFinish {
  const FinishTraits& traits;
  typename Dots::Vector offset;
  typename Dots::Vector multiplier;
  typename Dots::Vector shift;

  [[TENON_ZMM_TARGET, gnu::always_inline]] typename Dots::Vector any(
      typename Dots::Vector sum) const noexcept {
    if (traits.raw) return Dots::add(sum, offset);
    if (traits.limit_bits < 31) {
      const std::int32_t top = (std::int32_t{1} << traits.limit_bits) - 1;
      sum = Dots::most(Dots::least(sum, Dots::all(top)), Dots::all(-top - 1));
    }
    return Dots::right(Dots::add(Dots::multiply(sum, multiplier), offset), shift);
  }
  /// Sums of 16 bits and multipliers of 15, without the limit of the sum: the higher words of the
  /// multipliers are 0.
  [[TENON_ZMM_TARGET, gnu::always_inline]] typename Dots::Vector small(
      typename Dots::Vector sum) const noexcept {
    return Dots::right(Dots::dot_words(offset, sum, multiplier), shift);
  }
};

/// A byte in all places.
template <class Dots>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline typename Dots::Vector bytes_of(
    std::int8_t value) noexcept {
  return Dots::all(static_cast<std::int32_t>(0x01010101U * static_cast<std::uint8_t>(value)));
}

/// Four vectors of 16 outputs as 64 bytes in order, limited.
template <class Dots>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline typename Dots::Vector bytes_of(
    const typename Dots::Vector (&out)[4], typename Dots::Vector high, std::int8_t low) noexcept {
  const auto bytes = Dots::to_bytes(Dots::to_words(out[0], out[1]), Dots::to_words(out[2], out[3]));
  return Dots::most_bytes(Dots::least_bytes(Dots::transposed(bytes), high), bytes_of<Dots>(low));
}

}  // namespace tenon::kernel::x86
#endif
