// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <akida/sequence.hpp>

using namespace tenon;
using namespace tenon::akida;

namespace {

/// conv, ReLU, then two convolutions and a merge of the first ReLU and the second convolution.
constexpr Sequence residual(LayerKind merge) {
  Sequence model;
  model.input({8, 8, 8}).conv(8).relu();
  const std::int16_t skip = model.last();
  model.conv(8).relu().conv(8).quantized();
  model.merge(merge, skip, model.last());
  if (merge == LayerKind::add) model.quantized();
  return model;
}

}  // namespace

TEST_CASE("v2 maps a residual that a convolution reads") {
  CHECK(residual(LayerKind::add).conv(4, {.kernel = 1}).dequantize().on(v2).maps());
  CHECK(residual(LayerKind::concatenate).conv(4, {.kernel = 1}).dequantize().on(v2).maps());
}

TEST_CASE("a merge at the end of the model or before a dense layer does not map") {
  const auto last = residual(LayerKind::add).dequantize().on(v2);
  CHECK(last.converts);
  CHECK(
      says(last, Category::MERGE_PLACEMENT, 6, word(Word::end_of_model), word(Word::convolution)));
  CHECK(residual(LayerKind::add)
            .flatten()
            .dense(4)
            .dequantize()
            .on(v2)
            .has(Category::DENSE_AFTER_MERGE));
}

TEST_CASE("a concatenate whose two inputs are read elsewhere overlaps another branch") {
  Sequence model;
  model.input({8, 8, 8}).conv(8).relu();
  const std::int16_t a = model.last();
  model.conv(8).relu();
  const std::int16_t b = model.last();
  model.merge(LayerKind::concatenate, a, b).conv(16, {.kernel = 1}).quantized();
  const std::int16_t ab = model.last();
  model.conv(8, {.from = b}).relu();
  model.merge(LayerKind::concatenate, ab, model.last()).conv(4, {.kernel = 1}).dequantize();
  CHECK(says(model.on(v2), Category::MERGE_PLACEMENT, 5, word(Word::skip_connection),
             word(Word::convolution)));
}

TEST_CASE("v1 has no branches") {
  const auto verdict = residual(LayerKind::add).conv(4).dequantize().on(v1);
  CHECK_FALSE(verdict.converts);
  CHECK(says(verdict, Category::GRAPH_NOT_SEQUENTIAL, 6, number(2), number(1)));
}

TEST_CASE("shapes that are merged must agree") {
  Sequence model;
  model.input({8, 8, 8}).conv(8).relu();
  const std::int16_t skip = model.last();
  model.conv(16).relu();
  model.merge(LayerKind::add, skip, model.last()).quantized().conv(4).dequantize();
  CHECK(says(model.on(v2), Category::SHAPE_MISMATCH, 5, number(16), number(8)));
}

namespace {

/// Two branches of these widths, with or without a ReLU at the end of the second, concatenated.
constexpr Sequence concatenated(std::int32_t first, std::int32_t second, bool relu = true) {
  Sequence model;
  model.input({8, 8, 8}).conv(8).relu(first);
  const std::int16_t skip = model.last();
  model.conv(8);
  if (relu)
    model.relu(second);
  else
    model.quantized(second);
  return model.merge(LayerKind::concatenate, skip, model.last());
}

}  // namespace

TEST_CASE("what is concatenated must agree in width and sign") {
  const auto width = concatenated(8, 4).conv(4).dequantize().on(v2);
  CHECK_FALSE(width.converts);
  CHECK(says(width, Category::SHAPE_MISMATCH, 5, number(4), number(8)));
  const auto sign = concatenated(4, 4, false).conv(4).dequantize().on(v2);
  CHECK(says(sign, Category::SHAPE_MISMATCH, 4, word(Word::signed_input),
             word(Word::unsigned_input)));
  CHECK(concatenated(8, 8, false).conv(4).dequantize().on(v2).converts);
}

TEST_CASE("a concatenate of a concatenate has the width of its own inputs") {
  Sequence model = concatenated(8, 8);
  const std::int16_t both = model.last();
  model.conv(8, {.from = 2}).relu();
  model.merge(LayerKind::concatenate, both, model.last()).conv(4).dequantize();
  const auto verdict = model.on(v2);
  CHECK(verdict.converts);
  CHECK(verdict.has(Category::MERGE_PLACEMENT));
}

