// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <akida/sequence.hpp>

using namespace tenon;
using namespace tenon::akida;

namespace {

constexpr Sequence small_v1(std::int32_t bits) {
  return Sequence{}
      .input({16, 16, 3}, DataType::uint8)
      .conv(8)
      .relu(bits)
      .conv(4, {.kernel = 1, .bits = 4})
      .dequantize();
}

}  // namespace

TEST_CASE("v1 refuses activations with a range for each channel") {
  Sequence model = small_v1(4);
  CHECK(model.on(v1).maps(Device::AKD1000));
  model.layers[2].per_axis = true;
  const auto verdict = model.on(v1);
  CHECK_FALSE(verdict.converts);
  CHECK_FALSE(verdict.maps());
  REQUIRE(verdict.refusal_count == 1);
  CHECK(says(verdict, Category::V1_PER_TENSOR, 2, word(Word::per_axis), word(Word::per_tensor)));
  CHECK(model.on(v2).has(Category::V1_PER_TENSOR) == false);
}

TEST_CASE("v1 activations have 1, 2 or 4 bits") {
  for (const std::int32_t bits : {1, 2, 4}) CHECK(small_v1(bits).on(v1).maps(Device::AKD1000));
  const auto wide = small_v1(8).on(v1);
  CHECK_FALSE(wide.converts);
  CHECK(says(wide, Category::UNSIGNED_REQUIRED, 3, number(8), at_most(4)));
  const auto processor = Sequence{}
                             .input({8, 8, 8})
                             .conv(8, {.bits = 4})
                             .relu(3)
                             .conv(4, {.kernel = 1, .bits = 4})
                             .dequantize()
                             .on(v1);
  CHECK_FALSE(processor.converts);
  CHECK(says(processor, Category::ACT_BITS, 1, number(3), one_of(1, 2, 4)));
}

TEST_CASE("v1 needs bounded ReLUs with output quantizers") {
  Sequence model = small_v1(4);
  model.layers[2].bounded = false;
  CHECK(model.on(v1).has(Category::V1_RELU_UNBOUNDED));
  const auto last = [](std::int32_t bits) {
    return Sequence{}.input({8, 8, 8}).conv(8, {.bits = 4}).relu(bits).dequantize().on(v1);
  };
  CHECK(says(last(0), Category::V1_OUTPUT_QUANTIZER_MISSING, 2, word(Word::absent),
             word(Word::present)));
  CHECK(last(4).maps(Device::AKD1000));
}

TEST_CASE("all faults of a model are reported at once, each once") {
  Sequence model = small_v1(8);
  model.layers[1].kernel = {9, 9};
  model.layers[2].per_axis = true;
  const auto verdict = model.on(v1);
  CHECK(verdict.has(Category::V1_PER_TENSOR));
  CHECK(verdict.has(Category::KERNEL_SIZE));
  CHECK(verdict.has(Category::ACT_BITS));
  CHECK(verdict.has(Category::UNSIGNED_REQUIRED));
  CHECK(verdict.refusal_count == 4);
}

TEST_CASE("the pool after which a dense layer stands decides between the v1 devices") {
  const auto verdict = Sequence{}
                           .input({8, 8, 8})
                           .conv(8, {.bits = 4})
                           .max_pool(2, 2)
                           .relu(4)
                           .flatten()
                           .dense(4, 4)
                           .dequantize()
                           .on(v1);
  CHECK_FALSE(verdict.maps(Device::AKD1000));
  CHECK(verdict.maps(Device::AKD1500));
  CHECK(verdict.has(Category::POOL_FOLLOWER));
}

TEST_CASE("a model that maps says where its blocks run") {
  const auto verdict = Sequence{}
                           .input({16, 16, 3}, DataType::uint8)
                           .conv(8)
                           .relu(4)
                           .conv(8, {.bits = 4})
                           .average()
                           .relu(4)
                           .dense(4, 4)
                           .dequantize()
                           .on(v1);
  REQUIRE(verdict.block_count == 3);
  CHECK(verdict.blocks[0].node == Node::InputConvolutional);
  CHECK(verdict.blocks[0].unit == Unit::image_input);
  CHECK(verdict.blocks[1].node == Node::Convolutional);
  CHECK(verdict.blocks[1].first == 3);
  CHECK(verdict.blocks[1].last == 5);
  CHECK(verdict.blocks[2].node == Node::FullyConnected);
  CHECK(verdict.blocks[2].unit == Unit::internal_dense);
}

static_assert(small_v1(4).on(v1).maps(Device::TwoNodesIPv1));
static_assert(!small_v1(8).on(v1).converts);
