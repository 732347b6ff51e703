// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "support/random_tensor.hpp"
#include "support/vector_arch.hpp"

using namespace tenon;
using tenon_test::random_tensor;
using tenon_test::VectorArch;

namespace {

/// Channel by channel in 64 bits.
std::vector<std::int32_t> expected_sums(std::int64_t rows, std::int64_t channels, bool relu,
                                        const std::vector<std::int64_t>& maximum,
                                        const std::vector<std::int32_t>& x,
                                        const std::vector<std::int32_t>& before) {
  std::vector<std::int32_t> sums;
  for (std::int64_t c = 0; c < channels; ++c) {
    std::int64_t sum = before[static_cast<std::size_t>(c)];
    for (std::int64_t r = 0; r < rows; ++r) {
      std::int64_t v = x[static_cast<std::size_t>(r * channels + c)];
      if (!maximum.empty()) v = std::min(v, maximum[static_cast<std::size_t>(c)]);
      sum += relu ? std::max<std::int64_t>(v, 0) : v;
    }
    sums.push_back(static_cast<std::int32_t>(sum));
  }
  return sums;
}

}  // namespace

TEST_CASE("rows are added to sums, through a ReLU with a maximum where there is one") {
  std::mt19937 random(1);
  for (const std::int64_t channels : {1, 3, 4, 7, 8, 40, 64, 66}) {
    for (const std::int64_t rows : {0, 1, 2, 5}) {
      for (const int kind : {0, 1, 2, 3}) {
        const bool relu = kind % 2 == 1;
        const auto x = random_tensor<std::int32_t>(random, rows * channels, -100000000, 100000000);
        const auto before = random_tensor<std::int32_t>(random, channels, -1000000, 1000000);
        std::vector<std::int64_t> maximum;
        if (kind >= 2) maximum = random_tensor<std::int64_t>(random, channels, 0, 90000000);
        auto sums = before;
        kernel::add_rows(VectorArch{}, rows, channels, relu, maximum.empty() ? nullptr : maximum.data(),
                         x.data(), sums.data());
        INFO(channels, " channels, ", rows, " rows, kind ", kind);
        CHECK(sums == expected_sums(rows, channels, relu, maximum, x, before));
      }
    }
  }
}