TEST_CASE("a model has one output") {
  Sequence model;
  model.input({8, 8, 8}).conv(8).relu();
  const std::int16_t a = model.last();
  model.conv(8).relu(0).conv(8, {.from = a}).relu(0);
  model.add({.kind = LayerKind::dequantizer});
  const auto verdict = model.on(v2);
  CHECK_FALSE(verdict.converts);
  CHECK(says(verdict, Category::GRAPH_MULTI_OUTPUT, -1, number(2), number(1)));
}

TEST_CASE("what is not known as a sequence is refused with its layers") {
  const auto verdict =
      Sequence{}.input({8, 8, 8}).conv(8).max_pool(2, 2).quantized().conv(4).dequantize().on(v2);
  CHECK_FALSE(verdict.converts);
  const Value found{
      Form::kinds,
      2,
      {static_cast<int>(LayerKind::conv2d), static_cast<int>(LayerKind::max_pooling2d)}};
  CHECK(says(verdict, Category::BLOCK_PATTERN, 1, found, {}));
}

TEST_CASE("layers behind the first dequantizer do not matter") {
  const auto model = Sequence{}.input({8, 8, 8}).conv(8).dequantize();
  Sequence with_softmax = model;
  with_softmax.add({.software = true});
  CHECK(with_softmax.on(v2).maps());
  CHECK(with_softmax.on(v2).block_count == model.on(v2).block_count);
}

TEST_CASE("dropout and reshapes of unit dimensions are skipped") {
  const auto verdict = Sequence{}
                           .input({8, 8, 8})
                           .add({.kind = LayerKind::rescaling})
                           .add({.kind = LayerKind::dropout})
                           .conv(8)
                           .relu()
                           .add({.kind = LayerKind::dropout})
                           .conv(4, {.kernel = 1})
                           .dequantize()
                           .on(v2);
  CHECK(verdict.maps());
  CHECK(verdict.block_count == 2);
  CHECK(verdict.blocks[1].operation == 6);
}

TEST_CASE("temporal convolutions need a device that has processors for them") {
  const auto temporal = [](std::int32_t fifo) {
    return Sequence{}
        .input({1, 1, 8})
        .conv(8, {.kernel = 1})
        .relu()
        .temporal(8, fifo)
        .relu()
        .conv(4, {.kernel = 1})
        .dequantize()
        .on(v2);
  };
  CHECK(temporal(10).maps(Device::SixNodesIPv2));
  CHECK_FALSE(temporal(10).maps(Device::TwoNodesIPv2));
  CHECK(temporal(10).has(Category::NOT_ENOUGH_NPS));
  CHECK_FALSE(temporal(11).converts);
  CHECK(says(temporal(11), Category::FIFO_SIZE, 3, number(11), between(2, 10)));
}

TEST_CASE("two neighbours share the processors of a device with passes") {
  const auto pair_of = [](std::int32_t filters) {
    // 512 channels leave room for 96 filters of 1x1 in a processor, or for 8 of 3x3.
    return Sequence{}
        .input({4, 4, 512})
        .conv(512, {.kernel = 1})
        .relu()
        .conv(filters)
        .relu()
        .conv(4, {.kernel = 1})
        .dequantize()
        .on(v2);
  };
  CHECK(pair_of(16).maps(Device::TwoNodesIPv2));
  // Six processors for the first layer, and two or three for the second.
  const auto over = pair_of(24);
  CHECK_FALSE(over.maps(Device::TwoNodesIPv2));
  CHECK(says(over, Category::NO_SINGLE_SEQUENCE, 3, number(9), at_most(8)));
  CHECK(over.maps(Device::SixNodesIPv2));
  CHECK(over.devices[0].usage[0].processors == 6);
  CHECK(over.devices[0].usage[1].processors == 3);
}

TEST_CASE("AKD1000 holds the whole model at once") {
  // 1024 columns are 32 parts of 32 columns.
  const auto wide = [](int layers) {
    Sequence model;
    model.input({1024, 4, 2});
    for (int i = 0; i < layers; ++i) model.conv(2, {.bits = 4}).relu(4);
    return model.dequantize().on(v1);
  };
  CHECK(wide(2).maps(Device::AKD1000));
  CHECK(wide(2).devices[0].processors == 64);
  CHECK_FALSE(wide(3).maps(Device::AKD1000));
  CHECK(says(wide(3), Category::NO_SINGLE_SEQUENCE, -1, number(96), at_most(78)));
  CHECK_FALSE(wide(2).maps(Device::AKD1500));  // 32 + 32 of 32
}

static_assert(residual(LayerKind::add).conv(4, {.kernel = 1}).dequantize().on(v2).maps());
