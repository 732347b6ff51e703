// SPDX-License-Identifier: Apache-2.0
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__AMX_INT8__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

// What one core of this processor can do at best: multiply-accumulates of int8 and int16 (GMAC/s)
// for each of its instructions, and bytes read from each level of memory (GB/s). One line of JSON.
// The instructions are written out, since a compiler would find that the sums repeat themselves.
// The largest of many short runs counts: whatever else the machine does only makes a run slower.
namespace {

using Clock = std::chrono::steady_clock;

double seconds_of(const auto& call) {
  const auto start = Clock::now();
  call();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Units per second of the fastest of `runs` calls, each of which does `units`.
double best_rate(double units, int runs, const auto& call) {
  double fastest = std::numeric_limits<double>::max();
  for (int i = 0; i < runs; ++i) fastest = std::min(fastest, seconds_of(call));
  return units / fastest;
}

constexpr int compute_runs = 300;
constexpr int compute_steps = 20000;

bool first_field = true;

void print(const char* name, double value) {
  std::printf("%s\"%s\": %.1f", first_field ? "" : ", ", name, value * 1e-9);
  first_field = false;
}

/// `Step::run` works on ten registers one after the other: enough to hide what one step waits
/// for.
template <class Step>
void print_compute(const char* name) {
  const double rate = best_rate(10.0 * compute_steps * Step::macs, compute_runs, [] {
    using Sum = typename Step::Sum;  // ten variables: g++ keeps an array in memory
    Sum s0{}, s1{}, s2{}, s3{}, s4{}, s5{}, s6{}, s7{}, s8{}, s9{};
    for (int i = 0; i < compute_steps; ++i) {
      Step::run(s0), Step::run(s1), Step::run(s2), Step::run(s3), Step::run(s4);
      Step::run(s5), Step::run(s6), Step::run(s7), Step::run(s8), Step::run(s9);
    }
  });
  print(name, rate);
}

#if defined(__AVX2__)
struct Vpmaddwd {
  using Sum = __m256i;
  static constexpr double macs = 16;
  static void run(Sum& sum) {
    Sum product;
    asm volatile("vpmaddwd %1, %1, %0" : "=x"(product) : "x"(Sum{}));
    asm volatile("vpaddd %1, %0, %0" : "+x"(sum) : "x"(product));
  }
};
/// Pairs of products as 16 bits, which saturate unless ranges prove that they cannot, then as 32.
struct Vpmaddubsw {
  using Sum = __m256i;
  static constexpr double macs = 32;
  static void run(Sum& sum) {
    Sum product;
    asm volatile("vpmaddubsw %1, %1, %0" : "=x"(product) : "x"(Sum{}));
    asm volatile("vpmaddwd %1, %0, %0" : "+x"(product) : "x"(Sum{}));
    asm volatile("vpaddd %1, %0, %0" : "+x"(sum) : "x"(product));
  }
};
/// The same with sums of 16 bits, where ranges prove that they fit.
struct Vpmaddubsw16 {
  using Sum = __m256i;
  static constexpr double macs = 32;
  static void run(Sum& sum) {
    Sum product;
    asm volatile("vpmaddubsw %1, %1, %0" : "=x"(product) : "x"(Sum{}));
    asm volatile("vpaddw %1, %0, %0" : "+x"(sum) : "x"(product));
  }
};
#endif
#if defined(__AVXVNNI__)
struct VnniVex {
  using Sum = __m256i;
  static constexpr double macs = 32;
  static void run(Sum& sum) {
    asm volatile("%{vex%} vpdpbusd %1, %1, %0" : "+x"(sum) : "x"(Sum{}));
  }
};
#endif
#if defined(__AVX512VNNI__)
struct Vnni512 {
  using Sum = __m512i;
  static constexpr double macs = 64;
  static void run(Sum& sum) { asm volatile("vpdpbusd %1, %1, %0" : "+v"(sum) : "v"(Sum{})); }
};
#endif

#if defined(__AMX_INT8__)
struct alignas(64) TileConfiguration {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14]{};
  std::uint16_t row_bytes[16]{64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16]{16, 16, 16, 16, 16, 16, 16, 16};
};

void print_amx() {
  constexpr long request_permission = 0x1023;
  constexpr long tile_data = 18;
  if (syscall(SYS_arch_prctl, request_permission, tile_data) != 0) return;
  const TileConfiguration configuration;
  _tile_loadconfig(&configuration);
  constexpr double macs = 16 * 16 * 64;
  const double rate = best_rate(4 * macs * compute_steps, compute_runs, [] {
    for (int i = 0; i < compute_steps; ++i) {
      _tile_dpbusd(0, 4, 6);
      _tile_dpbusd(1, 4, 7);
      _tile_dpbusd(2, 5, 6);
      _tile_dpbusd(3, 5, 7);
    }
  });
  _tile_release();
  print("tdpbusd", rate);
}
#endif

/// Bytes read per second, over and over the same `bytes`.
double read_rate(std::size_t bytes, std::size_t total, int runs) {
  struct Free {
    void operator()(std::uint64_t* p) const { std::free(p); }
  };
  const std::unique_ptr<std::uint64_t[], Free> memory(
      static_cast<std::uint64_t*>(std::aligned_alloc(4096, bytes)));
  if (!memory) return 0;
  const std::size_t words = bytes / sizeof(std::uint64_t);
  for (std::size_t i = 0; i < words; ++i) memory[i] = i;
  const std::size_t passes = std::max<std::size_t>(1, total / bytes);
  return best_rate(static_cast<double>(passes * bytes), runs, [&] {
    for (std::size_t pass = 0; pass < passes; ++pass) {
#if defined(__AVX512F__)
      __m512i sum[4]{};
      for (std::size_t i = 0; i < words; i += 32) {
        for (std::size_t k = 0; k < 4; ++k) {
          sum[k] = _mm512_xor_si512(sum[k], _mm512_load_si512(memory.get() + i + 8 * k));
        }
      }
      for (auto& s : sum) asm volatile("" : : "v"(s) : "memory");
#elif defined(__AVX2__)
      __m256i sum[4]{};
      for (std::size_t i = 0; i < words; i += 16) {
        for (std::size_t k = 0; k < 4; ++k) {
          const auto* p = reinterpret_cast<const __m256i*>(memory.get() + i + 4 * k);
          sum[k] = _mm256_xor_si256(sum[k], _mm256_load_si256(p));
        }
      }
      for (auto& s : sum) asm volatile("" : : "x"(s) : "memory");
#else
      std::uint64_t sum = 0;
      for (std::size_t i = 0; i < words; ++i) sum ^= memory[i];
      asm volatile("" : : "r"(sum) : "memory");
#endif
    }
  });
}

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(std::atoi(argv[1])), &set);
    if (sched_setaffinity(0, sizeof(set), &set) != 0) return 2;
  }
  std::printf("{\"gmac_per_s\": {");
#if defined(__AVX2__)
  print_compute<Vpmaddwd>("vpmaddwd");
  print_compute<Vpmaddubsw>("vpmaddubsw+vpmaddwd");
  print_compute<Vpmaddubsw16>("vpmaddubsw+vpaddw");
#endif
#if defined(__AVXVNNI__)
  print_compute<VnniVex>("vpdpbusd ymm");
#endif
#if defined(__AVX512VNNI__)
  print_compute<Vnni512>("vpdpbusd zmm");
#endif
#if defined(__AMX_INT8__)
  print_amx();
#endif
  std::printf("}, \"gbyte_per_s\": {");
  first_field = true;
  print("L1", read_rate(16 * kib, mib, 400));
  print("L2", read_rate(256 * kib, 4 * mib, 200));
  print("L3", read_rate(8 * mib, 16 * mib, 40));
  print("DRAM", read_rate(256 * mib, 256 * mib, 5));
  std::printf("}}\n");
  return 0;
}
