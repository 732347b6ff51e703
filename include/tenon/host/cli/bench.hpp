// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <tenon/host/calibrate/samples.hpp>
#include <tenon/host/cli/files.hpp>
#include <tenon/host/interpret/run_all.hpp>
#include <vector>

namespace tenon::host {

struct Latency {
  double min_us = 0;
  double median_us = 0;
  std::size_t runs = 0;
};

/// Time of one inference on one thread, over about `seconds`; random inputs, buffers made beforehand.
[[nodiscard]] inline Latency measure_latency(const Program& program, double seconds) {
  using Clock = std::chrono::steady_clock;
  const Shape& shape = program.values()[program.input()].shape;
  const DataType type = program.quantized() ? program.input_type() : DataType::uint8;
  const Samples samples = random_samples(shape, type, 16, 0);
  Workspace workspace = program.workspace();
  for (std::size_t i = 0; i < samples.count; ++i) program.run(samples[i], workspace);  // caches and pages
  std::vector<double> times;
  const auto begin = Clock::now();
  do {
    const auto start = Clock::now();
    program.run(samples[times.size() % samples.count], workspace);
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  } while (std::chrono::duration<double>(Clock::now() - begin).count() < seconds);
  std::sort(times.begin(), times.end());
  return {times.front(), times[times.size() / 2], times.size()};
}

/// tenon bench: latency of one inference by the interpreter.
inline void add_bench(CLI::App& app) {
  struct Options {
    std::string model;
    double seconds = 1;
    bool json = false;
  };
  CLI::App* sub = app.add_subcommand("bench", "Measure the time of one inference, one thread");
  auto o = std::make_shared<Options>();
  sub->add_option("-m,--model", o->model, "Model (.h5)")->required();
  sub->add_option("--seconds", o->seconds, "How long to measure")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();
  sub->add_flag("--json", o->json, "Print JSON");
  sub->callback([o] {
    const Program program = make_program(load_model(o->model));
    program.require_outputs();
    const Latency latency = measure_latency(program, o->seconds);
    const std::string name = std::filesystem::path(o->model).stem().string();
    if (o->json) {
      const Json line = {{"model", name},
                         {"peer", "tenon"},
                         {"arch", best_arch_name()},
                         {"min_us", latency.min_us},
                         {"median_us", latency.median_us}};
      std::printf("%s\n", line.dump().c_str());
    } else {
      std::printf("%s: one inference takes %.1f us at best, %.1f us in the median (%zu runs, %s)\n", name.c_str(),
                  latency.min_us, latency.median_us, latency.runs, best_arch_name());
    }
  });
}

}  // namespace tenon::host
