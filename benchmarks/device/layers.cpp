// SPDX-License-Identifier: Apache-2.0
// Instructions of single layers and of the layers of whole networks, each checked against the reference once. Built by
// layers.py: TENON_NETWORK says which network, TENON_WEIGHT_BITS how wide its weights are.
#include "fw.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernel/cortex_m_blocks.hpp"

using namespace tenon_test;

namespace {

using Arch = arch::native;
constexpr int weight_bits = TENON_WEIGHT_BITS;
constexpr bool shifted = TENON_SHIFTED;

alignas(16) std::int8_t memory[800 * 1024];
std::size_t used = 0;
template <class T>
T* make(std::size_t n) {
  T* const p = reinterpret_cast<T*>(memory + used);
  used += (n * sizeof(T) + 15) / 16 * 16;
  if (used > sizeof memory) fw::exit(9);
  return p;
}
std::uint32_t total = 0;
std::uint32_t deepest = 0;
std::size_t most_scratch = 0;
int wrong = 0;

Random random_numbers{1};
template <class T>
T* drawn(std::size_t n, std::int32_t low, std::int32_t high) {
  T* const p = make<T>(n);
  for (std::size_t i = 0; i < n; ++i) p[i] = static_cast<T>(random_numbers.in(low, high));
  return p;
}
ChannelFinish* finishes_of(const FinishTraits& traits, std::int32_t channels, std::int64_t bound) {
  auto* const finish = make<ChannelFinish>(static_cast<std::size_t>(channels));
  fill_finish(random_numbers, traits, finish, channels, bound);
  return finish;
}

// As models call them: one instance for all layers of a shape, which is a constant, with the weights by pointer.
template <ConvBlock B, class X, class Y>
[[gnu::noinline]] void run_block(const X* x, const X* padding, const std::uint8_t* shifts, const signed char* w,
                                 const ChannelFinish* finish, Y* y, std::int32_t* scratch) {
  static constexpr ConvBlock block = B;
  conv2d_block(Arch{}, block, x, padding, shifts, w, finish, y, scratch);
}
template <DenseBlock B, class X, class Y>
[[gnu::noinline]] void run_block(const X* x, const std::uint8_t* shifts, const signed char* w,
                                 const ChannelFinish* finish, Y* y, std::int32_t* scratch) {
  static constexpr DenseBlock block = B;
  dense_block(Arch{}, block, x, shifts, w, finish, y, scratch);
}
template <DepthwiseBlock B, class X, class Y>
[[gnu::noinline]] void run_block(const X* x, const signed char* w, const ChannelFinish* finish, Y* y,
                                 std::int32_t* scratch) {
  static constexpr DepthwiseBlock block = B;
  depthwise_conv2d_block(Arch{}, block, x, w, finish, y, scratch);
}
template <AddBlock B, class X, class Y>
[[gnu::noinline]] void run_block(const X* a, const X* b, const AddShifts* shifts, const ChannelFinish* finish, Y* y) {
  static constexpr AddBlock block = B;
  add_block(Arch{}, block, a, b, shifts, finish, y);
}
template <PoolBlock B, class X, class Y>
[[gnu::noinline]] void run_block(const X* x, const ChannelFinish* finish, Y* y) {
  static constexpr PoolBlock block = B;
  global_average_pool_block(Arch{}, block, x, finish, y);
}

template <class Y, class Run, class Reference>
void report(const char* name, int times, std::size_t outputs, std::size_t scratch, Run run, Reference reference) {
  Y* const y = make<Y>(outputs);
  Y* const expected = make<Y>(outputs);
  for (std::size_t i = 0; i < outputs; ++i) y[i] = 99;
  const fw::Cost cost = fw::measure([&] { run(y); });
  bool good = true;
#if TENON_CHECKED
  reference(expected);
  good = same(y, expected, static_cast<std::int64_t>(outputs));
#else
  static_cast<void>(reference);
  static_cast<void>(expected);
#endif
  fw::Json().add("layer", name).add("times", times).add("insns", cost.insns).add("stack", cost.stack).add("scratch", scratch).add(
      "equal", good ? 1 : 0);
  total += cost.insns * static_cast<std::uint32_t>(times);
  if (cost.stack > deepest) deepest = cost.stack;
  if (scratch > most_scratch) most_scratch = scratch;
  wrong += good ? 0 : 1;
  used = 0;
}

constexpr FinishTraits relu{false, false, 0, 127, 31};
constexpr FinishTraits linear{false, false, -128, 127, 31};
constexpr FinishTraits raw{true, false, -128, 127, 31};

constexpr ConvBlock conv_block(Size2D input, std::int32_t channels, std::int32_t filters, Size2D kernel, Size2D stride,
                               bool is_first, FinishTraits finish) {
  ConvBlock block{};
  block.window = window_of(input, kernel, stride, {1, 1}, Padding::same);
  block.channels = channels;
  block.filters = filters;
  block.weight_bits = is_first ? 8 : weight_bits;
  block.shifted = block.grouped_by_shift = shifted && !is_first;
  block.non_negative = !is_first;
  block.has_padding_value = is_first;
  block.finish = finish;
  return block;
}
template <ConvBlock block, class X>
void conv(const char* name, int times) {
  const auto channels = static_cast<std::size_t>(block.channels);
  const auto row = static_cast<std::size_t>(block.row_weights());
  const X* const x = drawn<X>(static_cast<std::size_t>(block.window.y.input * block.window.x.input) * channels,
                              block.non_negative ? 0 : std::numeric_limits<X>::min(), std::numeric_limits<X>::max());
  const X* const padding = block.has_padding_value ? drawn<X>(channels, 0, 127) : nullptr;
  const auto* const w = drawn<signed char>(static_cast<std::size_t>(block.filters) * row_bytes(block.row_weights(), block.weight_bits), -127, 127);
  auto* const shifts = make<std::uint8_t>(channels);
  for (std::size_t c = 0; c < channels; ++c) shifts[c] = static_cast<std::uint8_t>(3 - 3 * c / channels);
  const auto* const finish = finishes_of(block.finish, block.filters, static_cast<std::int64_t>(row) * 128 * 64);
  constexpr std::size_t scratch = scratch_bytes(Arch{}, block);
  auto* const words = make<std::int32_t>(scratch / 4);
  using Y = std::conditional_t<block.finish.raw, std::int32_t, std::int8_t>;
  report<Y>(
      name, times, static_cast<std::size_t>(block.window.y.output * block.window.x.output * block.filters), scratch,
      [&](Y* y) { run_block<block>(x, padding, shifts, w, finish, y, words); },
      [&](Y* y) { conv2d_block(arch::reference{}, block, x, padding, shifts, w, finish, y); });
}
constexpr DenseBlock dense_of(std::int32_t rows, std::int32_t inputs, std::int32_t units, bool is_first, FinishTraits finish) {
  DenseBlock block{};
  block.rows = rows;
  block.inputs = inputs;
  block.units = units;
  block.weight_bits = is_first ? 8 : weight_bits;
  block.shifted = block.grouped_by_shift = shifted && !is_first;
  block.non_negative = !is_first;
  block.finish = finish;
  return block;
}
template <DenseBlock block>
void dense(const char* name, int times) {
  const auto inputs = static_cast<std::size_t>(block.inputs);
  const auto* const x = drawn<std::int8_t>(static_cast<std::size_t>(block.rows) * inputs, block.non_negative ? 0 : -128, 127);
  const auto* const w = drawn<signed char>(static_cast<std::size_t>(block.units) * row_bytes(block.inputs, block.weight_bits), -127, 127);
  auto* const shifts = make<std::uint8_t>(inputs);
  for (std::size_t c = 0; c < inputs; ++c) shifts[c] = static_cast<std::uint8_t>(3 - 3 * c / inputs);
  const auto* const finish = finishes_of(block.finish, block.units, static_cast<std::int64_t>(inputs) * 128 * 64);
  constexpr std::size_t scratch = scratch_bytes(Arch{}, block);
  auto* const words = make<std::int32_t>(scratch / 4);
  using Y = std::conditional_t<block.finish.raw, std::int32_t, std::int8_t>;
  report<Y>(
      name, times, static_cast<std::size_t>(block.rows * block.units), scratch,
      [&](Y* y) { run_block<block>(x, shifts, w, finish, y, words); },
      [&](Y* y) { dense_block(arch::reference{}, block, x, shifts, w, finish, y); });
}
constexpr DepthwiseBlock depthwise_of(Size2D input, std::int32_t channels, std::int32_t stride) {
  DepthwiseBlock block{};
  block.window = window_of(input, {3, 3}, {stride, stride}, {1, 1}, Padding::same);
  block.channels = channels;
  block.weight_bits = weight_bits;
  block.non_negative = true;
  block.finish = relu;
  return block;
}
template <DepthwiseBlock block>
void depthwise(const char* name, int times) {
  const auto channels = static_cast<std::size_t>(block.channels);
  const auto* const x = drawn<std::int8_t>(static_cast<std::size_t>(block.window.y.input * block.window.x.input) * channels, 0, 127);
  const auto* const w = drawn<signed char>(9 * row_bytes(block.channels, block.weight_bits), -127, 127);
  const auto* const finish = finishes_of(block.finish, block.channels, 9 * 128 * 32);
  constexpr std::size_t scratch = scratch_bytes(Arch{}, block);
  auto* const words = make<std::int32_t>(scratch / 4);
  report<std::int8_t>(
      name, times, static_cast<std::size_t>(block.window.y.output * block.window.x.output) * channels, scratch,
      [&](std::int8_t* y) { run_block<block>(x, w, finish, y, words); },
      [&](std::int8_t* y) { depthwise_conv2d_block(arch::reference{}, block, x, w, finish, y); });
}
template <AddBlock block>
void add(const char* name, int times) {
  const auto n = static_cast<std::size_t>(block.pixels * block.channels);
  const auto* const a = drawn<std::int8_t>(n, -128, 127);
  const auto* const b = drawn<std::int8_t>(n, 0, 127);
  auto* const shifts = make<AddShifts>(static_cast<std::size_t>(block.channels));
  for (std::int32_t c = 0; c < block.channels; ++c) shifts[c] = {static_cast<std::uint8_t>(c % 4), static_cast<std::uint8_t>(c % 3)};
  const auto* const finish = finishes_of(block.finish, block.channels, 2 * 128 * 8);
  report<std::int8_t>(
      name, times, n, 0, [&](std::int8_t* y) { run_block<block>(a, b, shifts, finish, y); },
      [&](std::int8_t* y) { add_block(arch::reference{}, block, a, b, shifts, finish, y); });
}
template <PoolBlock block>
void pool(const char* name, int times) {
  const auto n = static_cast<std::size_t>(block.pixels * block.channels);
  const auto* const x = drawn<std::int8_t>(n, 0, 127);
  const auto* const finish = finishes_of(block.finish, block.channels, block.pixels * 64);
  report<std::int8_t>(
      name, times, static_cast<std::size_t>(block.channels), 0,
      [&](std::int8_t* y) { run_block<block>(x, finish, y); },
      [&](std::int8_t* y) { global_average_pool_block(arch::reference{}, block, x, finish, y); });
}

}  // namespace

