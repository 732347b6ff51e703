// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <tenon/kernel/cortex_m/add_block.hpp>
#include <tenon/kernel/cortex_m/conv2d_block.hpp>
#include <tenon/kernel/cortex_m/dense_block.hpp>
#include <tenon/kernel/cortex_m/depthwise_conv2d_block.hpp>
#include <tenon/kernel/cortex_m/global_average_pool_block.hpp>
#if defined(__ARM_FEATURE_MVE)
#include <tenon/kernel/cortex_m/mve/add_block.hpp>
#include <tenon/kernel/cortex_m/mve/conv2d_block.hpp>
#include <tenon/kernel/cortex_m/mve/dense_block.hpp>
#include <tenon/kernel/cortex_m/mve/depthwise_conv2d_block.hpp>
#include <tenon/kernel/cortex_m/mve/global_average_pool_block.hpp>
#endif

// Blocks on random data, by a kernel and by the reference. Shared by the test on this machine and by the firmware for emulated
// boards, so without heap: `Buffers::make<T>(n)` gives memory, and `Buffers::clear` takes all of it back.
namespace tenon_test {

using namespace tenon;
using namespace tenon::kernel;

struct Random {
  std::uint32_t state;
  std::uint32_t next() {
    state = state * 1664525U + 1013904223U;
    return state >> 8;
  }
  std::int32_t in(std::int32_t low, std::int32_t high) {
    return low + static_cast<std::int32_t>(next() % static_cast<std::uint32_t>(high - low + 1));
  }
};

/// What a block is besides its shape.
struct Flags {
  int weight_bits = 8;
  int shifts = 0;  ///< 1: any, 2: sorted, 3: all the largest
  bool non_negative = false;
  bool padding_value = false;
  bool extreme = false;  ///< only the smallest and largest elements
  FinishTraits finish{};
};

template <class X>
void fill_inputs(Random& random, const Flags& flags, X* x, std::size_t n) {
  const std::int32_t low = flags.non_negative ? 0 : std::numeric_limits<X>::min();
  const std::int32_t high = flags.non_negative ? 127 : std::numeric_limits<X>::max();
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = static_cast<X>(flags.extreme ? (random.next() % 4 != 0 ? low : high) : random.in(low, high));
  }
}
/// Rows of weights as block.hpp packs them.
inline void fill_weights(Random& random, const Flags& flags, signed char* w, std::int64_t rows, std::int64_t n) {
  const std::size_t size = row_bytes(n, flags.weight_bits);
  for (std::int64_t r = 0; r < rows; ++r, w += size) {
    for (std::size_t i = 0; i < size; ++i) w[i] = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      if (flags.weight_bits > 4) {
        w[i] = static_cast<signed char>(flags.extreme ? (random.next() % 4 != 0 ? -128 : 127) : random.in(-128, 127));
      } else {
        const auto v = static_cast<std::uint32_t>(flags.extreme ? (random.next() % 4 != 0 ? -8 : 7) : random.in(-8, 7));
        const auto byte = static_cast<std::uint8_t>(w[i / 8 * 4 + i % 4]);
        w[i / 8 * 4 + i % 4] = static_cast<signed char>(byte | (i % 8 < 4 ? v & 15 : (v & 15) << 4));
      }
    }
  }
}
/// Constants with which nothing leaves 32 bits for sums up to `bound` and whose outputs are not all at a limit.
inline void fill_finish(Random& random, const FinishTraits& traits, ChannelFinish* finish, std::int32_t channels,
                        std::int64_t bound) {
  std::int64_t limited = bound;
  if (traits.limit_bits < 31 && limited > std::int64_t{1} << traits.limit_bits) limited = std::int64_t{1} << traits.limit_bits;
  for (std::int32_t c = 0; c < channels; ++c) {
    const std::int64_t most = (std::int64_t{1} << 30) / (limited + 1);
    const std::int32_t top = most > 65535 ? 65535 : most < 1 ? 1 : static_cast<std::int32_t>(most);
    ChannelFinish& f = finish[c];
    f.multiplier = static_cast<std::uint16_t>(random.in(top / 2 > 0 ? top / 2 : 1, top));
    const std::int64_t range = limited * f.multiplier;
    int shift = 0;
    while (shift < 31 && range >> shift > 600) ++shift;
    f.shift = static_cast<std::uint8_t>(shift);
    const auto spread = static_cast<std::int32_t>(range / 4 < (1 << 29) ? range / 4 : 1 << 29);
    f.offset = random.in(-spread, spread);
    f.high = static_cast<std::int8_t>(random.in(20, 127));
  }
}
inline std::int64_t fill_shifts(Random& random, const Flags& flags, std::uint8_t* shifts, std::int32_t n,
                                std::int64_t bound) {
  std::int32_t most = 0;
  while (flags.shifts != 0 && most < 8 && bound << (most + 1) < std::int64_t{1} << 29) ++most;
  for (std::int32_t c = 0; c < n; ++c) {
    shifts[c] = static_cast<std::uint8_t>(flags.shifts == 2   ? most - most * c / n
                                          : flags.shifts == 1 ? random.in(0, most)
                                                              : most);
  }
  return bound << most;
}

