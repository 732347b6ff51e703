// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <random>
#include <tenon/layer/buffer_temp_conv.hpp>
#include <tenon/layer/depthwise_buffer_temp_conv.hpp>

#include "layer/toolkit_outputs.hpp"

using namespace tenon;
using namespace tenon_test;

namespace {

template <class Params>
void check(const Params& params, const LayerCase& c, const LayerQuantizers& q) {
  const LayerResult plain = run_case(arch::reference{}, params, c, q);
  REQUIRE(plain.fault == Fault::none);
  CHECK(plain.values == c.outputs[0].values);
  CHECK(plain.format.frac_bits == c.outputs[0].frac_bits);
  CHECK(plain.format.scales == c.outputs[0].scales);
  CHECK(run_case(arch::portable{}, params, c, q).values == plain.values);
}

LayerCase random_case(std::uint32_t seed, Shape frame, std::int32_t taps, std::int32_t filters, int steps, int bits,
                      std::vector<std::int32_t> frac_bits) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::int64_t> draw(-(std::int64_t{1} << bits), (std::int64_t{1} << bits) - 1);
  std::uniform_real_distribution<float> weight(-1, 1);
  LayerTensor x{frame, bits, std::move(frac_bits), {}, {}};
  for (std::int64_t i = 0; i < steps * frame.size(); ++i) x.values.push_back(draw(random));
  std::vector<float> kernel(static_cast<std::size_t>(taps * filters));
  for (float& w : kernel) w = weight(random);
  return {{x}, {{"kernel", kernel}}, {}};
}

}  // namespace

TEST_CASE("a temporal convolution over five frames equals the reference, zeros before the first") {
  check(BufferTempConvParams{3, 3, true}, reference::buffer_temp_conv, quantizers(8));
}

TEST_CASE("a temporal convolution on an input with a scale equals the reference") {
  LayerQuantizers q = quantizers(0);
  q.weights.bitwidth = 4;
  check(BufferTempConvParams{2, 2}, reference::buffer_temp_conv_scaled, q);
}

TEST_CASE("a depthwise temporal convolution equals the reference") {
  check(DepthwiseBufferTempConvParams{3, true}, reference::depthwise_buffer_temp_conv, quantizers(8));
}

TEST_CASE("the portable temporal convolutions equal the reference kernels") {
  struct Case {
    Shape frame;
    std::int32_t filters, kernel_size;
    int bits;
    std::vector<std::int32_t> frac_bits;
  };
  // One of each; one tap; a block of filters or channels and one more; channels so far apart that aligning them, and
  // then the products, saturates.
  const Case cases[] = {{{1, 1, 1}, 1, 1, 7, {3}},
                        {{2, 3, 5}, 32, 1, 7, {1, 2, 3, 4, 5}},
                        {{1, 2, 33}, 33, 4, 7, {2}},
                        {{2, 1, 65}, 2, 3, 15, {4}},
                        {{1, 2, 3}, 3, 3, 15, {0, 28, 14}}};
  for (const Case& c : cases) {
    INFO(c.frame.channels(), " channels, ", c.filters, " filters, ", c.kernel_size, " frames");
    const std::int32_t channels = c.frame.channels();
    const BufferTempConvParams full{c.filters, c.kernel_size};
    const auto data = random_case(1, c.frame, c.kernel_size * channels, c.filters, c.kernel_size + 2, c.bits, c.frac_bits);
    CHECK(run_case(arch::portable{}, full, data, quantizers(0)).values ==
          run_case(arch::reference{}, full, data, quantizers(0)).values);
    const DepthwiseBufferTempConvParams depthwise{c.kernel_size};
    const auto own = random_case(2, c.frame, c.kernel_size, channels, c.kernel_size + 2, c.bits, c.frac_bits);
    CHECK(run_case(arch::portable{}, depthwise, own, quantizers(0)).values ==
          run_case(arch::reference{}, depthwise, own, quantizers(0)).values);
  }
}

TEST_CASE("products of a depthwise temporal convolution are limited before they are added") {
  // 16-bit inputs 28 bits apart: the first channel aligns to 2^31 - 1, so each product meets the limit of 31 bits.
  LayerCase c{{{Shape{1, 1, 2}, 15, {0, 28}, {}, {32767, 0, -32768, 0}}}, {{"kernel", {1, 1, 1, 1}}}, {}};
  const LayerResult r = run_case(arch::reference{}, DepthwiseBufferTempConvParams{2}, c, quantizers(0));
  REQUIRE(r.fault == Fault::none);
  CHECK(r.values == std::vector<std::int64_t>{2147483647, 0, -1, 0});
}

TEST_CASE("a ring forgets after as many frames as it has slots, and at once when it is reset") {
  LayerState<std::array<std::int32_t, 3>> state;
  const Shape frame{1, 1, 1};
  for (std::int32_t t = 1; t <= 5; ++t) {
    const FrameRing ring = push_frame(state, 3, frame, &t);
    for (std::int32_t k = 0; k < 3; ++k) {
      CHECK(state.values[static_cast<std::size_t>(ring.frame(k))] == (t - 2 + k > 0 ? t - 2 + k : 0));
    }
  }
  state.reset();
  CHECK(state.values == std::array<std::int32_t, 3>{});
  CHECK(state.head == 0);
}

TEST_CASE("two streams through one layer do not meet") {
  const LayerCase& c = reference::buffer_temp_conv;
  const BufferTempConvParams params{3, 3, true};
  HeapFormat format = c.inputs[0].format();
  HeapConstants constants;
  REQUIRE(prepare(params, c.inputs[0].shape, format, c.float_variables(), quantizers(8), constants) == Fault::none);
  LayerState<std::vector<std::int32_t>> a, b;
  a.values.resize(static_cast<std::size_t>(params.state_size(c.inputs[0].shape)));
  b.values.resize(a.values.size());
  std::vector<std::int64_t> outputs;
  std::int32_t noise = 7;
  for (std::size_t i = 0; i < c.inputs[0].steps(); ++i) {
    std::vector<std::int64_t> y(6), ignored(6);
    std::vector<std::int32_t> other(4, noise);
    noise = -noise * 3;
    run(arch::portable{}, params, c.inputs[0].shape, constants, c.inputs[0].step(i).data(), y.data(), nullptr, a);
    run(arch::portable{}, params, c.inputs[0].shape, constants, other.data(), ignored.data(), nullptr, b);
    outputs.insert(outputs.end(), y.begin(), y.end());
  }
  CHECK(outputs == c.outputs[0].values);
}

TEST_CASE("the float forms see the same frames") {
  // y(t) = x(t - 1) + 10 x(t) + 100, then the same without bias for one channel on its own.
  const float kernel[] = {1, 10};
  const float bias[] = {100};
  FloatVariables v;
  v.kernel = kernel;
  v.bias = bias;
  LayerState<std::vector<float>> state{std::vector<float>(2), 0};
  LayerState<std::vector<float>> own{std::vector<float>(2), 0};
  const float expected[] = {120, 132, 143, 104};
  const float frames[] = {2, 3, 4, 0};
  for (std::size_t t = 0; t < 4; ++t) {
    float y = 0;
    run_float(arch::portable{}, BufferTempConvParams{1, 2, true}, Shape{1, 1, 1}, v, &frames[t], &y, state);
    CHECK(y == expected[t]);
    FloatVariables plain;
    plain.kernel = kernel;
    run_float(arch::portable{}, DepthwiseBufferTempConvParams{2}, Shape{1, 1, 1}, plain, &frames[t], &y, own);
    CHECK(y == expected[t] - 100);
  }
}
