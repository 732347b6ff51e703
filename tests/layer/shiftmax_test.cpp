// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <tenon/layer/shiftmax.hpp>

#include "layer/toolkit_outputs.hpp"

using namespace tenon;
using namespace tenon_test;

namespace {

void check(const LayerCase& c, LayerQuantizers q) {
  const LayerResult r = run_case(arch::reference{}, ShiftmaxParams{}, c, q);
  REQUIRE(r.fault == Fault::none);
  CHECK(r.values == c.outputs[0].values);
  CHECK(r.format.frac_bits == c.outputs[0].frac_bits);
  CHECK(r.format.value_bits == q.exp_bitwidth + 1);
}

constexpr std::array<std::int32_t, 4> shifted() {
  std::array<std::int32_t, 4> row{3, 1, -20, 3};
  kernel::shiftmax(arch::reference{}, row.data(), 4, 10, 31);
  return row;
}
// Two equal maxima share one half each; 2^-2 of that remains for the second, nothing for the third.
static_assert(shifted() == std::array<std::int32_t, 4>{512, 128, 0, 512});

}  // namespace

TEST_CASE("shiftmax of channels with fractional bits of their own equals the reference") {
  check(reference::shiftmax_per_axis, quantizers(0));
}

TEST_CASE("negative fractional bits saturate at the bits of the input before the maximum is taken") {
  LayerQuantizers q = quantizers(0);
  q.exp_bitwidth = 6;
  check(reference::shiftmax_negative, q);
}

TEST_CASE("the integer shiftmax is the float one without what lies below its last bit") {
  // Rows of one element, of equal ones, with a sum just below and above sqrt(2) * 2^k.
  const std::vector<std::vector<std::int32_t>> rows{{5}, {2, 2, 2}, {0, -1, -1}, {0, -2, -3}, {9, -9, 0, 8, 8, 3, -1}};
  for (const auto& row : rows) {
    std::vector<float> floats(row.begin(), row.end());
    std::vector<std::int32_t> integers = row;
    const auto count = static_cast<std::int32_t>(row.size());
    kernel::shiftmax(arch::reference{}, floats.data(), count);
    kernel::shiftmax(arch::reference{}, integers.data(), count, 10, 31);
    for (std::size_t i = 0; i < row.size(); ++i) {
      CHECK(integers[i] == static_cast<std::int32_t>(floats[i] * 1024));
    }
  }
}

TEST_CASE("an exponent needs a buffer of more than twice its bits") {
  LayerQuantizers q = quantizers(0);
  q.exp_bitwidth = 15;
  CHECK(run_case(arch::reference{}, ShiftmaxParams{}, reference::shiftmax_per_axis, q).fault == Fault::none);
  q.exp_bitwidth = 16;
  CHECK(run_case(arch::reference{}, ShiftmaxParams{}, reference::shiftmax_per_axis, q).fault ==
        Fault::exponent_bits_out_of_range);
}