/// The largest sum, of what `run` computes without offset and finish.
template <class Buffers, class Block, class Run>
std::int64_t largest_sum(Buffers& buffers, Block block, std::int64_t outputs, std::int32_t channels, Run run) {
  auto* const sums = buffers.template make<std::int32_t>(static_cast<std::size_t>(outputs));
  auto* const nothing = buffers.template make<ChannelFinish>(static_cast<std::size_t>(channels));
  for (std::int32_t c = 0; c < channels; ++c) nothing[c] = ChannelFinish{};
  block.finish = FinishTraits{true, false, -128, 127, 31};
  run(block, nothing, sums);
  std::int64_t largest = 1;
  for (std::int64_t i = 0; i < outputs; ++i) {
    const std::int64_t v = sums[i] < 0 ? -std::int64_t{sums[i]} : sums[i];
    if (v > largest) largest = v;
  }
  return largest;
}

template <class Y>
bool same(const Y* a, const Y* b, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}
/// Scratch memory with a word behind it that must stay.
struct Scratch {
  std::int32_t* words;
  std::size_t n;
  template <class Buffers>
  Scratch(Buffers& buffers, std::size_t bytes)
      : words(buffers.template make<std::int32_t>(bytes / 4 + 1)), n(bytes / 4) {
    for (std::size_t i = 0; i < n; ++i) words[i] = 0x55AA55AA;
    words[n] = 0x12345678;
  }
  [[nodiscard]] bool intact() const { return words[n] == 0x12345678; }
};

template <class X, class Y, class Arch, class Buffers>
bool conv2d_agrees(Arch arch, Buffers& buffers, const Window2D& window, std::array<std::int32_t, 3> sizes,
                   const Flags& flags, std::uint32_t seed) {
  buffers.clear();
  Random random{seed};
  ConvBlock block{};
  block.window = window;
  block.channels = sizes[0];
  block.filters = sizes[1];
  block.groups = sizes[2];
  block.weight_bits = flags.weight_bits;
  block.shifted = flags.shifts != 0;
  block.grouped_by_shift = flags.shifts >= 2;
  block.non_negative = flags.non_negative;
  block.has_padding_value = flags.padding_value;
  block.finish = flags.finish;
  const auto inputs = static_cast<std::size_t>(window.y.input * window.x.input * block.channels);
  const auto channels = static_cast<std::size_t>(block.channels);
  X* const x = buffers.template make<X>(inputs);
  fill_inputs(random, flags, x, inputs);
  X* const padding = flags.padding_value ? buffers.template make<X>(channels) : nullptr;
  if (padding != nullptr) fill_inputs(random, flags, padding, channels);
  const std::int64_t row = block.row_weights();
  auto* const w = buffers.template make<signed char>(row_bytes(row, flags.weight_bits) *
                                                     static_cast<std::size_t>(block.filters));
  fill_weights(random, flags, w, block.filters, row);
  auto* const shifts = block.shifted ? buffers.template make<std::uint8_t>(channels) : nullptr;
  std::int64_t bound = row * (flags.weight_bits > 4 ? 128 : 8) * 256;
  if (shifts != nullptr) bound = fill_shifts(random, flags, shifts, block.channels, bound);
  const std::int64_t outputs = std::int64_t{window.y.output} * window.x.output * block.filters;
  bound = largest_sum(buffers, block, outputs, block.filters, [&](const ConvBlock& raw, const auto* none, auto* sums) {
    conv2d_block(arch::reference{}, raw, x, padding, shifts, w, none, sums);
  });
  auto* const finish = buffers.template make<ChannelFinish>(static_cast<std::size_t>(block.filters));
  fill_finish(random, flags.finish, finish, block.filters, bound);
  Y* const expected = buffers.template make<Y>(static_cast<std::size_t>(outputs));
  Y* const y = buffers.template make<Y>(static_cast<std::size_t>(outputs));
  conv2d_block(arch::reference{}, block, x, padding, shifts, w, finish, expected);
  for (std::int64_t i = 0; i < outputs; ++i) y[i] = static_cast<Y>(~expected[i]);
  const Scratch scratch(buffers, scratch_bytes(arch, block));
  conv2d_block(arch, block, x, padding, shifts, w, finish, y, scratch.words);
  return same(y, expected, outputs) && scratch.intact();
}

