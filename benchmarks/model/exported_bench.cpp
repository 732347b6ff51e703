// SPDX-License-Identifier: Apache-2.0
#include <sched.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <tenon/kernel/arch.hpp>
#include <vector>

#include TENON_MODEL_HEADER

// Microseconds per inference of an exported model, one line of JSON each time it is asked:
//   -DTENON_MODEL_HEADER='"model.hpp"' -DTENON_MODEL_NAMESPACE=model -DTENON_MODEL_NAME='"kws"'
// Calls that take less than 10 us are timed in batches that take more, since reading the clock
// takes some 30 ns. The arena is the caller's where the model allows it, as in firmware.
namespace {

using Model = TENON_MODEL_NAMESPACE::Model;
using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

constexpr double shortest_sample_us = 10;

template <class M>
concept WithArena = requires(M& net, const std::array<typename M::Input, M::input_size>& x,
                             typename M::Arena& arena) {
  net(x, arena);
};

/// Keeps the compiler from dropping an inference or moving it out of the loop.
inline void use(const void* p) { asm volatile("" : : "r"(p) : "memory"); }

/// xorshift32: the same inputs everywhere, so that checksums can be compared.
void fill(std::span<typename Model::Input> values) {
  std::uint32_t state = 2463534242U;
  for (auto& value : values) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    value = static_cast<typename Model::Input>(state >> 24);
  }
}

/// FNV-1a of the outputs as 64-bit integers with the lowest byte first.
std::uint64_t checksum(const auto& outputs) {
  std::uint64_t hash = 14695981039346656037U;
  for (const auto output : outputs) {
    const auto value = static_cast<std::uint64_t>(static_cast<std::int64_t>(output));
    for (int shift = 0; shift < 64; shift += 8) {
      hash = (hash ^ ((value >> shift) & 0xff)) * 1099511628211U;
    }
  }
  return hash;
}

template <class M>
struct Memory {};
template <WithArena M>
struct Memory<M> {
  typename M::Arena arena;
};

template <class M>
[[nodiscard]] auto infer(M& net, const std::array<typename M::Input, M::input_size>& input,
                         Memory<M>& memory) {
  if constexpr (WithArena<M>) {
    return net(input, memory.arena);
  } else {
    return net(input);
  }
}

struct Bench {
  Model net{};
  std::array<typename Model::Input, Model::input_size> input{};

  Bench() { fill(input); }

  Memory<Model> memory{};

  [[nodiscard]] double time_us(std::size_t calls) {
    const auto start = Clock::now();
    for (std::size_t i = 0; i < calls; ++i) {
      use(input.data());
      const auto output = infer(net, input, memory);
      use(&output);
    }
    return Microseconds(Clock::now() - start).count() / static_cast<double>(calls);
  }

  /// Calls in a sample that takes `shortest_sample_us` at least; warms up for as long as it takes.
  [[nodiscard]] std::size_t batch(double seconds) {
    const auto start = Clock::now();
    double fastest = std::numeric_limits<double>::max();
    do {
      fastest = std::min(fastest, time_us(1));
    } while (Microseconds(Clock::now() - start).count() < seconds * 1e6);
    return 1 + static_cast<std::size_t>(shortest_sample_us / std::max(fastest, 0.001));
  }

  void print(std::vector<double>& times, std::size_t runs) const {
    std::sort(times.begin(), times.end());
    std::printf(
        "{\"model\": \"%s\", \"peer\": \"tenon\", \"arch\": \"%s\", \"min_us\": %.4f, "
        "\"median_us\": %.4f, "
        "\"runs\": %zu}\n",
        TENON_MODEL_NAME, tenon::arch::native::name, times.front(), times[times.size() / 2], runs);
    std::fflush(stdout);
  }

  void run_for(double seconds) {
    const std::size_t calls = batch(seconds * 0.2);
    std::vector<double> times;
    const auto start = Clock::now();
    do {
      times.push_back(time_us(calls));
    } while (Microseconds(Clock::now() - start).count() < seconds * 0.8e6);
    print(times, times.size() * calls);
  }

  void repeat(std::size_t samples) {
    const std::size_t calls = batch(0.1);
    std::vector<double> times;
    for (std::size_t i = 0; i < samples; ++i) times.push_back(time_us(calls));
    print(times, samples * calls);
  }
};

struct Options {
  std::size_t samples = 1000;
  int cpu = -1;
  bool serve = false;
  bool has_checksum = false;
  std::uint64_t checksum = 0;
};

template <class T>
[[nodiscard]] bool parse(std::string_view text, T& value, auto... base) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value, base...);
  return result.ec == std::errc{} && result.ptr == end;
}

[[nodiscard]] bool parse(std::span<char*> arguments, Options& options) {
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    if (name == "--serve") {
      options.serve = true;
      continue;
    }
    if (i + 1 == arguments.size()) return false;
    const std::string_view value = arguments[++i];
    if (name == "--repeat") {
      if (!parse(value, options.samples) || options.samples == 0) return false;
    } else if (name == "--cpu") {
      if (!parse(value, options.cpu) || options.cpu < 0 || options.cpu >= CPU_SETSIZE) return false;
    } else if (name == "--checksum") {
      options.has_checksum = true;
      if (!parse(value, options.checksum, 16)) return false;
    } else {
      return false;
    }
  }
  return true;
}

[[nodiscard]] bool pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  return sched_setaffinity(0, sizeof(set), &set) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(std::span(argv, static_cast<std::size_t>(argc)), options)) {
    std::fputs(
        "usage: exported_bench [--repeat SAMPLES] [--cpu CPU] [--checksum HEX] [--serve]\n"
        "--serve: a number of seconds on each line of the input, one line of JSON for it\n",
        stderr);
    return 2;
  }
  if (options.cpu >= 0 && !pin(options.cpu)) {
    std::fprintf(stderr, "exported_bench: no processor %d for this process\n", options.cpu);
    return 2;
  }
  const auto bench = std::make_unique<Bench>();
  const std::uint64_t found = checksum(infer(bench->net, bench->input, bench->memory));
  if (options.has_checksum && found != options.checksum) {
    std::fprintf(stderr, "exported_bench: %s computes %016llx, not %016llx\n", TENON_MODEL_NAME,
                 static_cast<unsigned long long>(found),
                 static_cast<unsigned long long>(options.checksum));
    return 1;
  }
  if (!options.serve) {
    bench->repeat(options.samples);
    return 0;
  }
  std::printf("{\"version\": \"%s\", \"checksum\": \"%016llx\"}\n", tenon::arch::native::name,
              static_cast<unsigned long long>(found));
  std::fflush(stdout);
  char line[64];
  while (std::fgets(line, sizeof(line), stdin) != nullptr) {
    double seconds = 0;
    const std::string_view text(line, std::strcspn(line, "\r\n"));
    if (!parse(text, seconds) || !(seconds > 0)) return 2;
    bench->run_for(seconds);
  }
  return 0;
}
