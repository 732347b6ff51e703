// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <optional>
#include <tenon/host/calibrate/samples.hpp>
#include <tenon/host/calibrate/streams.hpp>
#include <tenon/host/deploy/executor.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/interpret/program.hpp>
#include <tenon/host/parallel.hpp>
#include <tenon/host/transform/replace_activations.hpp>
#include <tenon/host/transform/replace_function_layers.hpp>
#include <tenon/host/transform/report.hpp>
#include <tenon/host/transform/split_activations.hpp>
#include <utility>
#include <vector>

namespace tenon::host {

/// What a model computed for a batch: the float outputs, and the elements of every value if asked for.
struct Results {
  std::size_t count = 0;
  Streams streams{};  ///< how the results stand in time; one step without a state
  std::vector<std::vector<float>> outputs;
  std::vector<Buffer> values;
};

/// A program of any model. In a float model, activations inside of layers become layers first.
[[nodiscard]] inline Program make_program(Graph graph) {
  bool quantized = false;
  for (const Layer& layer : graph.layers) quantized = quantized || is_quantized(layer);
  if (!quantized) {
    Report report;
    graph = replace_activations(replace_function_layers(split_activations(std::move(graph), report), report), report);
  }
  return Program(std::move(graph));
}

/// Runs all samples; each stream from a reset state, its steps in order. Streams run side by side on all processors or, with
/// `threads`, one after the other, that many threads sharing the large layers of an inference.
[[nodiscard]] inline Results run_all(const Program& program, const Samples& samples, const Streams& streams,
                                     bool keep_values, std::size_t threads = 0) {
  const Shape& wanted = program.values()[program.input()].shape;
  if (samples.shape != wanted) {
    throw Error{1009, "the inputs have shape " + shape_text(samples.shape) + ", the model takes " +
                          shape_text(wanted) + " (batch excluded)"};
  }
  Results results;
  results.count = samples.count;
  results.streams = streams;
  results.outputs.resize(program.outputs().size());
  const auto size_of = [&](std::size_t value) {
    return static_cast<std::size_t>(program.values()[value].shape.size());
  };
  for (std::size_t k = 0; k < results.outputs.size(); ++k) {
    results.outputs[k].resize(samples.count * size_of(program.outputs()[k]));
  }
  if (keep_values) {
    results.values.resize(program.values().size());
    for (std::size_t i = 0; i < results.values.size(); ++i) {
      resize(results.values[i], program.values()[i].storage, samples.count * size_of(i));
    }
  }
  // Without the values of all layers, whole stages run at once.
  std::optional<Executor> executor;
  if (!keep_values && Executor::serves(program)) executor.emplace(program, std::max<std::size_t>(1, threads));
  std::vector<Workspace> workspaces(threads > 0 ? 1 : worker_count(streams.count));
  std::vector<Executor::Memory> memories(workspaces.size());
  for (Workspace& w : workspaces) w = program.workspace();
  for (Executor::Memory& m : memories) {
    if (executor) m = executor->memory();
  }
  const auto run_one = [&](std::size_t worker, std::size_t s) {
    Workspace& w = workspaces[worker];
    if (executor) executor->run(samples[s], memories[worker], w);
    else program.run(samples[s], w);
    const auto keep = [&](const auto& from, auto& to, std::size_t size) {
      if (!from.empty()) std::copy_n(from.begin(), size, to.begin() + static_cast<std::ptrdiff_t>(s * size));
    };
    for (std::size_t k = 0; k < results.outputs.size(); ++k) {
      keep(program.floats(program.outputs()[k], w), results.outputs[k], size_of(program.outputs()[k]));
    }
    for (std::size_t i = 0; i < results.values.size(); ++i) {
      switch (program.values()[i].storage) {
        case Storage::narrow: keep(w.values[i].narrow, results.values[i].narrow, size_of(i)); break;
        case Storage::wide: keep(w.values[i].wide, results.values[i].wide, size_of(i)); break;
        case Storage::floats: keep(w.values[i].floats, results.values[i].floats, size_of(i)); break;
      }
    }
  };
  const auto run_stream = [&](std::size_t worker, std::size_t stream) {
    Program::reset(workspaces[worker]);
    for (std::size_t step = 0; step < streams.steps; ++step) run_one(worker, streams.at(stream, step));
  };
  if (threads == 0) {
    parallel_for(streams.count, run_stream);
  } else {
    for (std::size_t stream = 0; stream < streams.count; ++stream) run_stream(0, stream);
  }
  return results;
}

/// The same for independent samples.
[[nodiscard]] inline Results run_all(const Program& program, const Samples& samples, bool keep_values) {
  return run_all(program, samples, {samples.count, 1}, keep_values);
}

}  // namespace tenon::host