template <class X, class Y, class Arch, class Buffers>
bool dense_agrees(Arch arch, Buffers& buffers, std::array<std::int32_t, 3> sizes, const Flags& flags,
                  std::uint32_t seed) {
  buffers.clear();
  Random random{seed};
  DenseBlock block{};
  block.rows = sizes[0];
  block.inputs = sizes[1];
  block.units = sizes[2];
  block.weight_bits = flags.weight_bits;
  block.shifted = flags.shifts != 0;
  block.grouped_by_shift = flags.shifts >= 2;
  block.non_negative = flags.non_negative;
  block.finish = flags.finish;
  const auto inputs = static_cast<std::size_t>(block.rows * block.inputs);
  X* const x = buffers.template make<X>(inputs);
  fill_inputs(random, flags, x, inputs);
  auto* const w = buffers.template make<signed char>(row_bytes(block.inputs, flags.weight_bits) *
                                                     static_cast<std::size_t>(block.units));
  fill_weights(random, flags, w, block.units, block.inputs);
  auto* const shifts = block.shifted ? buffers.template make<std::uint8_t>(static_cast<std::size_t>(block.inputs)) : nullptr;
  std::int64_t bound = std::int64_t{block.inputs} * (flags.weight_bits > 4 ? 128 : 8) * 256;
  if (shifts != nullptr) bound = fill_shifts(random, flags, shifts, block.inputs, bound);
  const std::int64_t outputs = std::int64_t{block.rows} * block.units;
  bound = largest_sum(buffers, block, outputs, block.units, [&](const DenseBlock& raw, const auto* none, auto* sums) {
    dense_block(arch::reference{}, raw, x, shifts, w, none, sums);
  });
  auto* const finish = buffers.template make<ChannelFinish>(static_cast<std::size_t>(block.units));
  fill_finish(random, flags.finish, finish, block.units, bound);
  Y* const expected = buffers.template make<Y>(static_cast<std::size_t>(outputs));
  Y* const y = buffers.template make<Y>(static_cast<std::size_t>(outputs));
  dense_block(arch::reference{}, block, x, shifts, w, finish, expected);
  for (std::int64_t i = 0; i < outputs; ++i) y[i] = static_cast<Y>(~expected[i]);
  const Scratch scratch(buffers, scratch_bytes(arch, block));
  dense_block(arch, block, x, shifts, w, finish, y, scratch.words);
  return same(y, expected, outputs) && scratch.intact();
}

