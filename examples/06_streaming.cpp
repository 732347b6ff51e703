// SPDX-License-Identifier: Apache-2.0
// A network that remembers: it sees one row of a digit at a time, keeps the last rows in rings
// inside the model, and says after each what the digit looks like so far. Calibrated on streams,
// sixteen side by side. The weights are those of examples/digits_tenn.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <tenon/device.hpp>
#include <vector>

#include "trained.hpp"

using namespace tenon;

struct Rows
    : Sequential<
          Input<struct row, Shape{1, 8, 1}, std::uint8_t>,
          Conv2D<struct edges,
                 Conv2DParams{.filters = 8, .kernel_size = {1, 3}, .padding = Padding::same}>,
          ReLU<struct edges_relu>,
          BufferTempConv<struct strokes,
                         BufferTempConvParams{.filters = 24, .kernel_size = 4, .use_bias = true}>,
          ReLU<struct strokes_relu>,
          Conv2D<struct parts, Conv2DParams{.filters = 24,
                                            .kernel_size = {1, 3},
                                            .strides = {1, 2},
                                            .padding = Padding::same}>,
          ReLU<struct parts_relu>,
          DepthwiseBufferTempConv<struct memory, DepthwiseBufferTempConvParams{.kernel_size = 5}>,
          ReLU<struct memory_relu>,
          Conv2D<struct shapes, Conv2DParams{.filters = 32,
                                             .kernel_size = {1, 3},
                                             .strides = {1, 2},
                                             .padding = Padding::same}>,
          ReLU<struct shapes_relu>,
          Conv2D<struct digit, Conv2DParams{.filters = 32, .kernel_size = {1, 2}}>,
          ReLU<struct digit_relu>, Flatten<struct list>,
          Dense<struct logits, DenseParams{.units = 10}>> {};

using Net = Quantized<Rows>;
static_assert(Net::stateful && Net::state_bytes < 1100, "rings of bytes");

constexpr std::size_t rows_of_digit = 8;

int main(int count, char** arguments) {
  const std::filesystem::path folder = count > 1 ? arguments[1] : "examples/digits_tenn";
  const auto weights = trained::weights(folder);
  const auto samples = trained::array<std::uint8_t>(folder / "samples.npz", "samples");
  const auto images = trained::array<std::uint8_t>(folder / "test.npz", "inputs");
  const auto labels = trained::array<std::int32_t>(folder / "test.npz", "labels");

  Net net(weights, samples, {.batch_size = 16});
  if (net.fault()) {
    std::printf("layer %zu: %s\n", net.fault().layer, text(net.fault().fault));
    return 1;
  }
  std::vector<std::int32_t> digits[rows_of_digit];  // after each row
  for (std::size_t i = 0; i < images.size();) {
    net.reset();
    for (auto& after_row : digits) {
      const auto scores = net(std::span(images).subspan(i).first<Net::input_size>());
      after_row.push_back(trained::best(net.to_float(scores)));
      i += Net::input_size;
    }
  }
  for (std::size_t r = 0; r < rows_of_digit; ++r) {
    std::printf("after row %zu: %5.1f %% right\n", r + 1,
                trained::percent_right(digits[r], labels));
  }
  std::printf("%zu bytes of weights, %zu of memory for a row, %zu that are remembered, ",
              Net::weight_bytes, Net::arena_bytes, Net::state_bytes);
  std::printf("%ld multiplications a row\n", static_cast<long>(Net::macs));
}
