// SPDX-License-Identifier: Apache-2.0
#include <tenon/kernel/reference/conv2d_block.hpp>
#include <tenon/kernel/x86/conv2d_block.hpp>
#include <tenon/tensor/shape.hpp>

#include "block_bench.hpp"

// Multiply-adds a second of convolutions, and which part of the peak of the multiplying
// instructions (more than one is possible where sums of bytes are widened together).
namespace {

using namespace tenon;

enum class Inputs : std::uint8_t { non_negative, any, shifted };

void conv2d(benchmark::State& state, Shape input, std::int32_t filters, Size2D kernel,
            Size2D stride, Inputs kind) {
  kernel::ConvBlock block;
  block.window = Window2D::of(input, kernel, stride, {1, 1}, Padding::same);
  block.channels = input.channels();
  block.filters = filters;
  block.non_negative = kind != Inputs::any;
  block.shifted = block.grouped_by_shift = kind == Inputs::shifted;
  block.finish.low = 0;
  const auto x = tenon_bench::inputs(input.size(), block.non_negative);
  const auto w = tenon_bench::weights_like_trained(block.row_weights() * filters);
  const auto finish = tenon_bench::finishes(filters);
  std::vector<std::uint8_t> shifts(static_cast<std::size_t>(block.channels));
  for (std::size_t c = 0; c < shifts.size(); ++c)
    shifts[c] = static_cast<std::uint8_t>(4 - c * 5 / shifts.size());
  const arch::avx2 arch;
  const tenon_bench::Aligned packed(packed_bytes(arch, block));
  const tenon_bench::Aligned scratch(scratch_bytes(arch, block));
  pack(arch, block, w.data(), shifts.data(), finish.data(), packed.data());
  const auto count = static_cast<std::size_t>(block.window.output(filters).size());
  std::vector<std::int8_t> y(count);
  const std::int8_t* const none = nullptr;
  tenon_bench::measure(
      state, static_cast<double>(block.row_weights()) * static_cast<double>(count), [&] {
        kernel::conv2d_block(arch, block, x.data(), none, packed.data(), y.data(), scratch.data());
      });
  std::vector<std::int8_t> expected(count);
  kernel::conv2d_block(arch::reference{}, block, x.data(), none, shifts.data(), w.data(),
                       finish.data(), expected.data());
  if (y != expected) state.SkipWithError("differs from the reference");
}

#define TENON_CONV(name, ...)                                         \
  BENCHMARK_CAPTURE(conv2d, name, __VA_ARGS__, Inputs::non_negative); \
  BENCHMARK_CAPTURE(conv2d, name##_signed, __VA_ARGS__, Inputs::any); \
  BENCHMARK_CAPTURE(conv2d, name##_shifted, __VA_ARGS__, Inputs::shifted)

TENON_CONV(pointwise_16x16x64_64, Shape{16, 16, 64}, 64, Size2D{1, 1}, Size2D{1, 1});
TENON_CONV(pointwise_25x5x64_64, Shape{25, 5, 64}, 64, Size2D{1, 1}, Size2D{1, 1});
TENON_CONV(pointwise_6x6x128_128, Shape{6, 6, 128}, 128, Size2D{1, 1}, Size2D{1, 1});
TENON_CONV(pointwise_3x3x256_256, Shape{3, 3, 256}, 256, Size2D{1, 1}, Size2D{1, 1});
TENON_CONV(pointwise_48x48x8_16, Shape{48, 48, 8}, 16, Size2D{1, 1}, Size2D{1, 1});
TENON_CONV(pointwise_24x24x16_32, Shape{24, 24, 16}, 32, Size2D{1, 1}, Size2D{1, 1});
TENON_CONV(square3_32x32x64_64, Shape{32, 32, 64}, 64, Size2D{3, 3}, Size2D{1, 1});
TENON_CONV(square3_16x16x128_128, Shape{16, 16, 128}, 128, Size2D{3, 3}, Size2D{1, 1});
TENON_CONV(resnet_32x32x16_16, Shape{32, 32, 16}, 16, Size2D{3, 3}, Size2D{1, 1});
TENON_CONV(resnet_16x16x32_32, Shape{16, 16, 32}, 32, Size2D{3, 3}, Size2D{1, 1});
TENON_CONV(resnet_8x8x64_64, Shape{8, 8, 64}, 64, Size2D{3, 3}, Size2D{1, 1});
TENON_CONV(resnet_down_32x32x16_32, Shape{32, 32, 16}, 32, Size2D{3, 3}, Size2D{2, 2});
TENON_CONV(first_49x10x1_64, Shape{49, 10, 1}, 64, Size2D{10, 4}, Size2D{2, 2});
TENON_CONV(first_96x96x3_8, Shape{96, 96, 3}, 8, Size2D{3, 3}, Size2D{2, 2});
TENON_CONV(first_32x32x3_16, Shape{32, 32, 3}, 16, Size2D{3, 3}, Size2D{1, 1});

}  // namespace

BENCHMARK_MAIN();