template <class X, class Y, class Arch, class Buffers>
bool depthwise_agrees(Arch arch, Buffers& buffers, const Window2D& window, std::int32_t channels, const Flags& flags,
                      std::uint32_t seed) {
  buffers.clear();
  Random random{seed};
  DepthwiseBlock block{};
  block.window = window;
  block.channels = channels;
  block.weight_bits = flags.weight_bits;
  block.non_negative = flags.non_negative;
  block.finish = flags.finish;
  const auto inputs = static_cast<std::size_t>(window.y.input * window.x.input * channels);
  X* const x = buffers.template make<X>(inputs);
  fill_inputs(random, flags, x, inputs);
  auto* const w = buffers.template make<signed char>(row_bytes(channels, flags.weight_bits) *
                                                     static_cast<std::size_t>(window.taps()));
  fill_weights(random, flags, w, window.taps(), channels);
  const std::int64_t outputs = std::int64_t{window.y.output} * window.x.output * channels;
  const std::int64_t bound =
      largest_sum(buffers, block, outputs, channels, [&](const DepthwiseBlock& raw, const auto* none, auto* sums) {
        depthwise_conv2d_block(arch::reference{}, raw, x, w, none, sums);
      });
  auto* const finish = buffers.template make<ChannelFinish>(static_cast<std::size_t>(channels));
  fill_finish(random, flags.finish, finish, channels, bound);
  Y* const expected = buffers.template make<Y>(static_cast<std::size_t>(outputs));
  Y* const y = buffers.template make<Y>(static_cast<std::size_t>(outputs));
  depthwise_conv2d_block(arch::reference{}, block, x, w, finish, expected);
  for (std::int64_t i = 0; i < outputs; ++i) y[i] = static_cast<Y>(~expected[i]);
  const Scratch scratch(buffers, scratch_bytes(arch, block));
  depthwise_conv2d_block(arch, block, x, w, finish, y, scratch.words);
  return same(y, expected, outputs) && scratch.intact();
}

template <class X, class Y, class Arch, class Buffers>
bool add_agrees(Arch arch, Buffers& buffers, std::int32_t pixels, std::int32_t channels, const Flags& flags,
                std::uint32_t seed) {
  buffers.clear();
  Random random{seed};
  AddBlock block{};
  block.pixels = pixels;
  block.channels = channels;
  block.finish = flags.finish;
  const auto n = static_cast<std::size_t>(pixels * channels);
  X* const a = buffers.template make<X>(n);
  X* const b = buffers.template make<X>(n);
  fill_inputs(random, flags, a, n);
  fill_inputs(random, flags, b, n);
  auto* const shifts = buffers.template make<AddShifts>(static_cast<std::size_t>(channels));
  for (std::int32_t c = 0; c < channels; ++c) {
    shifts[c] = {static_cast<std::uint8_t>(random.in(0, 8)), static_cast<std::uint8_t>(random.in(0, 8))};
  }
  auto* const finish = buffers.template make<ChannelFinish>(static_cast<std::size_t>(channels));
  fill_finish(random, flags.finish, finish, channels, 256 * 512);
  Y* const expected = buffers.template make<Y>(n);
  Y* const y = buffers.template make<Y>(n);
  add_block(arch::reference{}, block, a, b, shifts, finish, expected);
  add_block(arch, block, a, b, shifts, finish, y);
  bool good = same(y, expected, static_cast<std::int64_t>(n));
  if constexpr (std::is_same_v<X, Y>) {  // in place
    add_block(arch, block, a, b, shifts, finish, b);
    good = good && same(b, expected, static_cast<std::int64_t>(n));
  }
  return good;
}

template <class X, class Y, class Arch, class Buffers>
bool pool_agrees(Arch arch, Buffers& buffers, std::int32_t pixels, std::int32_t channels, const Flags& flags,
                 std::uint32_t seed) {
  buffers.clear();
  Random random{seed};
  PoolBlock block{};
  block.pixels = pixels;
  block.channels = channels;
  block.finish = flags.finish;
  const auto n = static_cast<std::size_t>(pixels * channels);
  X* const x = buffers.template make<X>(n);
  fill_inputs(random, flags, x, n);
  auto* const finish = buffers.template make<ChannelFinish>(static_cast<std::size_t>(channels));
  fill_finish(random, flags.finish, finish, channels, std::int64_t{pixels} * 256);
  Y* const expected = buffers.template make<Y>(static_cast<std::size_t>(channels));
  Y* const y = buffers.template make<Y>(static_cast<std::size_t>(channels));
  global_average_pool_block(arch::reference{}, block, x, finish, expected);
  global_average_pool_block(arch, block, x, finish, y);
  return same(y, expected, channels);
}

