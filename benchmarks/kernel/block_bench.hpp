// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <new>
#include <random>
#include <tenon/kernel/block.hpp>
#include <vector>

// What the benchmarks of blocks have in common: data like that of trained networks, and the bound
// beside each figure.
namespace tenon_bench {

/// Multiply-adds of bytes a second, if the two instructions that multiply bytes and widen their
/// sums were all there is, with all of their operands in registers.
[[gnu::target("avx2,fma")]] inline double measured_peak_of_bytes() {
  constexpr int rounds = 20000;
  double best = 0;
  for (int repeat = 0; repeat < 50; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; ++i) {
      asm volatile(
          "vpmaddubsw %%ymm0, %%ymm0, %%ymm1\n vpmaddwd %%ymm0, %%ymm0, %%ymm2\n"
          "vpmaddubsw %%ymm0, %%ymm0, %%ymm3\n vpmaddwd %%ymm0, %%ymm0, %%ymm4\n"
          "vpmaddubsw %%ymm0, %%ymm0, %%ymm5\n vpmaddwd %%ymm0, %%ymm0, %%ymm6\n"
          "vpmaddubsw %%ymm0, %%ymm0, %%ymm7\n vpmaddwd %%ymm0, %%ymm0, %%ymm8\n" ::
              : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8");
    }
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    best = std::max(best, rounds * 4 * 32 / time.count());
  }
  return best;
}
inline double peak_of_bytes() {
  static const double peak = measured_peak_of_bytes();
  return peak;
}

class Aligned {
 public:
  explicit Aligned(std::size_t size)
      : memory_(static_cast<std::byte*>(::operator new(size + 64, alignment))) {}
  [[nodiscard]] std::byte* data() const { return memory_.get(); }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Delete {
    void operator()(std::byte* p) const { ::operator delete(p, alignment); }
  };
  std::unique_ptr<std::byte, Delete> memory_;
};

/// Weights of a filter are normal and fill 8 bits; so do those of trained ones.
inline std::vector<signed char> weights_like_trained(std::int64_t count, double deviation = 40) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal(0, deviation);
  std::vector<signed char> w(static_cast<std::size_t>(count));
  for (auto& v : w)
    v = static_cast<signed char>(std::clamp(std::lround(normal(random)), -127L, 127L));
  return w;
}

inline std::vector<std::int8_t> inputs(std::int64_t count, bool non_negative) {
  std::mt19937 random(2);
  std::vector<std::int8_t> x(static_cast<std::size_t>(count));
  for (auto& v : x) v = static_cast<std::int8_t>(non_negative ? random() % 128 : random() % 256);
  return x;
}

inline std::vector<tenon::kernel::ChannelFinish> finishes(std::int32_t count) {
  return std::vector<tenon::kernel::ChannelFinish>(static_cast<std::size_t>(count),
                                                   {1 << 15, 16, 127, 50});
}

/// Runs `call`, which does `macs` multiply-adds, and reports its rate at its best: other programs
/// of the machine do not count.
template <class Call>
void measure(benchmark::State& state, double macs, const Call& call) {
  const int calls = macs < 1e6 ? 8 : 1;
  double best = 100;
  for (auto _ : state) {
    const std::clock_t cpu = std::clock();
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) {
      call();
      benchmark::ClobberMemory();
    }
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    // Calls that take so long are interrupted: the processor's clock is finer than they are long.
    const bool is_long = macs > 5e7;
    const double seconds =
        is_long ? static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC : time.count();
    best = std::min(best, seconds / calls);
  }
  state.counters["best ns"] = best * 1e9;
  state.counters["MAC/s"] = macs / best;
  state.counters["% of peak"] = 100 * macs / best / peak_of_bytes();
}

}  // namespace tenon_bench
