// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/requantize.hpp>

namespace tenon::kernel::cortex_m {

/// What becomes of the sums of a filter.
enum class TileOutput : std::uint8_t {
  sums,     ///< they are stored as they are, those of the pixels side by side
  relu,     ///< 0 to 127
  plain,    ///< -128 to 127
  limited,  ///< 0 to the channel's own largest output
};
enum class TileWeights : std::uint8_t {
  bytes,      ///< a multiple of 8
  any_bytes,  ///< at least 4, or with others in front of them
  nibbles,
};

// The products of a patch with several filters, one behind the other. The loop over a patch needs all registers, so its state
// is in memory between filters; the order of the members is that of LDM. A job is used up.
struct TileJob {
  const ChannelFinish* channel;  ///< of the first filter
  void* y;                       ///< of the first pixel and filter
  std::int32_t filters;
  std::int32_t stride;  ///< from an output to that of the next pixel
  const std::int32_t* start;  ///< what the sums of the pixels begin with
  std::int32_t step;          ///< bytes from these to those of the next filter: 0 or those of a tile
  std::int32_t skip;          ///< bytes from the last weight to the first one of the next filter
  const std::int32_t* patch;
  const signed char* w;
  std::int32_t inputs;
};

[[nodiscard, gnu::always_inline]] inline constexpr TileOutput tile_output(const FinishTraits& traits) noexcept {
  if (traits.raw || traits.limit_bits < 31) return TileOutput::sums;
  if (traits.channel_high) return traits.low == 0 ? TileOutput::limited : TileOutput::sums;
  if (traits.high != 127) return TileOutput::sums;
  return traits.low == 0 ? TileOutput::relu : traits.low == -128 ? TileOutput::plain : TileOutput::sums;
}

/// The meaning of a job, for any processor.
template <TileOutput output, TileWeights weights, class Patch>
inline void run_plainly(const Patch* kind, TileJob& job) noexcept {
  constexpr FinishTraits traits{output == TileOutput::sums, output == TileOutput::limited,
                                output == TileOutput::plain ? std::int8_t{-128} : std::int8_t{0}, 127, 31};
  const std::int32_t* start = job.start;
  const signed char* w = job.w;
  for (std::int32_t f = 0; f < job.filters; ++f) {
    std::int32_t sums[Patch::pixels];
    for (std::size_t p = 0; p < Patch::pixels; ++p) sums[p] = start[p];
    accumulate(kind, job.patch, job.inputs, w, weights == TileWeights::nibbles, sums);
    w += (weights == TileWeights::nibbles ? (job.inputs + 7) / 8 * 4 : job.inputs) + job.skip;
    start += job.step / 4;
    if constexpr (output == TileOutput::sums) {
      std::int32_t* const to = static_cast<std::int32_t*>(job.y) + static_cast<std::size_t>(f) * Patch::pixels;
      for (std::size_t p = 0; p < Patch::pixels; ++p) to[p] = sums[p];
    } else {
      const Requantizer requantizer = Requantizer::of(job.channel[f]);
      std::int8_t* to = static_cast<std::int8_t*>(job.y) + f;
      for (std::size_t p = 0; p < Patch::pixels; ++p, to += job.stride) {
        *to = static_cast<std::int8_t>(requantizer(traits, sums[p]));
      }
    }
  }
}

template <TileOutput output, TileWeights weights, class Patch>
inline void run_tile(const Patch* kind, TileJob& job) noexcept {
  run_plainly<output, weights>(kind, job);
}

}  // namespace tenon::kernel::cortex_m
