// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/cortex_m/columns_mla.hpp>
#include <tenon/kernel/cortex_m/columns_thumb.hpp>
#include <tenon/kernel/cortex_m/instructions.hpp>
#include <tenon/kernel/cortex_m/requantize.hpp>

namespace tenon::kernel::cortex_m {

// Sums of the channels 0, 2, 1 and 3 of four, the order of SXTB16.
using FourSums = std::int32_t[4];

[[gnu::always_inline]] inline void add_row_pair(const std::int32_t*& x, const std::int32_t*& w, FourSums& a) noexcept {
  for (int i = 0; i < 4; ++i, ++x, ++w) {
    a[i] = smlad(static_cast<std::uint32_t>(*x), static_cast<std::uint32_t>(*w), a[i]);
  }
}
[[gnu::always_inline]] inline void add_row(const std::int32_t*& x, const std::int32_t*& w, FourSums& a) noexcept {
  for (int i = 0; i < 4; i += 2, ++x, ++w) {
    a[i] = smlabb(static_cast<std::uint32_t>(*x), static_cast<std::uint32_t>(*w), a[i]);
    a[i + 1] = smlatt(static_cast<std::uint32_t>(*x), static_cast<std::uint32_t>(*w), a[i + 1]);
  }
}

// A depthwise convolution, four channels at a time. The rows that the windows of a row of outputs meet are written as halves of
// words, two rows in a word, padding included; the weights stand in the same order.
struct SmladColumns {
  /// Words of a column.
  [[nodiscard, gnu::always_inline]] static constexpr std::int32_t column_words(const Window2D& window) noexcept {
    return 2 * window.y.kernel;
  }
  /// And a word of zeros for rows outside of the input.
  [[nodiscard, gnu::always_inline]] static constexpr std::size_t words(const DepthwiseBlock& block) noexcept {
    const Window2D& window = block.window;
    return static_cast<std::size_t>(column_words(window) * (columns(window.x) + window.x.kernel) + 1);
  }

  template <class X>
  [[gnu::always_inline]] static void put_pair(std::int32_t* to, std::uint32_t upper, std::uint32_t lower) noexcept {
    const std::uint32_t even[2] = {extend<X>(upper), extend<X>(lower)};
    const std::uint32_t odd[2] = {extend_odd<X>(upper), extend_odd<X>(lower)};
    to[0] = wrapped(pack_low(even[0], even[1]));
    to[1] = wrapped(pack_high(even[0], even[1]));
    to[2] = wrapped(pack_low(odd[0], odd[1]));
    to[3] = wrapped(pack_high(odd[0], odd[1]));
  }
  template <class X>
  [[gnu::always_inline]] static void put_single(std::int32_t* to, std::uint32_t row) noexcept {
    to[0] = wrapped(extend<X>(row));
    to[1] = wrapped(extend_odd<X>(row));
  }

  [[gnu::always_inline]] static std::uint32_t four_weights(const signed char* row, std::int32_t c, int bits) noexcept {
    if (bits > 4) return load_word(row + c);
    std::uint32_t v = 0;
    for (int i = 0; i < 4; ++i) v |= (static_cast<std::uint32_t>(weight_at(row, c + i, bits)) & 0xFF) << 8 * i;
    return v;
  }
  [[gnu::always_inline]] static void fill_weights(const DepthwiseBlock& block, const signed char* w, std::int32_t c,
                                                  std::int32_t* to) noexcept {
    const Window2D& window = block.window;
    const std::int32_t row_size = row_step(block.channels, block.weight_bits);
    for (std::int32_t kx = 0; kx < window.x.kernel; ++kx) {
      for (std::int32_t ky = 0; ky < window.y.kernel; ky += 2) {
        const signed char* row = w + (ky * window.x.kernel + kx) * row_size;
        const std::uint32_t upper = four_weights(row, c, block.weight_bits);
        if (ky + 1 < window.y.kernel) {
          put_pair<std::int8_t>(to, upper, four_weights(row + window.x.kernel * row_size, c, block.weight_bits));
          to += 4;
        } else {
          put_single<std::int8_t>(to, upper);
          to += 2;
        }
      }
    }
  }

  /// Where a row of the input begins, or zeros to be read again and again.
  template <class X>
  struct Row {
    const char* at;
    std::int32_t step;
    [[gnu::always_inline]] static Row of(const DepthwiseBlock& block, const X* x, const std::int32_t* zeros,
                                         std::int32_t iy) noexcept {
      const Window2D& window = block.window;
      const bool inside = static_cast<std::uint32_t>(iy) < static_cast<std::uint32_t>(window.y.input);
      if (!inside) return {reinterpret_cast<const char*>(zeros), 0};
      return {reinterpret_cast<const char*>(x + iy * window.x.input * block.channels), block.channels};
    }
    [[gnu::always_inline]] std::uint32_t next() noexcept {
      const std::uint32_t v = load_word(at);
      at += step;
      return v;
    }
  };

