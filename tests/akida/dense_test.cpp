// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <akida/sequence.hpp>

using namespace tenon;
using namespace tenon::akida;

namespace {

/// A chain of dense layers: 's' fits an internal processor, 'l' needs external memory.
Sequence chain(const char* sizes) {
  Sequence model;
  model.input(Shape{128});
  for (const char* size = sizes; *size != '\0'; ++size) {
    // 128 inputs of 8 bits: (128 + 8) bytes a unit, so 361 units fit and 362 do not.
    if (*size == 's') model.dense(128);
    if (*size == 'l') model.dense(1000);
    if (size[1] != '\0') model.relu();
    // Back to 128 inputs, so that every letter means the same.
    if (*size == 'l') model.back().output = model.layers[model.count - 2].output = Shape{128};
  }
  return model.dequantize();
}

}  // namespace

TEST_CASE("v2: a dense layer has up to 2048 inputs and weights as wide as its inputs") {
  const auto dense = [](std::int32_t inputs, std::int32_t weights, std::int32_t bits) {
    return Sequence{}
        .input({1, 1, 8})
        .conv(inputs, {.kernel = 1})
        .relu(bits)
        .dense(4, weights)
        .dequantize()
        .on(v2);
  };
  CHECK(dense(2048, 8, 8).maps());
  CHECK(says(dense(2049, 8, 8), Category::DENSE_INPUT_MAX, 3, number(2049), at_most(2048)));
  CHECK(dense(64, 4, 4).maps());
  CHECK(says(dense(64, 8, 4), Category::INPUT_BITS, 3, number(4), number(8)));
  CHECK(says(dense(64, 4, 8), Category::INPUT_BITS, 3, number(8), number(4)));
}

TEST_CASE("v2: flattened inputs count with all their dimensions") {
  const auto flat = [](std::int32_t channels) {
    return Sequence{}.input({8, 8, 8}).conv(channels).relu().flatten().dense(4).dequantize().on(v2);
  };
  CHECK(flat(32).maps());
  CHECK(flat(33).has(Category::DENSE_INPUT_MAX));
}

TEST_CASE("v1: AKD1000 has fewer dense inputs than the others") {
  const auto dense = [](std::int32_t inputs) {
    return Sequence{}.input({1, 1, inputs}).dense(2, 4).dequantize().on(v1);
  };
  CHECK(dense(57334).maps(Device::AKD1000));
  CHECK_FALSE(dense(57335).maps(Device::AKD1000));
  CHECK(dense(57335).maps(Device::AKD1500));
  CHECK_FALSE(dense(81921).maps(Device::AKD1500));
}

TEST_CASE("v2: nothing but dense layers follows a dense layer") {
  const auto model =
      Sequence{}.input({1, 1, 32}).dense(32).relu().conv(8, {.kernel = 1}).dequantize();
  CHECK(says(model.on(v2), Category::NO_SINGLE_SEQUENCE, 3, word(Word::dense_layer),
             word(Word::convolution)));
  const auto on_v1 = Sequence{}
                         .input({1, 1, 32})
                         .dense(32, 4)
                         .relu(4)
                         .conv(8, {.kernel = 1, .bits = 4})
                         .dequantize();
  CHECK(on_v1.on(v1).maps(Device::AKD1000));
}

TEST_CASE("two nodes take up to three dense layers, and large ones not side by side") {
  for (const char* accepted : {"s", "l", "ss", "sl", "ls", "sss", "ssl", "sls"}) {
    CHECK_MESSAGE(chain(accepted).on(v2).maps(Device::TwoNodesIPv2), accepted);
  }
  for (const char* refused : {"ll", "lss", "lsl", "sll", "ssss"}) {
    CHECK_MESSAGE(!chain(refused).on(v2).maps(Device::TwoNodesIPv2), refused);
  }
}

TEST_CASE("six nodes take longer chains, with a few large layers among the first four") {
  for (const char* accepted : {"ssss", "ssssssss", "lsl", "sll", "slls", "lssl"}) {
    CHECK_MESSAGE(chain(accepted).on(v2).maps(Device::SixNodesIPv2), accepted);
  }
  // The last is an autoencoder with wide ends.
  for (const char* refused : {"ll", "lls", "lll", "ssll", "llsl", "lssssssssl"}) {
    CHECK_MESSAGE(!chain(refused).on(v2).maps(Device::SixNodesIPv2), refused);
  }
}

TEST_CASE("the weight memory decides between internal and external dense processors") {
  const auto unit = [](std::int32_t units) {
    return Sequence{}.input(Shape{128}).dense(units).dequantize().on(v2).blocks[0].unit;
  };
  CHECK(unit(361) == Unit::internal_dense);  // 361 * (128 + 8) = 49096 bytes
  CHECK(unit(362) == Unit::external_dense);
}

TEST_CASE("a dense layer over several positions is refused, on v1 at conversion") {
  const auto model = [](std::int32_t bits) {
    return Sequence{}.input({4, 4, 8}).dense(4, bits).dequantize();
  };
  const auto flat = model(4).on(v1);
  CHECK_FALSE(flat.converts);
  CHECK(says(flat, Category::V1_DENSE_NOT_FLAT, 1, pair(4, 4), pair(1, 1)));
  CHECK(model(8).on(v2).has(Category::DENSE2D_SHAPE));
  const auto row = Sequence{}.input({1, 8, 16}).dense(4).dequantize().on(v2);
  CHECK(row.converts);
  CHECK(row.has(Category::LAYER_TYPE));
}