struct ConvCase {
  Window2D window;
  std::array<std::int32_t, 3> sizes;  ///< channels, filters, groups
};
constexpr Window2D window_of(Size2D input, Size2D kernel, Size2D stride, Size2D dilation, Padding padding) {
  return Window2D::of(Shape{input.height, input.width, 1}, kernel, stride, dilation, padding);
}

// Shapes chosen for what they break: one element, fewer pixels than a tile, a tile plus one, rows that are no multiple of 4
// or 8, padding on every side and in a corner only, a stride beyond the kernel, dilation, groups, windows longer than a chunk.
inline constexpr std::array conv_cases{
    ConvCase{window_of({1, 1}, {1, 1}, {1, 1}, {1, 1}, Padding::valid), {1, 1, 1}},
    ConvCase{window_of({2, 2}, {3, 3}, {1, 1}, {1, 1}, Padding::same), {3, 5, 1}},
    ConvCase{window_of({5, 7}, {3, 3}, {1, 1}, {1, 1}, Padding::same), {3, 4, 1}},
    ConvCase{window_of({6, 5}, {3, 3}, {2, 2}, {1, 1}, Padding::same), {8, 3, 1}},
    ConvCase{window_of({9, 6}, {4, 3}, {2, 2}, {1, 1}, Padding::same), {1, 7, 1}},
    ConvCase{window_of({3, 11}, {1, 1}, {1, 1}, {1, 1}, Padding::valid), {7, 2, 1}},
    ConvCase{window_of({5, 5}, {2, 2}, {3, 3}, {1, 1}, Padding::valid), {12, 6, 1}},
    ConvCase{window_of({7, 7}, {3, 3}, {1, 1}, {2, 2}, Padding::same), {4, 4, 1}},
    ConvCase{window_of({4, 4}, {3, 3}, {1, 1}, {1, 1}, Padding::same), {8, 6, 2}},
    ConvCase{window_of({3, 3}, {3, 3}, {1, 1}, {1, 1}, Padding::same), {6, 6, 3}},
    ConvCase{window_of({3, 4}, {3, 3}, {1, 1}, {1, 1}, Padding::same), {40, 3, 1}},
    ConvCase{window_of({3, 3}, {3, 3}, {1, 1}, {1, 1}, Padding::same), {37, 2, 1}},
    ConvCase{window_of({2, 3}, {1, 1}, {1, 1}, {1, 1}, Padding::valid), {300, 4, 1}},
    ConvCase{window_of({1, 9}, {1, 5}, {1, 1}, {1, 1}, Padding::same), {16, 17, 1}},
};
inline constexpr std::array depthwise_cases{
    ConvCase{window_of({1, 1}, {1, 1}, {1, 1}, {1, 1}, Padding::valid), {1, 1, 1}},
    ConvCase{window_of({5, 4}, {3, 3}, {1, 1}, {1, 1}, Padding::same), {3, 1, 1}},
    ConvCase{window_of({5, 6}, {3, 3}, {1, 1}, {1, 1}, Padding::same), {8, 1, 1}},
    ConvCase{window_of({6, 6}, {3, 3}, {2, 2}, {1, 1}, Padding::same), {9, 1, 1}},
    ConvCase{window_of({7, 5}, {3, 3}, {1, 1}, {1, 1}, Padding::valid), {4, 1, 1}},
    ConvCase{window_of({3, 3}, {5, 5}, {1, 1}, {1, 1}, Padding::same), {17, 1, 1}},
    ConvCase{window_of({4, 9}, {2, 4}, {1, 2}, {1, 1}, Padding::same), {6, 1, 1}},
    ConvCase{window_of({8, 8}, {3, 3}, {1, 1}, {2, 2}, Padding::same), {5, 1, 1}},
    ConvCase{window_of({9, 9}, {2, 2}, {3, 3}, {1, 1}, Padding::valid), {20, 1, 1}},
    ConvCase{window_of({2, 2}, {3, 3}, {2, 2}, {1, 1}, Padding::same), {33, 1, 1}},
    ConvCase{window_of({6, 3}, {6, 1}, {1, 1}, {1, 1}, Padding::same), {4, 1, 1}},
};
inline constexpr std::array<std::array<std::int32_t, 3>, 11> dense_cases{{{1, 1, 1},
                                                                          {1, 7, 3},
                                                                          {1, 8, 4},
                                                                          {1, 64, 12},
                                                                          {1, 83, 10},
                                                                          {2, 20, 5},
                                                                          {3, 16, 8},
                                                                          {5, 9, 4},
                                                                          {6, 64, 9},
                                                                          {11, 4, 2},
                                                                          {7, 200, 6}}};
