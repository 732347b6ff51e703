// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <akida/sequence.hpp>

using namespace tenon;
using namespace tenon::akida;

namespace {
constexpr Toolchain newer = Toolchain::v2_19;
}

TEST_CASE("2.19 knows two more devices of v2") {
  const auto model = around({8, 8, 8}, 8, {});
  CHECK(model.on(v2).device_count == 2);
  CHECK(model.on(v2, newer).device_count == 4);
  CHECK(model.on(v2, newer).maps(Device::FourNodesIPv2));
  CHECK_FALSE(model.on(v2).maps(Device::FourNodesIPv2));
  CHECK(model.on(v1, newer).device_count == 3);
}

TEST_CASE("2.19 leaves a signed input signed, which v1 processors do not read") {
  const auto signed_input = [](LayerKind kind) {
    return Sequence{}
        .input({8, 8, 8})
        .conv(8, {.bits = 4, .kind = kind})
        .relu(4)
        .conv(4, {.kernel = 1, .bits = 4})
        .dequantize();
  };
  CHECK(signed_input(LayerKind::conv2d).on(v1).maps());
  CHECK(signed_input(LayerKind::conv2d).on(v1, newer).has(Category::UNSIGNED_REQUIRED));
  CHECK(
      signed_input(LayerKind::separable_conv2d).on(v1, newer).has(Category::PREVIOUS_OUTPUT_BITS));
  CHECK(image({16, 16, 3}, 8, {}, 4).on(v1, newer).maps());
}

TEST_CASE("2.19 wants inputs at least as wide as weights") {
  const auto model = Sequence{}
                         .input({8, 8, 8})
                         .conv(8)
                         .relu(4)
                         .conv(8)
                         .relu(4)
                         .conv(4, {.kernel = 1})
                         .dequantize();
  CHECK(model.on(v2).maps());
  CHECK(says(model.on(v2, newer), Category::INPUT_LT_WEIGHT_BITS, 3, number(4), at_least(8)));
  const auto dense = Sequence{}.input(Shape{64}).dense(4, 4).dequantize();
  CHECK_FALSE(dense.on(v2).maps());
  CHECK(dense.on(v2, newer).maps());
}

TEST_CASE("2.19 maps activation tables and refuses wide depthwise pools") {
  Sequence table;
  table.input({16, 16, 3}, DataType::uint8).conv(8).quantized(11);
  table.add({.kind = LayerKind::activation, .output_bits = 8}).conv(4, {.kernel = 1}).dequantize();
  CHECK(
      says(table.on(v2), Category::ACTIVATION_TYPE, 1, word(Word::lookup_table), word(Word::relu)));
  CHECK(table.on(v2, newer).maps());
  const auto pooled =
      Sequence{}.input({9, 9, 8}).depthwise({}).max_pool(3, 3).relu().conv(4).dequantize();
  CHECK(pooled.on(v2).maps());
  CHECK(says(pooled.on(v2, newer), Category::POOL_SIZE, 1, number(3), at_most(2)));
}

TEST_CASE("2.19 refuses 16-bit and rank 2 inputs at conversion") {
  const auto wide = Sequence{}.input({8, 8, 8}, DataType::int16).conv(8).dequantize();
  CHECK(wide.on(v2).converts);
  CHECK(wide.on(v2).has(Category::INPUT_BITS));
  CHECK_FALSE(wide.on(v2, newer).converts);
  const auto flat = Sequence{}.input({4, 16}).dense(16).dequantize();
  CHECK(flat.on(v2).converts);
  CHECK(flat.on(v2, newer).has(Category::INPUT_RANK));
}

TEST_CASE("2.19 has its own words for a signed input and for missing temporal processors") {
  CHECK(image({16, 16, 2}, 8, {}).on(v2, newer).has(Category::INPUT_SIGN));
  const auto temporal =
      Sequence{}.input({1, 1, 8}).temporal(8, 4).relu().conv(4, {.kernel = 1}).dequantize();
  CHECK(temporal.on(v2, newer).has(Category::TEMPORAL_PASS));
  CHECK(temporal.on(v2, newer).maps(Device::FourNodesIPv2));
}