int main() {
#if TENON_NETWORK == 0  // keyword spotting
  conv<conv_block({49, 10}, 1, 64, {10, 4}, {2, 2}, true, relu), std::int8_t>("conv 10x4", 1);
  depthwise<depthwise_of({25, 5}, 64, 1)>("depthwise 25x5x64", 4);
  dense<dense_of(125, 64, 64, false, relu)>("pointwise 64-64", 4);
  pool<PoolBlock{125, 64, linear}>("pool", 1);
  dense<dense_of(1, 64, 12, false, raw)>("dense 64-12", 1);
#elif TENON_NETWORK == 1  // image classification
  conv<conv_block({32, 32}, 3, 16, {3, 3}, {1, 1}, true, relu), std::int8_t>("conv 32x32x3-16", 1);
  conv<conv_block({32, 32}, 16, 16, {3, 3}, {1, 1}, false, relu), std::int8_t>("conv 32x32x16-16", 2);
  add<AddBlock{1024, 16, relu}>("add 32x32x16", 1);
  conv<conv_block({32, 32}, 16, 32, {3, 3}, {2, 2}, false, relu), std::int8_t>("conv 32x32x16-32 s2", 1);
  conv<conv_block({16, 16}, 32, 32, {3, 3}, {1, 1}, false, linear), std::int8_t>("conv 16x16x32-32", 1);
  conv<conv_block({32, 32}, 16, 32, {1, 1}, {2, 2}, false, linear), std::int8_t>("conv 1x1 16-32 s2", 1);
  add<AddBlock{256, 32, relu}>("add 16x16x32", 1);
  conv<conv_block({16, 16}, 32, 64, {3, 3}, {2, 2}, false, relu), std::int8_t>("conv 16x16x32-64 s2", 1);
  conv<conv_block({8, 8}, 64, 64, {3, 3}, {1, 1}, false, linear), std::int8_t>("conv 8x8x64-64", 1);
  conv<conv_block({16, 16}, 32, 64, {1, 1}, {2, 2}, false, linear), std::int8_t>("conv 1x1 32-64 s2", 1);
  add<AddBlock{64, 64, relu}>("add 8x8x64", 1);
  pool<PoolBlock{64, 64, linear}>("pool", 1);
  dense<dense_of(1, 64, 10, false, raw)>("dense 64-10", 1);
#elif TENON_NETWORK == 2  // visual wake words
  conv<conv_block({96, 96}, 3, 8, {3, 3}, {2, 2}, true, relu), std::int8_t>("conv 96x96x3-8 s2", 1);
  depthwise<depthwise_of({48, 48}, 8, 1)>("depthwise 48x48x8", 1);
  dense<dense_of(2304, 8, 16, false, relu)>("pointwise 48x48 8-16", 1);
  depthwise<depthwise_of({48, 48}, 16, 2)>("depthwise 48x48x16 s2", 1);
  dense<dense_of(576, 16, 32, false, relu)>("pointwise 24x24 16-32", 1);
  depthwise<depthwise_of({24, 24}, 32, 1)>("depthwise 24x24x32", 1);
  dense<dense_of(576, 32, 32, false, relu)>("pointwise 24x24 32-32", 1);
  depthwise<depthwise_of({24, 24}, 32, 2)>("depthwise 24x24x32 s2", 1);
  dense<dense_of(144, 32, 64, false, relu)>("pointwise 12x12 32-64", 1);
  depthwise<depthwise_of({12, 12}, 64, 1)>("depthwise 12x12x64", 1);
  dense<dense_of(144, 64, 64, false, relu)>("pointwise 12x12 64-64", 1);
  depthwise<depthwise_of({12, 12}, 64, 2)>("depthwise 12x12x64 s2", 1);
  dense<dense_of(36, 64, 128, false, relu)>("pointwise 6x6 64-128", 1);
  depthwise<depthwise_of({6, 6}, 128, 1)>("depthwise 6x6x128", 5);
  dense<dense_of(36, 128, 128, false, relu)>("pointwise 6x6 128-128", 5);
  depthwise<depthwise_of({6, 6}, 128, 2)>("depthwise 6x6x128 s2", 1);
  dense<dense_of(9, 128, 256, false, relu)>("pointwise 3x3 128-256", 1);
  depthwise<depthwise_of({3, 3}, 256, 1)>("depthwise 3x3x256", 1);
  dense<dense_of(9, 256, 256, false, relu)>("pointwise 3x3 256-256", 1);
  pool<PoolBlock{9, 256, linear}>("pool", 1);
  dense<dense_of(1, 256, 2, false, raw)>("dense 256-2", 1);
#elif TENON_NETWORK == 3  // anomaly detection
  dense<dense_of(1, 640, 128, true, relu)>("dense 640-128", 1);
  dense<dense_of(1, 128, 128, false, relu)>("dense 128-128", 6);
  dense<dense_of(1, 128, 8, false, relu)>("dense 128-8", 1);
  dense<dense_of(1, 8, 128, false, relu)>("dense 8-128", 1);
  dense<dense_of(1, 128, 640, false, raw)>("dense 128-640", 1);
#endif
  fw::Json().add("network", TENON_NETWORK).add("insns", total).add("stack", deepest).add("scratch", most_scratch).add("wrong", wrong);
  return wrong;
}
