// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tenon/host/akida/graph_sketch.hpp>
#include <tenon/host/akida/sketch.hpp>
#include <tenon/host/cli/files.hpp>
#include <tenon/host/cli/warnings.hpp>
#include <tenon/host/emit/npz.hpp>
#include <tenon/host/import/npz.hpp>
#include <tenon/host/interpret/as_akida.hpp>
#include <tenon/host/interpret/program.hpp>
#include <tenon/host/interpret/run_all.hpp>
#include <vector>

// tenon run: the first array of an .npz through a model; integers only, if it is quantized.
namespace tenon::host {

namespace detail {

/// (batch, ...), or (steps, batch, ...) of a stream.
inline std::vector<std::size_t> batched_shape(const Shape& shape, const Streams& streams, bool stream) {
  std::vector<std::size_t> dims{streams.count};
  if (stream) dims.insert(dims.begin(), streams.steps);
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.rank); ++i) {
    dims.push_back(static_cast<std::size_t>(shape[i]));
  }
  return dims;
}

[[nodiscard]] inline akida::Version hardware_named(const std::string& name) {
  if (name == "akida_v1") return akida::v1;
  if (name == "akida_v2") return akida::v2;
  throw Error{5063, "--as " + name + " is not known; give akida_v1 or akida_v2"};
}

/// The hardware's integers mean nothing for a model that it does not take.
inline void warn_of_conversion(akida::Version version, const Graph& graph) {
  const mapping::NamedModel model = mapping::read_sketch(nlohmann::json(sketch_of(graph)));
  if (mapping::evaluate(model.layers, {.version = version})->converts) return;
  show_warnings({std::string("the model does not convert for Akida ") + (version == akida::v1 ? "v1" : "v2") +
                 "; tenon map says why"});
}

/// One number is written as a scalar, several as a vector over the last axis.
template <class T>
void add_constants(NpzWriter& file, const std::string& name, const std::vector<T>& values) {
  if (values.size() == 1) {
    file.add_scalar(name, values[0]);
  } else {
    const std::size_t dims[] = {values.size()};
    file.add<T>(name, dims, values);
  }
}

inline void write_results(const Program& program, const Results& results, bool stream, bool layers,
                          NpzWriter& file) {
  for (std::size_t i = 0; layers && i < program.values().size(); ++i) {
    const Value& v = program.values()[i];
    const Mode mode = i < program.steps().size() ? program.steps()[i].mode : Mode::integer;
    if (mode == Mode::skipped || mode == Mode::input) continue;
    const std::vector<std::size_t> shape = batched_shape(v.shape, results.streams, stream);
    if (v.storage == Storage::floats) {
      file.add<float>(v.layer + "/float", shape, results.values[i].floats);
      continue;
    }
    if (v.storage == Storage::narrow) file.add<std::int32_t>(v.layer + "/values", shape, results.values[i].narrow);
    if (v.storage == Storage::wide) file.add<std::int64_t>(v.layer + "/values", shape, results.values[i].wide);
    add_constants(file, v.layer + "/frac_bits", v.format.frac_bits);
    if (v.format.has_scales()) add_constants(file, v.layer + "/scales", v.format.scales);
  }
  for (std::size_t k = 0; k < program.outputs().size(); ++k) {
    const Shape& shape = program.values()[program.outputs()[k]].shape;
    file.add<float>(k == 0 ? "output" : "output_" + std::to_string(k), batched_shape(shape, results.streams, stream),
                    results.outputs[k]);
  }
}

}  // namespace detail

inline void add_run(CLI::App& app) {
  struct Options {
    std::string model;
    std::string inputs;
    std::string outputs;
    std::string as;
    bool layers = false;
    std::size_t threads = 0;
  };
  CLI::App* sub = app.add_subcommand("run", "Run a model on inputs");
  auto o = std::make_shared<Options>();
  sub->add_option("-m,--model", o->model, "Model (.h5)")->required();
  sub->add_option("-i,--inputs", o->inputs, "Inputs, the first array of an .npz")->required();
  sub->add_option("-o,--outputs", o->outputs, "Where to write the outputs (.npz)")->required();
  auto* layers = sub->add_flag("--layers", o->layers, "Write the integers of every layer too");
  sub->add_option("--threads", o->threads,
                  "Threads that share the large layers of an inference (default: inferences side by side)")
      ->check(CLI::Range(1, 256))
      ->excludes(layers);
  sub->add_option("--as", o->as, "Compute the integers of this hardware: akida_v1 or akida_v2");
  sub->callback([o] {
    Program program = make_program(load_model(o->model));
    program.require_outputs();
    if (!o->as.empty()) {
      const akida::Version version = detail::hardware_named(o->as);
      compute_as(version, program);
      detail::warn_of_conversion(version, program.graph());
    }
    const NpzReader archive(o->inputs);
    if (archive.names().empty()) throw Error{5006, o->inputs + " holds no array"};
    Samples samples = samples_of(archive.read(0), o->inputs + ", array " + archive.names()[0]);
    const bool stream = program.streaming() && samples.shape != program.values()[program.input()].shape;
    const Streams streams =
        stream ? cut_steps(samples, program.values()[program.input()].shape) : Streams{samples.count, 1};
    const Results results = run_all(program, samples, streams, o->layers, o->threads);
    NpzWriter file(o->outputs);
    detail::write_results(program, results, stream, o->layers, file);
    file.finish();
  });
}

}  // namespace tenon::host
