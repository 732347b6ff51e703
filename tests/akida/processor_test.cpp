// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <akida/sequence.hpp>

using namespace tenon;
using namespace tenon::akida;

TEST_CASE("v2: a convolution has kernels 1, 3, 5 and 7") {
  for (const std::int32_t kernel : {1, 3, 5, 7}) {
    CHECK(around({8, 8, 8}, 8, {.kernel = kernel}).on(v2).maps());
  }
  CHECK(says(around({16, 16, 8}, 8, {.kernel = 9}).on(v2), Category::KERNEL_SIZE, 1, number(9),
             one_of(1, 3, 5, 7)));
}

TEST_CASE("v2: stride 2 goes with kernels 1 and 3, and no stride is larger") {
  CHECK(around({8, 8, 8}, 8, {.kernel = 1, .stride = 2}).on(v2).maps());
  CHECK(around({8, 8, 8}, 8, {.stride = 2}).on(v2).maps());
  const auto five = around({8, 8, 8}, 8, {.kernel = 5, .stride = 2}).on(v2);
  CHECK_FALSE(five.converts);
  CHECK(says(five, Category::STRIDE_KERNEL_COMBO, 1, number(5), one_of(1, 3)));
  const auto three = around({9, 9, 8}, 8, {.stride = 3}).on(v2);
  CHECK_FALSE(three.converts);
  CHECK(says(three, Category::STRIDE_RANGE, 1, number(3), one_of(1, 2)));
}

TEST_CASE("v2: padding is same; a 1x1 kernel may say valid") {
  CHECK(around({8, 8, 8}, 8, {.kernel = 1, .padding = Padding::valid}).on(v2).maps());
  const auto verdict = around({8, 8, 8}, 8, {.padding = Padding::valid}).on(v2);
  CHECK(verdict.converts);
  CHECK(says(verdict, Category::PADDING_VALID, 1, word(Word::valid_padding),
             word(Word::same_padding)));
}

TEST_CASE("v2: filters and channels end at 2048") {
  CHECK(around({1, 1, 2048}, 8, {.kernel = 1}).on(v2).maps(Device::SixNodesIPv2));
  CHECK(around({1, 1, 2049}, 8, {.kernel = 1}).on(v2).has(Category::CHANNELS_MAX));
  CHECK(says(around({4, 4, 8}, 2049, {.kernel = 1}).on(v2), Category::FILTERS_MAX, 1, number(2049),
             at_most(2048)));
}

TEST_CASE("v2: more channels than the weight memory holds are refused with the limit") {
  CHECK(around({4, 4, 682}, 8, {}).on(v2).maps());
  const auto verdict = around({4, 4, 683}, 8, {}).on(v2);
  CHECK(verdict.converts);
  CHECK(says(verdict, Category::WEIGHT_SRAM, 1, number(683), at_most(682)));
}

TEST_CASE("v2: outputs without activation have 8 or 28 bits, with 4-bit weights 28") {
  const auto plain = [](std::int32_t bits, std::int32_t output) {
    return Sequence{}
        .input({8, 8, 8})
        .conv(8, {.bits = bits})
        .quantized(output)
        .conv(4, {.kernel = 1, .bits = bits})
        .dequantize()
        .on(v2);
  };
  CHECK(plain(8, 8).maps());
  CHECK(says(plain(4, 8), Category::OUTPUT_BITS, 1, number(8), one_of(28)));
  CHECK(says(plain(8, 4), Category::OUTPUT_BITS, 1, number(4), one_of(8, 28)));
}

TEST_CASE("v2: a last ReLU without output quantizer converts but does not map") {
  const auto last = [](std::int32_t bits) {
    return Sequence{}.input({8, 8, 8}).conv(8).relu(bits).dequantize().on(v2);
  };
  CHECK(last(0).converts);
  CHECK(says(last(0), Category::OUTPUT_BITS, 1, number(32), one_of(4, 8)));
  CHECK(last(8).maps());
}

TEST_CASE("v2: a pool has at most 2 by 2 elements, needs stride 1 and a convolution behind it") {
  const auto pooled = [](std::int32_t stride, std::int32_t size, std::int32_t by) {
    return Sequence{}
        .input({8, 8, 8})
        .conv(8, {.stride = stride})
        .max_pool(size, by)
        .relu()
        .conv(4, {.kernel = 1})
        .dequantize()
        .on(v2);
  };
  CHECK(pooled(1, 2, 2).maps());
  CHECK(pooled(1, 2, 1).maps());
  CHECK(says(pooled(1, 3, 3), Category::POOL_SIZE, 1, number(3), at_most(2)));
  CHECK(says(pooled(2, 2, 2), Category::POOL_WITH_STRIDE, 1, number(2), number(1)));
  CHECK(pooled(1, 1, 2).has(Category::POOL_STRIDE_GT_SIZE));
  const auto last = Sequence{}.input({8, 8, 8}).conv(8).max_pool(2, 2).relu().dequantize();
  CHECK(last.on(v2).has(Category::POOL_LAST));
  const auto dense =
      Sequence{}.input({8, 8, 8}).conv(8).max_pool(2, 2).relu().flatten().dense(4).dequantize();
  CHECK(says(dense.on(v2), Category::POOL_FOLLOWER, 5, word(Word::dense_layer),
             word(Word::convolution)));
}

TEST_CASE("v2 averages after the ReLU, over at most 144 positions in at most 64 columns") {
  const auto averaged = [](Shape shape) {
    return Sequence{}.input(shape).conv(8).relu(0).average().quantized().dense(4).dequantize().on(
        v2);
  };
  CHECK(averaged({12, 12, 8}).maps());
  CHECK(averaged({4, 36, 8}).maps());
  CHECK(says(averaged({12, 13, 8}), Category::GAP_DIM, 1, number(156), at_most(144)));
  CHECK(averaged({4, 37, 8}).has(Category::GAP_DIM));
  CHECK(averaged({1, 1, 8}).maps());
}

