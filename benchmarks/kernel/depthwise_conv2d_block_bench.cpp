// SPDX-License-Identifier: Apache-2.0
#include <tenon/kernel/reference/depthwise_conv2d_block.hpp>
#include <tenon/kernel/x86/depthwise_conv2d_block.hpp>
#include <tenon/tensor/shape.hpp>

#include "block_bench.hpp"

// Multiply-adds a second of 3x3 depthwise convolutions: of weights whose sums fit 16 bits in every
// channel, of weights as large as they get, and of inputs of either sign.
namespace {

using namespace tenon;

enum class Kind : std::uint8_t { small_weights, large_weights, any_inputs };

void depthwise(benchmark::State& state, Shape input, std::int32_t stride, Kind kind) {
  kernel::DepthwiseBlock block;
  block.window = Window2D::of(input, {3, 3}, {stride, stride}, {1, 1}, Padding::same);
  block.channels = input.channels();
  block.non_negative = kind != Kind::any_inputs;
  block.finish.low = 0;
  const auto x = tenon_bench::inputs(input.size(), block.non_negative);
  const auto w =
      tenon_bench::weights_like_trained(9 * block.channels, kind == Kind::small_weights ? 25 : 60);
  const auto finish = tenon_bench::finishes(block.channels);
  const arch::avx2 arch;
  const tenon_bench::Aligned packed(packed_bytes(arch, block));
  const tenon_bench::Aligned scratch(scratch_bytes(arch, block));
  pack(arch, block, w.data(), finish.data(), packed.data());
  const auto count = static_cast<std::size_t>(block.window.output(block.channels).size());
  std::vector<std::int8_t> y(count);
  tenon_bench::measure(state, 9.0 * static_cast<double>(count), [&] {
    kernel::depthwise_conv2d_block(arch, block, x.data(), packed.data(), y.data(), scratch.data());
  });
  std::vector<std::int8_t> expected(count);
  kernel::depthwise_conv2d_block(arch::reference{}, block, x.data(), w.data(), finish.data(),
                                 expected.data());
  if (y != expected) state.SkipWithError("differs from the reference");
}

#define TENON_DEPTHWISE(name, ...)                                              \
  BENCHMARK_CAPTURE(depthwise, name, __VA_ARGS__, Kind::small_weights);         \
  BENCHMARK_CAPTURE(depthwise, name##_large, __VA_ARGS__, Kind::large_weights); \
  BENCHMARK_CAPTURE(depthwise, name##_signed, __VA_ARGS__, Kind::any_inputs)

TENON_DEPTHWISE(kws_25x5x64, Shape{25, 5, 64}, 1);
TENON_DEPTHWISE(vww_48x48x8, Shape{48, 48, 8}, 1);
TENON_DEPTHWISE(vww_48x48x16_down, Shape{48, 48, 16}, 2);
TENON_DEPTHWISE(vww_24x24x32, Shape{24, 24, 32}, 1);
TENON_DEPTHWISE(vww_12x12x64, Shape{12, 12, 64}, 1);
TENON_DEPTHWISE(vww_6x6x128, Shape{6, 6, 128}, 1);
TENON_DEPTHWISE(vww_6x6x128_down, Shape{6, 6, 128}, 2);
TENON_DEPTHWISE(vww_3x3x256, Shape{3, 3, 256}, 1);

}  // namespace

BENCHMARK_MAIN();
