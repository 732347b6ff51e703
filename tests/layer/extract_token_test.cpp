// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/layer/extract_token.hpp>

#include "layer/toolkit_outputs.hpp"

using namespace tenon;
using namespace tenon_test;

namespace {

constexpr ExtractTokenParams tokens(std::initializer_list<std::int32_t> list, std::int32_t axis = 0, bool keep = true) {
  ExtractTokenParams p;
  for (const std::int32_t t : list) (void)p.append(t);
  p.axis = axis;
  p.keep_axis = keep;
  return p;
}
static_assert(tokens({1, 2, 3, 4}).run_count == 1);
static_assert(tokens({3, 0, 1}).run_count == 2 && tokens({3, 0, 1}).count() == 3);
static_assert(tokens({4, 4}).run_count == 2);
static_assert(tokens({1, 2}).output_shape(Shape{7, 5}) == Shape{2, 5});
static_assert(tokens({1}, 0, false).output_shape(Shape{7, 5}) == Shape(5));
static_assert(tokens({1}, -1, false).output_shape(Shape{7, 5}) == Shape(7));
static_assert(tokens({6}).within(Shape{7, 5}) && !tokens({7}).within(Shape{7, 5}) && !tokens({0}, 2).within(Shape{7, 5}));

}  // namespace

TEST_CASE("a list of tokens in its own order equals the reference") {
  const LayerCase& c = reference::extract_token;
  const LayerResult r = run_case(arch::reference{}, tokens({3, 0, 1}), c, quantizers(0));
  REQUIRE(r.fault == Fault::none);
  CHECK(r.values == c.outputs[0].values);
  CHECK(r.format.frac_bits == c.outputs[0].frac_bits);
  CHECK(r.format.value_bits == c.inputs[0].value_bits);
}

TEST_CASE("channels take their fractional bits along") {
  const LayerCase& c = reference::extract_token;  // (4, 3) with fractional bits 2, 5, 3
  const auto& x = c.inputs[0].values;
  const LayerResult one = run_case(arch::reference{}, tokens({1}, 1, false), c, quantizers(0));
  CHECK(one.values == std::vector<std::int64_t>{x[1], x[4], x[7], x[10]});
  CHECK(one.format.frac_bits == std::vector<std::int32_t>{5});
  const LayerResult two = run_case(arch::reference{}, tokens({2, 0}, -1), c, quantizers(0));
  CHECK(two.values == std::vector<std::int64_t>{x[2], x[0], x[5], x[3], x[8], x[6], x[11], x[9]});
  CHECK(two.format.frac_bits == std::vector<std::int32_t>{3, 2});
}

TEST_CASE("more runs than there is room for are refused, not lost") {
  ExtractTokenParams p;
  for (std::int32_t i = 0; i < ExtractTokenParams::max_runs; ++i) CHECK(p.append(2 * i));
  CHECK_FALSE(p.append(100));
  CHECK(p.append(2 * ExtractTokenParams::max_runs - 1));  // the last run goes on
  CHECK(p.count() == ExtractTokenParams::max_runs + 1);
}