inline constexpr std::array<std::array<std::int32_t, 2>, 7> plain_cases{
    {{1, 1}, {1, 16}, {3, 5}, {125, 8}, {300, 7}, {600, 4}, {2, 33}}};

inline constexpr std::array finishes{
    FinishTraits{false, false, 0, 127, 31},   FinishTraits{false, false, -128, 127, 31},
    FinishTraits{true, false, -128, 127, 31}, FinishTraits{false, true, 0, 127, 31},
    FinishTraits{false, false, 0, 100, 31},   FinishTraits{false, true, -128, 127, 15},
};

/// Calls fault(operation, case, flags) for each block on which the kernels for `arch` and the reference do not agree. Returns
/// how many were compared.
template <class Arch, class Buffers, class Fault>
int compare_blocks(Arch arch, Buffers& buffers, Fault fault) {
  int compared = 0;
  const auto note = [&](bool good, int operation, std::size_t which, int flags) {
    ++compared;
    if (!good) fault(operation, static_cast<int>(which), flags);
  };
  for (int code = 0; code < 48; ++code) {
    Flags flags{};
    flags.weight_bits = code & 1 ? 4 : 8;
    flags.shifts = code / 2 % 4;
    flags.extreme = code % 5 == 4;
    flags.non_negative = code % 3 == 2;
    flags.padding_value = code / 8 % 2 != 0;
    flags.finish = finishes[static_cast<std::size_t>(code / 2 + code / 16) % finishes.size()];
    const bool raw = flags.finish.raw;
    const bool no_sign = code % 7 == 6;
    const auto seed = static_cast<std::uint32_t>(code) * 7919U;
    const auto each = [&](auto&& agrees) {
      if (raw && no_sign) return agrees(std::uint8_t{}, std::int32_t{});
      if (raw) return agrees(std::int8_t{}, std::int32_t{});
      if (no_sign) return agrees(std::uint8_t{}, std::int8_t{});
      return agrees(std::int8_t{}, std::int8_t{});
    };
    for (std::size_t i = 0; i < conv_cases.size(); ++i) {
      note(each([&]<class X, class Y>(X, Y) {
             return conv2d_agrees<X, Y>(arch, buffers, conv_cases[i].window, conv_cases[i].sizes, flags, seed);
           }),
           0, i, code);
    }
    for (std::size_t i = 0; i < depthwise_cases.size(); ++i) {
      note(each([&]<class X, class Y>(X, Y) {
             return depthwise_agrees<X, Y>(arch, buffers, depthwise_cases[i].window, depthwise_cases[i].sizes[0], flags,
                                           seed);
           }),
           1, i, code);
    }
    for (std::size_t i = 0; i < dense_cases.size(); ++i) {
      note(each([&]<class X, class Y>(X, Y) { return dense_agrees<X, Y>(arch, buffers, dense_cases[i], flags, seed); }),
           2, i, code);
    }
    for (std::size_t i = 0; i < plain_cases.size(); ++i) {
      const auto [pixels, channels] = plain_cases[i];
      note(each([&, p = pixels, c = channels]<class X, class Y>(X, Y) {
             return add_agrees<X, Y>(arch, buffers, p, c, flags, seed) &&
                    pool_agrees<X, Y>(arch, buffers, p, c, flags, seed);
           }),
           3, i, code);
    }
  }
  return compared;
}

}  // namespace tenon_test
