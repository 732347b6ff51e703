// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <limits>
#include <memory>
#include <string>
#include <tenon/host/calibrate/samples.hpp>
#include <tenon/host/cli/files.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/interpret/compiled_for.hpp>
#include <tenon/host/interpret/run_all.hpp>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

namespace tenon::host {

struct Latency {
  double min_us = 0;
  double median_us = 0;
  std::size_t runs = 0;
};

/// How long to measure: for about `seconds`, or `runs` inferences where that is not 0.
struct BenchLength {
  double seconds = 1;
  std::size_t runs = 0;
};

/// Time of one inference on so many threads; random inputs, buffers made beforehand. Inferences that take less than 10 us
/// are timed in batches that take more, since reading the clock takes some 30 ns.
[[nodiscard]] inline Latency measure_latency(const Program& program, BenchLength length, std::size_t threads) {
  using Clock = std::chrono::steady_clock;
  using Microseconds = std::chrono::duration<double, std::micro>;
  constexpr double shortest_sample_us = 10;
  const Shape& shape = program.values()[program.input()].shape;
  const DataType type = program.quantized() ? program.input_type() : DataType::uint8;
  const Samples drawn = random_samples(shape, type, 16, 0);
  std::vector<std::vector<float>> samples;
  for (std::size_t i = 0; i < drawn.count; ++i) samples.push_back(drawn[i]);
  Workspace workspace = program.workspace();
  std::optional<Executor> executor;
  if (Executor::serves(program)) executor.emplace(program, threads);
  Executor::Memory memory = executor ? executor->memory() : Executor::Memory{};
  const auto infer = [&](std::span<const float> sample) {
    if (executor) executor->run(sample, memory, workspace);
    else program.run(sample, workspace);
  };
  std::size_t next = 0;
  const auto time_us = [&](std::size_t inferences) {
    const auto start = Clock::now();
    for (std::size_t i = 0; i < inferences; ++i) infer(samples[next++ % samples.size()]);
    return Microseconds(Clock::now() - start).count() / static_cast<double>(inferences);
  };
  double fastest = std::numeric_limits<double>::max();
  const auto warm_until = Clock::now() + std::chrono::duration<double>(length.seconds / 5);
  do {
    fastest = std::min(fastest, time_us(1));
  } while (next < samples.size() && Clock::now() < warm_until);
  const auto batch = static_cast<std::size_t>(std::ceil(shortest_sample_us / std::max(fastest, 0.01)));
  const auto begin = Clock::now();
  const auto enough = [&](std::size_t runs) {
    if (length.runs != 0) return runs >= length.runs;
    return Microseconds(Clock::now() - begin).count() >= length.seconds * 1e6;
  };
  std::vector<double> times;
  do {
    times.push_back(time_us(batch));
  } while (!enough(times.size() * batch));
  std::sort(times.begin(), times.end());
  return {times.front(), times[times.size() / 2], times.size() * batch};
}

/// Stay on one processor; false where that is not to be had.
[[nodiscard]] inline bool pin_to_cpu([[maybe_unused]] int cpu) {
#if defined(__linux__)
  if (cpu < 0 || cpu >= CPU_SETSIZE) return false;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  return sched_setaffinity(0, sizeof(set), &set) == 0;
#else
  return false;
#endif
}

inline void force_arch(const std::string& name) {
  const std::vector<std::string> names = arch_names();
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    throw Error{5066, fmt::format("--arch {}: this program or processor has no such kernels; there are {}", name,
                                  fmt::join(names, ", "))};
  }
  forced_arch() = name;
}

/// tenon bench: latency of one inference by the interpreter.
inline void add_bench(CLI::App& app) {
  struct Options {
    std::string model;
    std::string arch;
    BenchLength length;
    std::size_t threads = 1;
    int cpu = -1;
    bool json = false;
  };
  CLI::App* sub = app.add_subcommand("bench", "Measure the time of one inference");
  auto o = std::make_shared<Options>();
  sub->add_option("-m,--model", o->model, "Model (.h5)")->required();
  auto* seconds = sub->add_option("--seconds", o->length.seconds, "How long to measure")
                      ->check(CLI::Range(0.001, 3600.0))
                      ->capture_default_str();
  sub->add_option("--repeat", o->length.runs, "How many inferences to measure instead")
      ->check(CLI::Range(1, 1000000000))
      ->excludes(seconds);
  auto* cpu = sub->add_option("--cpu", o->cpu, "Processor to stay on");
  sub->add_option("--threads", o->threads, "Threads that share the large layers of an inference")
      ->check(CLI::Range(1, 256))
      ->capture_default_str()
      ->excludes(cpu);
  sub->add_option("--arch", o->arch, "Kernels to use (default: the best for this processor)");
  sub->add_flag("--json", o->json, "Print JSON");
  sub->callback([o, sub] {
    if (sub->count("--cpu") != 0 && !pin_to_cpu(o->cpu)) {
      throw CLI::ValidationError("--cpu", "this process cannot stay on processor " + std::to_string(o->cpu));
    }
    if (!o->arch.empty()) force_arch(o->arch);
    const Program program = make_program(load_model(o->model));
    program.require_outputs();
    const Latency latency = measure_latency(program, o->length, o->threads);
    const std::string name = std::filesystem::path(o->model).stem().string();
    if (o->json) {
      const Json line = {{"model", name},
                         {"peer", "tenon"},
                         {"arch", best_arch_name()},
                         {"min_us", latency.min_us},
                         {"median_us", latency.median_us},
                         {"runs", latency.runs}};
      std::printf("%s\n", line.dump().c_str());
    } else {
      std::printf("%s: one inference takes %.1f us at best, %.1f us in the median (%zu runs, %s)\n", name.c_str(),
                  latency.min_us, latency.median_us, latency.runs, best_arch_name());
    }
  });
}

}  // namespace tenon::host