TEST_CASE("v1 averages before the ReLU, three rows or more") {
  const auto averaged = [](Shape shape) {
    return Sequence{}
        .input(shape)
        .conv(8, {.bits = 4})
        .average()
        .relu(4)
        .dense(4, 4)
        .dequantize()
        .on(v1);
  };
  CHECK(averaged({8, 3, 8}).maps(Device::AKD1000));
  CHECK(averaged({32, 8, 8}).maps(Device::AKD1500));
  CHECK(averaged({8, 2, 8}).has(Category::GAP_DIM));
  CHECK(averaged({33, 7, 8}).has(Category::GAP_DIM));
  CHECK(says(averaged({16, 17, 8}), Category::V1_GAP_SPATIAL, 2, number(272), at_most(256)));
  const auto after =
      Sequence{}.input({8, 8, 8}).conv(8, {.bits = 4}).relu(0).average().quantized(4).dense(4, 4);
  CHECK(after.on(v1).has(Category::V1_OUTPUT_QUANTIZER_NOT_ON_RELU));
  CHECK(after.on(v1).has(Category::BLOCK_PATTERN));
}

TEST_CASE("v2: depthwise convolutions have no 1x1 kernel, any pool, and their own output bits") {
  const auto depthwise = [](Sequence::Options o, std::int32_t input_bits, std::int32_t bits) {
    return Sequence{}
        .input({8, 8, 8})
        .conv(8)
        .relu(input_bits)
        .depthwise(o)
        .relu(bits)
        .conv(4, {.kernel = 1})
        .dequantize()
        .on(v2);
  };
  CHECK(depthwise({}, 8, 8).maps());
  CHECK(depthwise({.kernel = 7}, 8, 8).maps());
  CHECK(says(depthwise({.kernel = 1}, 8, 8), Category::KERNEL_SIZE, 3, number(1), one_of(3, 5, 7)));
  CHECK(depthwise({.bits = 4}, 4, 4).maps());
  CHECK(says(depthwise({.bits = 4}, 8, 8), Category::OUTPUT_BITS, 3, number(8), one_of(4)));
  CHECK(depthwise({.kernel = 5, .stride = 2}, 8, 8).has(Category::STRIDE_KERNEL_COMBO));
  const auto pooled = Sequence{}
                          .input({9, 9, 8})
                          .depthwise({.stride = 2})
                          .max_pool(3, 3)
                          .relu()
                          .conv(4)
                          .dequantize();
  CHECK(pooled.on(v2).maps());
}

TEST_CASE("v2: transposed convolutions have stride 2, kernels 3 and 4, and are not cut by rows") {
  const auto up = [](Shape shape, std::int32_t kernel, std::int32_t bits) {
    return Sequence{}
        .input(shape)
        .conv(8)
        .relu(bits)
        .conv(8, {.kernel = kernel, .stride = 2, .kind = LayerKind::conv2d_transpose})
        .relu()
        .conv(4, {.kernel = 1})
        .dequantize()
        .on(v2);
  };
  CHECK(up({8, 8, 8}, 3, 8).maps());
  CHECK(up({8, 8, 8}, 4, 8).maps());
  CHECK(up({8, 128, 2}, 3, 8).maps());
  CHECK(up({8, 129, 2}, 3, 8).has(Category::SPLIT_HEIGHT));
  const auto five = up({8, 8, 8}, 5, 8);
  CHECK_FALSE(five.converts);
  CHECK(says(five, Category::TRANSPOSE_KERNEL, 3, number(5), one_of(3, 4)));
  CHECK(says(up({8, 8, 8}, 3, 4), Category::INPUT_BITS, 3, number(4), one_of(8)));
}

TEST_CASE("v1: pools of 3 fit all devices but AKD1000") {
  const auto verdict = Sequence{}
                           .input({9, 9, 8})
                           .conv(8, {.bits = 4})
                           .max_pool(3, 3)
                           .relu(4)
                           .conv(4, {.kernel = 1, .bits = 4})
                           .dequantize()
                           .on(v1);
  CHECK_FALSE(verdict.maps(Device::AKD1000));
  CHECK(verdict.maps(Device::AKD1500));
  CHECK(verdict.maps(Device::TwoNodesIPv1));
  REQUIRE(verdict.refusal_count == 1);
  CHECK(verdict.refusals[0].devices == 1);
  CHECK(verdict.refusals[0].allowed == at_most(2));
}

TEST_CASE("v1: weights of 8 bits are for the image layer only, and separable ones have 2 or 4") {
  CHECK(
      says(around({8, 8, 8}, 8, {}).on(v1), Category::WEIGHT_BITS, 1, number(8), one_of(1, 2, 4)));
  const auto separable = [](std::int32_t bits, std::int32_t kernel) {
    return Sequence{}
        .input({8, 8, 8})
        .conv(8, {.kernel = kernel, .bits = bits, .kind = LayerKind::separable_conv2d})
        .relu(4)
        .conv(4, {.kernel = 1, .bits = 4})
        .dequantize()
        .on(v1);
  };
  CHECK(separable(2, 3).maps(Device::AKD1000));
  CHECK(separable(4, 7).maps(Device::AKD1000));
  CHECK(says(separable(1, 3), Category::WEIGHT_BITS, 1, number(1), one_of(2, 4)));
  CHECK(separable(4, 1).has(Category::KERNEL_SIZE));
}

static_assert(around({4, 4, 682}, 8, {}).on(v2).maps(Device::TwoNodesIPv2));
static_assert(!around({4, 4, 683}, 8, {}).on(v2).maps());
