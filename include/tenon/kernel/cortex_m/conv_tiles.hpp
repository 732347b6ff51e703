// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/requantize.hpp>
#include <tenon/kernel/cortex_m/tile_job.hpp>
#include <tenon/kernel/cortex_m/tile_thumb.hpp>

namespace tenon::kernel::cortex_m {

// A convolution in tiles: the windows of a few pixels are written into a patch once, shifted and padded, and all filters go over
// it. Long windows are cut into chunks of inputs, with the sums of the tile between them in memory: the patch stays small.
struct ConvScratch {
  std::int32_t chunk;  ///< inputs in a patch: all of them, or a multiple of 8
  std::size_t sums;    ///< where the parts stand, in words: the patch is the first
  std::size_t table;
  std::size_t words;

  template <class Patch>
  [[nodiscard, gnu::always_inline]] static constexpr ConvScratch of(const ConvBlock& block) noexcept {
    constexpr auto longest = static_cast<std::int32_t>(360 / (Patch::words(8) - Patch::pixels) * 8);
    const std::int32_t all = row_inputs(block);
    const std::int32_t parts = (all + longest - 1) / longest;
    const std::int32_t part = ((all + parts - 1) / parts + 7) & ~7;
    const auto sums = static_cast<std::size_t>(block.filters / block.groups) * Patch::pixels;
    const bool cut = parts > 1 && Patch::words(part) + sums < Patch::words(all);
    ConvScratch s{cut ? part : all, 0, 0, 0};
    s.sums = Patch::words(s.chunk);
    const std::int32_t pixels = block.window.y.output * block.window.x.output;
    const bool direct = tile_output(block.finish) != TileOutput::sums && pixels >= static_cast<std::int32_t>(Patch::pixels);
    s.table = s.sums + (cut || !direct ? sums : 0);
    s.words = s.table + (block.shifted ? Patch::table_words(block.channels / block.groups) *
                              static_cast<std::size_t>(block.groups)
                        : 0);
    return s;
  }
};

/// Inputs from to from + n of the window of the output (oy, ox) into a patch. x, padding, shifts and table begin at the first
/// channel of the group.
template <class Patch, class X>
[[gnu::always_inline]] inline void fill_patch(Patch patch, const ConvBlock& block, const X* x, const X* padding,
                                              const std::uint8_t* shifts, const std::int32_t* table, std::int32_t oy,
                                              std::int32_t ox, std::int32_t from, std::int32_t n) noexcept {
  const Window2D& window = block.window;
  const std::int32_t depth = block.channels / block.groups;
  const bool joined = block.groups == 1 && window.x.dilation == 1;
  std::int32_t ky = 0;
  std::int32_t kx = 0;
  std::int32_t c = 0;
  if (n < row_inputs(block)) {
    ky = from / (depth * window.x.kernel);
    kx = from / depth - ky * window.x.kernel;
    c = from % depth;
  }
  for (std::int32_t left = n; left > 0;) {
    const std::int32_t iy = oy * window.y.stride + ky * window.y.dilation - window.y.before;
    const std::int32_t ix = ox * window.x.stride + kx * window.x.dilation - window.x.before;
    const bool inside = static_cast<std::uint32_t>(iy) < static_cast<std::uint32_t>(window.y.input) &&
                        static_cast<std::uint32_t>(ix) < static_cast<std::uint32_t>(window.x.input);
    std::int32_t taps = 1;  // that stand side by side in memory
    if (joined && inside) {
      const std::int32_t in_kernel = window.x.kernel - kx;
      const std::int32_t in_row = window.x.input - ix;
      taps = in_kernel < in_row ? in_kernel : in_row;
    }
    const std::int32_t there = taps * depth - c;
    const std::int32_t run = there < left ? there : left;
    if (inside) {
      const X* from_x = x + (iy * window.x.input + ix) * block.channels + c;
      if (block.shifted) {
        for (std::int32_t rest = run; rest > 0;) {
          const std::int32_t piece = rest < depth - c ? rest : depth - c;
          patch.copy_shifted(from_x, shifts + c, table + c / 2, depth, piece);
          from_x += piece;
          rest -= piece;
          c = 0;
        }
      } else {
        patch.copy(from_x, run);
      }
    } else if (block.has_padding_value) {
      patch.copy(padding + c, run);
    } else {
      patch.zeros(run);
    }
    left -= run;
    c = 0;
    kx += taps;
    if (kx >= window.x.kernel) kx = 0, ++ky;
  }
  patch.close(n, block.weight_bits <= 4);
}

template <TileWeights weights, class Patch>
[[gnu::always_inline]] inline void run_job(const Patch* kind, TileOutput output, TileJob& job) noexcept {
  switch (output) {
    case TileOutput::sums: return run_tile<TileOutput::sums, weights>(kind, job);
    case TileOutput::relu: return run_tile<TileOutput::relu, weights>(kind, job);
    case TileOutput::plain: return run_tile<TileOutput::plain, weights>(kind, job);
    case TileOutput::limited: return run_tile<TileOutput::limited, weights>(kind, job);
  }
}

/// Rows of fewer than 4 weights, of which no word can be loaded.
template <class Patch>
[[gnu::always_inline]] inline void run_few_inputs(const Patch* kind, TileOutput output, TileJob& job) noexcept {
  constexpr TileWeights weights = TileWeights::any_bytes;
  switch (output) {
    case TileOutput::sums: return run_plainly<TileOutput::sums, weights>(kind, job);
    case TileOutput::relu: return run_plainly<TileOutput::relu, weights>(kind, job);
    case TileOutput::plain: return run_plainly<TileOutput::plain, weights>(kind, job);
    case TileOutput::limited: return run_plainly<TileOutput::limited, weights>(kind, job);
  }
}

template <class Patch, class X, class Y>
[[gnu::always_inline]] inline void conv_tiles(const ConvBlock& block, const X* x, const X* padding,
                                              const std::uint8_t* shifts, const signed char* w,
                                              const ChannelFinish* channel_finish, Y* y,
                                              std::int32_t* scratch) noexcept {
  constexpr auto tile = static_cast<std::int32_t>(Patch::pixels);
  constexpr const Patch* kind = nullptr;
  const Window2D& window = block.window;
  const ConvScratch at = ConvScratch::of<Patch>(block);
  const bool four_bits = block.weight_bits <= 4;
  const std::int32_t inputs = row_inputs(block);
  const std::int32_t depth = block.channels / block.groups;
  const std::int32_t width = block.filters / block.groups;
  const std::int32_t row_size = row_step(inputs, block.weight_bits);
  const std::int32_t pixels = window.y.output * window.x.output;
  const TileOutput output = tile_output(block.finish);
  // Of fewer pixels than a tile has, and of outputs that no job makes, the sums come first.
  const bool direct = output != TileOutput::sums && pixels >= tile;
  std::int32_t* const table = scratch + at.table;
  if (block.shifted && at.words > at.table) Patch::fill_table(table, shifts, block.channels);
  for (std::int32_t t = 0; t < pixels; t += tile) {
    // The last tile repeats pixels of the one before.
    const std::int32_t first = t + tile <= pixels ? t : pixels > tile ? pixels - tile : 0;
    for (std::int32_t g = 0; g < block.groups; ++g) {
      const ChannelFinish* const channel = channel_finish + g * width;
      Y* const to = y + first * block.filters + g * width;
      for (std::int32_t k = 0; k < inputs; k += at.chunk) {
        const std::int32_t n = at.chunk < inputs - k ? at.chunk : inputs - k;
        for (std::int32_t i = 0; i < tile; ++i) {
          const std::int32_t pixel = first + i < pixels ? first + i : pixels - 1;
          fill_patch(Patch(scratch, static_cast<std::size_t>(i), n, four_bits), block, x + g * depth,
                     padding + (padding ? g * depth : 0), shifts + (shifts ? g * depth : 0), table + g * depth / 2,
                     pixel / window.x.output, pixel % window.x.output, k, n);
        }
        std::int32_t start[Patch::pixels];
        Patch::start(scratch, four_bits, start);
        const bool last = k + n == inputs;
        std::int32_t* const sums = scratch + at.sums;
        if (k > 0 && Patch::starts_differ(four_bits)) {
          std::int32_t* sum = sums;
          for (std::int32_t f = 0; f < width; ++f) {
            for (const std::int32_t more : start) *sum++ += more;
          }
        }
        TileJob job{channel,
                    last && direct ? static_cast<void*>(to) : sums,
                    width,
                    block.filters,
                    k == 0 ? start : sums,
                    k == 0 ? 0 : 4 * tile,
                    four_bits ? row_size - (n + 7) / 8 * 4 : row_size - n,
                    scratch,
                    w + g * width * row_size + (four_bits ? k / 2 : k),
                    n};
        const TileOutput part = last && direct ? output : TileOutput::sums;
        if (four_bits) {
          run_job<TileWeights::nibbles>(kind, part, job);
        } else if (n % 8 == 0) {
          run_job<TileWeights::bytes>(kind, part, job);
        } else if (inputs >= 4) {
          run_job<TileWeights::any_bytes>(kind, part, job);
        } else {
          run_few_inputs(kind, part, job);
        }
        if (last && !direct) {
          const std::int32_t* sum = sums;
          for (std::int32_t f = 0; f < width; ++f) {
            const Requantizer requantizer = Requantizer::of(channel[f]);
            for (std::int32_t i = 0; i < tile; ++i, ++sum) {
              if (i < pixels) to[i * block.filters + f] = static_cast<Y>(requantizer(block.finish, *sum));
            }
          }
        }
      }
    }
  }
}

}  // namespace tenon::kernel::cortex_m
