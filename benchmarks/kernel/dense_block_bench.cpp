// SPDX-License-Identifier: Apache-2.0
#include <tenon/kernel/reference/dense_block.hpp>
#include <tenon/kernel/x86/dense_block.hpp>

#include "block_bench.hpp"

// Multiply-adds a second of dense layers of one row, and of matrices.
namespace {

using namespace tenon;

void dense(benchmark::State& state, std::int32_t rows, std::int32_t inputs, std::int32_t units,
           bool non_negative) {
  kernel::DenseBlock block{rows, inputs, units};
  block.non_negative = non_negative;
  block.finish.low = 0;
  const auto x = tenon_bench::inputs(std::int64_t{rows} * inputs, non_negative);
  const auto w = tenon_bench::weights_like_trained(std::int64_t{inputs} * units);
  const auto finish = tenon_bench::finishes(units);
  const arch::avx2 arch;
  const tenon_bench::Aligned packed(packed_bytes(arch, block));
  const tenon_bench::Aligned scratch(scratch_bytes(arch, block));
  pack(arch, block, w.data(), nullptr, finish.data(), packed.data());
  std::vector<std::int8_t> y(static_cast<std::size_t>(rows) * static_cast<std::size_t>(units));
  tenon_bench::measure(state, static_cast<double>(rows) * inputs * units, [&] {
    kernel::dense_block(arch, block, x.data(), packed.data(), y.data(), scratch.data());
  });
  // The last row only: the reference takes seconds for all of them.
  std::vector<std::int8_t> expected(static_cast<std::size_t>(units));
  block.rows = 1;
  kernel::dense_block(arch::reference{}, block, x.data() + std::ptrdiff_t{rows - 1} * inputs,
                      nullptr, w.data(), finish.data(), expected.data());
  if (!std::equal(expected.begin(), expected.end(), y.end() - units))
    state.SkipWithError("differs from the reference");
}

#define TENON_DENSE(name, ...)                       \
  BENCHMARK_CAPTURE(dense, name, __VA_ARGS__, true); \
  BENCHMARK_CAPTURE(dense, name##_signed, __VA_ARGS__, false)

TENON_DENSE(ad_640_128, 1, 640, 128);
TENON_DENSE(ad_128_128, 1, 128, 128);
TENON_DENSE(ad_128_8, 1, 128, 8);
TENON_DENSE(ad_8_128, 1, 8, 128);
TENON_DENSE(ad_128_640, 1, 128, 640);
TENON_DENSE(matrix_512, 512, 512, 512);
TENON_DENSE(matrix_1024, 1024, 1024, 1024);
TENON_DENSE(matrix_2048, 2048, 2048, 2048);

}  // namespace

BENCHMARK_MAIN();