  template <class X>
  [[gnu::always_inline]] static void fill_rows(const DepthwiseBlock& block, const X* x, const std::int32_t* zeros,
                                               std::int32_t top, std::int32_t* to) noexcept {
    const Window2D& window = block.window;
    const std::int32_t step = column_words(window);
    const std::int32_t inner = inner_columns(window.x);
    to += window.x.before * step;
    for (std::int32_t ky = 0; ky < window.y.kernel; ky += 2) {
      std::int32_t* column = to + 2 * ky;
      Row<X> upper = Row<X>::of(block, x, zeros, top + ky * window.y.dilation);
      if (ky + 1 == window.y.kernel) {
        for (std::int32_t i = inner; i > 0; --i, column += step) put_single<X>(column, upper.next());
        return;
      }
      Row<X> lower = Row<X>::of(block, x, zeros, top + (ky + 1) * window.y.dilation);
      if (ky + 3 == window.y.kernel) {  // the last three at once
        Row<X> last = Row<X>::of(block, x, zeros, top + (ky + 2) * window.y.dilation);
        for (std::int32_t i = inner; i > 0; --i, column += step) {
          put_pair<X>(column, upper.next(), lower.next());
          put_single<X>(column + 4, last.next());
        }
        return;
      }
      for (std::int32_t i = inner; i > 0; --i, column += step) put_pair<X>(column, upper.next(), lower.next());
    }
  }

  [[gnu::always_inline]] static void window_sums(const Window2D& window, const std::int32_t* x, const std::int32_t* w,
                                                 FourSums& sums) noexcept {
    for (std::int32_t kx = 0; kx < window.x.kernel; ++kx) {
      for (std::int32_t pairs = window.y.kernel / 2; pairs > 0; --pairs) add_row_pair(x, w, sums);
      if (window.y.kernel % 2 != 0) add_row(x, w, sums);
      x += (window.x.dilation - 1) * column_words(window);
    }
  }

  template <class Y>
  [[gnu::always_inline]] static void row_of_outputs(const DepthwiseBlock& block, const std::int32_t* column,
                                                    const std::int32_t* weights, const ChannelFinish* channel,
                                                    Y* to) noexcept {
    const Window2D& window = block.window;
    const std::int32_t step = column_words(window);
    const TileOutput output = tile_output(block.finish);
    if (has_column_jobs && output != TileOutput::sums && window.y.kernel == 3 && window.x.kernel == 3 &&
        window.x.dilation == 1) {
      ColumnsJob job{column, to, window.x.output, window.x.stride * step * 4, block.channels, weights, channel};
      if (output == TileOutput::relu) return run_smlad_columns<TileOutput::relu>(&job);
      if (output == TileOutput::plain) return run_smlad_columns<TileOutput::plain>(&job);
      return run_smlad_columns<TileOutput::limited>(&job);
    }
    for (std::int32_t left = window.x.output; left > 0; --left, column += window.x.stride * step) {
      FourSums sums = {};
      window_sums(window, column, weights, sums);
      for (int i = 0; i < 4; ++i) {
        const int c = i == 1 ? 2 : i == 2 ? 1 : i;
        to[c] = static_cast<Y>(Requantizer::of(channel[c])(block.finish, sums[i]));
      }
      to += block.channels;
    }
  }

  /// At least four channels.
  template <class X, class Y>
  [[gnu::always_inline]] static void run(const DepthwiseBlock& block, const X* x, const signed char* w,
                                         const ChannelFinish* channel_finish, Y* y, std::int32_t* scratch) noexcept {
    const Window2D& window = block.window;
    const std::int32_t step = column_words(window);
    std::int32_t* const weights = scratch + step * columns(window.x);
    std::int32_t* const zeros = weights + step * window.x.kernel;
    for (std::int32_t i = step * columns(window.x); i > 0; --i) scratch[i - 1] = 0;
    *zeros = 0;
    for (std::int32_t next = 0; next < block.channels; next += 4) {
      // The last four may repeat channels of those before.
      const std::int32_t c = next + 4 <= block.channels ? next : block.channels - 4;
      fill_weights(block, w, c, weights);
      Y* to = y + c;
      for (std::int32_t oy = 0; oy < window.y.output; ++oy) {
        fill_rows(block, x + c, zeros, oy * window.y.stride - window.y.before, scratch);
        row_of_outputs(block, scratch, weights, channel_finish + c, to);
        to += window.x.output * block.channels;
      }
    }
  }
};

}  // namespace tenon::kernel::cortex_m
