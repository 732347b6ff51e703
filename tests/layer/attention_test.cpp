// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <random>
#include <tenon/layer/attention.hpp>

#include "layer/toolkit_outputs.hpp"

using namespace tenon;
using namespace tenon_test;

namespace {

struct AttentionResult {
  Fault fault = Fault::none;
  HeapFormat format;
  HeapConstants constants;
  std::vector<std::int64_t> values, mask;
};

template <class Arch>
AttentionResult attend(Arch arch, const AttentionParams& params, const LayerCase& c, const LayerQuantizers& q) {
  const LayerTensor& query = c.inputs[0];
  const LayerTensor& key = c.inputs[1];
  const LayerTensor& value = c.inputs[2];
  AttentionResult r;
  r.format = query.format();
  r.fault = prepare(params, query.shape, key.shape, r.format, key.format(), value.format(), c.float_variables(), q,
                    r.constants);
  if (r.fault != Fault::none) return r;
  r.values.resize(static_cast<std::size_t>(query.shape.size()));
  r.mask.resize(static_cast<std::size_t>(params.mask_shape(query.shape, key.shape).size()));
  std::vector<std::int32_t> row(static_cast<std::size_t>(key.shape[0]));
  run(arch, params, query.shape, key.shape, r.constants, query.values.data(), key.values.data(),
      value.values.data(), r.values.data(), row.data(), r.mask.data());
  return r;
}

template <class Arch>
void check(Arch arch, const AttentionParams& params, const LayerCase& c, const LayerQuantizers& q) {
  const AttentionResult r = attend(arch, params, c, q);
  REQUIRE(r.fault == Fault::none);
  CHECK(r.values == c.outputs[0].values);
  CHECK(r.format.frac_bits == c.outputs[0].frac_bits);
  CHECK(r.mask == c.outputs[1].values);
  HeapFormat mask;
  mask_format(r.constants, mask);
  CHECK(mask.frac_bits == c.outputs[1].frac_bits);
}

LayerCase random_case(std::uint32_t seed, Shape query, Shape key, int bits, std::vector<std::int32_t> value_frac_bits) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::int64_t> draw(-(1 << bits), (1 << bits) - 1);
  const auto tensor = [&](Shape shape, std::vector<std::int32_t> frac_bits) {
    LayerTensor t{shape, bits, std::move(frac_bits), {}, std::vector<std::int64_t>(static_cast<std::size_t>(shape.size()))};
    for (auto& v : t.values) v = draw(random);
    return t;
  };
  return {{tensor(query, {bits - 1}), tensor(key, {bits}), tensor(key, std::move(value_frac_bits))}, {}, {}};
}

}  // namespace

TEST_CASE("attention with two heads and a per-axis value equals the reference, mask included") {
  check(arch::reference{}, {2}, reference::attention, quantizers(8));
  check(arch::portable{}, {2}, reference::attention, quantizers(8));
}

TEST_CASE("attention at the end of a model, with few exponent bits, equals the reference") {
  LayerQuantizers q = quantizers(0);
  q.exp_bitwidth = 5;
  check(arch::reference{}, {1}, reference::attention_last, q);
  check(arch::portable{}, {1}, reference::attention_last, q);
}

TEST_CASE("the portable attention equals the reference kernel") {
  struct Case {
    Shape query, key;
    std::int32_t heads;
    int bits;
    std::vector<std::int32_t> value_frac_bits;
  };
  // One token, one channel a head; heads of a block of channels and one more; more queries than keys; 16-bit operands
  // whose scores need 64 bits; values so far apart that aligning them saturates.
  const Case cases[] = {{{1, 1}, {1, 1}, 1, 7, {3}},
                        {{3, 32}, {3, 32}, 1, 7, {5}},
                        {{2, 66}, {5, 66}, 2, 7, {4}},
                        {{7, 6}, {2, 6}, 3, 3, {2, 3, 1, 0, 3, 3}},
                        {{4, 64}, {4, 64}, 1, 15, {10}},
                        {{5, 4}, {5, 4}, 2, 15, {0, 20, 14, 7}}};
  for (const Case& c : cases) {
    for (std::uint32_t seed = 0; seed < 5; ++seed) {
      INFO("seed ", seed, ", ", c.heads, " heads, ", c.bits, " bits");
      const LayerCase data = random_case(seed, c.query, c.key, c.bits, c.value_frac_bits);
      const AttentionResult plain = attend(arch::reference{}, {c.heads}, data, quantizers(0));
      const AttentionResult portable = attend(arch::portable{}, {c.heads}, data, quantizers(0));
      REQUIRE(plain.fault == Fault::none);
      CHECK(portable.values == plain.values);
      CHECK(portable.mask == plain.mask);
    }
  }
}

TEST_CASE("no sum exceeds the bound that chose its type") {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    INFO("seed ", seed);
    const LayerCase data = random_case(seed, {6, 4}, {9, 4}, 7, {7, 3, 5, 5});
    const AttentionResult r = attend(arch::reference{}, {2}, data, quantizers(0));
    REQUIRE(r.fault == Fault::none);
    std::vector<std::int64_t> weights(9);
    for (std::size_t row = 0; row < r.mask.size() / 9; ++row) {
      std::int64_t sum = 0;
      for (std::size_t j = 0; j < 9; ++j) sum += r.mask[row * 9 + j] * 128;
      CHECK(sum <= r.constants.largest_sum);
    }
  }
}

TEST_CASE("without a mask to write, the output is the same") {
  const LayerCase& c = reference::attention;
  const AttentionResult with = attend(arch::portable{}, {2}, c, quantizers(8));
  std::vector<std::int32_t> y(12), row(3);
  run(arch::portable{}, AttentionParams{2}, c.inputs[0].shape, c.inputs[1].shape, with.constants,
      c.inputs[0].values.data(), c.inputs[1].values.data(), c.inputs[2].values.data(), y.data(), row.data());
  CHECK(std::vector<std::int64_t>(y.begin(), y.end()) == with.values);
}

TEST_CASE("attention refuses a softmax, scales, and per-axis queries and keys") {
  const LayerCase& good = reference::attention;
  CHECK(attend(arch::reference{}, {2, Softmax::softmax}, good, quantizers(8)).fault == Fault::softmax_not_quantized);
  LayerCase c = good;
  c.inputs[2].scales = {0.5F};
  CHECK(attend(arch::reference{}, {2}, c, quantizers(8)).fault == Fault::input_has_scales);
  c = good;
  c.inputs[1].frac_bits = {1, 2, 3, 4};
  CHECK(attend(arch::reference{}, {2}, c, quantizers(8)).fault == Fault::input_not_per_tensor);
}

TEST_CASE("the float attention by hand") {
  // One head of one channel: scores 0 and 2 become weights 1/4 and 1 by the power of two nearest to 1 + 1/4.
  const float q[] = {2};
  const float k[] = {0, 1};
  const float v[] = {8, 3};
  float y[1], row[2], mask[2];
  run_float(arch::reference{}, AttentionParams{1}, Shape{1, 1}, Shape{2, 1}, {}, q, k, v, y, row, mask);
  CHECK(mask[0] == 0.25F);
  CHECK(mask[1] == 1.0F);
  CHECK(y[0] == 5.0F);
  run_float(arch::reference{}, AttentionParams{1, Softmax::softmax}, Shape{1, 1}, Shape{2, 1}, {}, q, k, v, y, row,
            mask);
  CHECK(mask[0] == doctest::Approx(0.1192029));  // 1 / (1 + e^2)
  CHECK(mask[0] + mask[1] == doctest::Approx(1));
}
