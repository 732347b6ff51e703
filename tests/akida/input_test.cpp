// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <akida/sequence.hpp>

#include <array>

using namespace tenon;
using namespace tenon::akida;

// Acceptances and refusals of the block that reads the image, as the tool chain 2.14 gave them.

TEST_CASE("v2: the image layer has kernels 3, 4, 5 and 7") {
  for (const std::int32_t kernel : {3, 4, 5, 7}) {
    const auto verdict = image({16, 16, 3}, 8, {.kernel = kernel}).on(v2);
    CHECK(verdict.maps(Device::TwoNodesIPv2));
    CHECK(verdict.maps(Device::SixNodesIPv2));
  }
  for (const std::int32_t kernel : {1, 9}) {
    const auto verdict = image({16, 16, 3}, 8, {.kernel = kernel}).on(v2);
    CHECK(verdict.converts);
    CHECK_FALSE(verdict.maps());
    CHECK(says(verdict, Category::KERNEL_SIZE, 1, number(kernel), one_of(3, 4, 5, 7)));
  }
}

TEST_CASE("v2: the stride of the image layer is at most the kernel, and 6 for a kernel of 7") {
  CHECK(image({32, 32, 3}, 8, {.kernel = 4, .stride = 4}).on(v2).maps());
  CHECK(image({32, 32, 3}, 8, {.kernel = 7, .stride = 6}).on(v2).maps());
  const auto four = image({32, 32, 3}, 8, {.kernel = 3, .stride = 4}).on(v2);
  CHECK(says(four, Category::STRIDE_KERNEL_COMBO, 1, number(4), at_most(3)));
  const auto seven = image({32, 32, 3}, 8, {.kernel = 7, .stride = 7}).on(v2);
  CHECK(says(seven, Category::STRIDE_KERNEL_COMBO, 1, number(7), at_most(6)));
}

TEST_CASE("v2: the image has at least 5 by 5 elements and at most 384 in its second dimension") {
  CHECK(image({5, 5, 3}, 8, {}).on(v2).maps());
  CHECK(image({400, 8, 3}, 8, {}).on(v2).maps());
  CHECK(image({8, 384, 3}, 8, {}).on(v2).maps());
  CHECK(image({4, 8, 3}, 8, {}).on(v2).has(Category::HRC_INPUT_DIM));
  CHECK(image({8, 4, 3}, 8, {}).on(v2).has(Category::HRC_INPUT_DIM));
  CHECK(says(image({8, 385, 3}, 8, {}).on(v2), Category::HRC_INPUT_DIM, 1, number(385),
             between(5, 384)));
  CHECK(image({7, 7, 3}, 8, {.kernel = 7, .padding = Padding::valid}).on(v2).maps());
}

TEST_CASE("v2: the image layer has up to 512 filters and 8-bit weights") {
  CHECK(image({16, 16, 3}, 512, {}).on(v2).maps());
  CHECK(says(image({16, 16, 3}, 513, {}).on(v2), Category::HRC_FILTERS, 1, number(513),
             at_most(512)));
  const auto narrow = image({16, 16, 3}, 8, {.bits = 4}).on(v2);
  CHECK(narrow.converts);
  CHECK(says(narrow, Category::WEIGHT_BITS, 1, number(4), one_of(8)));
}

TEST_CASE("v2: the image layer pools 2 by 2 or 3 by 3 with stride 2") {
  const auto pooled = [](std::int32_t size, std::int32_t stride) {
    return Sequence{}
        .input({16, 16, 3}, DataType::uint8)
        .conv(8)
        .max_pool(size, stride)
        .relu()
        .conv(4, {.kernel = 1})
        .dequantize()
        .on(v2);
  };
  CHECK(pooled(2, 2).maps());
  CHECK(pooled(3, 2).maps());
  CHECK(says(pooled(3, 3), Category::HRC_POOL, 1, pair(3, 3), pairs(2, 2, 3, 2)));
  CHECK(says(pooled(2, 1), Category::HRC_POOL, 1, pair(2, 1), pairs(2, 2, 3, 2)));
}

TEST_CASE("an unsigned input needs 1 or 3 channels and a block that the image unit runs") {
  CHECK(image({16, 16, 1}, 8, {}).on(v2).maps());
  const auto two = image({16, 16, 2}, 8, {}).on(v2);
  CHECK_FALSE(two.converts);
  CHECK(
      says(two, Category::INPUT_UNSIGNED, 0, word(Word::unsigned_input), word(Word::signed_input)));
  const auto no_relu =
      Sequence{}.input({16, 16, 3}, DataType::uint8).conv(8).quantized().conv(4).dequantize();
  CHECK(no_relu.on(v2).has(Category::INPUT_UNSIGNED));
}

TEST_CASE("a signed image goes to the processors") {
  const auto verdict = around({16, 16, 3}, 8, {}).on(v2);
  CHECK(verdict.maps());
  CHECK(verdict.blocks[0].unit == Unit::convolution);
  CHECK(image({16, 16, 3}, 8, {}).on(v2).blocks[0].unit == Unit::image_input);
}

TEST_CASE("v1: the filters of the image layer are bounded by channels and kernel") {
  struct Limit {
    std::int32_t channels, kernel, filters;
  };
  for (const Limit l : {Limit{1, 3, 512}, Limit{1, 5, 192}, Limit{1, 7, 96}, Limit{3, 3, 192},
                        Limit{3, 5, 64}, Limit{3, 7, 32}}) {
    const Shape shape{16, 16, l.channels};
    CHECK_FALSE(image(shape, l.filters, {.kernel = l.kernel, .bits = 8}, 4)
                    .on(v1)
                    .has(Category::HRC_FILTERS));
    CHECK(says(image(shape, l.filters + 1, {.kernel = l.kernel}, 4).on(v1), Category::HRC_FILTERS,
               1, number(l.filters + 1), at_most(l.filters)));
  }
}

TEST_CASE("v1: the image layer strides by 1, 2 or 3 and reads up to 256 rows") {
  CHECK(image({30, 30, 3}, 8, {.kernel = 5, .stride = 3}, 4).on(v1).maps(Device::AKD1000));
  CHECK(says(image({30, 30, 3}, 8, {.kernel = 5, .stride = 4}, 4).on(v1), Category::STRIDE_RANGE, 1,
             number(4), one_of(1, 2, 3)));
  CHECK(image({8, 256, 3}, 8, {}, 4).on(v1).maps(Device::AKD1000));
  CHECK(image({8, 257, 3}, 8, {}, 4).on(v1).has(Category::HRC_INPUT_DIM));
}

TEST_CASE("v1: an even kernel does not convert") {
  const auto verdict = image({16, 16, 3}, 8, {.kernel = 4}, 4).on(v1);
  CHECK_FALSE(verdict.converts);
  CHECK(says(verdict, Category::KERNEL_EVEN, 1, number(4), word(Word::odd)));
}

constexpr auto image_of_9 = image({16, 16, 3}, 8, {.kernel = 9}).on(v2);
static_assert(image_of_9.converts && !image_of_9.maps());
static_assert(image_of_9.refusal_count == 1 && image_of_9.refusals[0].found == number(9));
