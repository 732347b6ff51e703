// SPDX-License-Identifier: Apache-2.0
#include <tenon/kernel/reference/add_block.hpp>
#include <tenon/kernel/reference/global_average_pool_block.hpp>
#include <tenon/kernel/x86/add_block.hpp>
#include <tenon/kernel/x86/global_average_pool_block.hpp>

#include "block_bench.hpp"

// Elements a second of additions and average pools.
namespace {

using namespace tenon;

void add(benchmark::State& state, std::int64_t pixels, std::int32_t channels) {
  kernel::AddBlock block{pixels, channels, {.low = 0}};
  const auto a = tenon_bench::inputs(pixels * channels, true);
  const auto b = tenon_bench::inputs(pixels * channels, false);
  const std::vector<kernel::AddShifts> shifts(static_cast<std::size_t>(channels), {1, 3});
  const auto finish = tenon_bench::finishes(channels);
  const arch::avx2 arch;
  const tenon_bench::Aligned packed(packed_bytes(arch, block));
  pack(arch, block, shifts.data(), finish.data(), packed.data());
  std::vector<std::int8_t> y(a.size());
  for (auto _ : state) {
    kernel::add_block(arch, block, a.data(), b.data(), packed.data(), y.data());
    benchmark::ClobberMemory();
  }
  std::vector<std::int8_t> expected(a.size());
  kernel::add_block(arch::reference{}, block, a.data(), b.data(), shifts.data(), finish.data(),
                    expected.data());
  if (y != expected) state.SkipWithError("differs from the reference");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * pixels * channels);
}

void pool(benchmark::State& state, std::int64_t pixels, std::int32_t channels) {
  kernel::PoolBlock block{pixels, channels, {}};
  const auto x = tenon_bench::inputs(pixels * channels, true);
  const auto finish = tenon_bench::finishes(channels);
  std::vector<std::int8_t> y(static_cast<std::size_t>(channels));
  for (auto _ : state) {
    kernel::global_average_pool_block(arch::avx2{}, block, x.data(), finish.data(), y.data());
    benchmark::ClobberMemory();
  }
  std::vector<std::int8_t> expected(y.size());
  kernel::global_average_pool_block(arch::reference{}, block, x.data(), finish.data(),
                                    expected.data());
  if (y != expected) state.SkipWithError("differs from the reference");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * pixels * channels);
}

BENCHMARK_CAPTURE(add, resnet_32x32x16, 1024, 16);
BENCHMARK_CAPTURE(add, resnet_16x16x32, 256, 32);
BENCHMARK_CAPTURE(add, resnet_8x8x64, 64, 64);
BENCHMARK_CAPTURE(pool, kws_25x5x64, 125, 64);
BENCHMARK_CAPTURE(pool, resnet_8x8x64, 64, 64);
BENCHMARK_CAPTURE(pool, vww_3x3x256, 9, 256);

}  // namespace

BENCHMARK_MAIN();
