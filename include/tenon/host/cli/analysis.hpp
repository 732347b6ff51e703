// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <tenon/host/analyse/kernel_distribution.hpp>
#include <tenon/host/analyse/quantization_error.hpp>
#include <tenon/host/analyse/weight_error.hpp>
#include <tenon/host/cli/files.hpp>
#include <tenon/host/emit/atomic_file.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/quantize/quantize.hpp>
#include <tenon/host/report/analysis.hpp>
#include <tenon/host/report/error_table.hpp>
#include <tenon/host/transform/sanitize.hpp>
#include <utility>
#include <vector>

// tenon analysis: where the error of a quantized model comes from, and how its weights are spread.
namespace tenon::host {

struct ErrorCommand {
  std::string model;
  std::string mode;
  std::string float_model;
  std::string target;
  std::string samples;
  std::string html;
  std::uint64_t seed = 0;
  std::size_t batch_size = 16;
  bool json = false;
};

namespace detail {

[[nodiscard]] inline Samples error_samples(const ErrorCommand& command, const Program& program) {
  const Shape& shape = program.values()[program.input()].shape;
  if (command.samples.empty())
    return random_samples(shape, program.input_type(), command.batch_size, command.seed);
  Samples samples = read_samples(command.samples);
  if (samples.shape != shape) {
    throw Error{1009, command.samples + " holds samples of shape " + shape_text(samples.shape) +
                          ", the model takes " + shape_text(shape) + " (batch excluded)"};
  }
  return samples;
}

[[nodiscard]] inline Program quantized_program(const std::string& path) {
  Program program(load_model(path));
  if (!program.quantized()) {
    throw Error{
        3037,
        "'" + path +
            "' holds no quantized layer; give the quantized model with -m, the float one with -fm"};
  }
  return program;
}

}  // namespace detail

[[nodiscard]] inline std::vector<MeasuredError> run_error_command(const ErrorCommand& command,
                                                                  const Program& quantized) {
  if (command.mode == "weight") return measure_weight_errors(quantized, command.target);
  if (command.float_model.empty()) {
    throw Error{5044, "-fm/--float_model is required when the mode is " + command.mode};
  }
  const Samples samples = detail::error_samples(command, quantized);
  Graph floats = load_model(command.float_model);
  detail::refuse_quantized(floats);
  set_input_shape(floats, samples.shape, has_recurrent_layer(floats));
  const Program reference(sanitize(std::move(floats)));
  const ErrorMode mode = command.mode == "single" ? ErrorMode::single : ErrorMode::cumulative;
  return measure_errors(reference, quantized, samples, mode, command.target);
}

inline void error_command(const ErrorCommand& command) {
  const Program quantized = detail::quantized_program(command.model);
  const std::vector<MeasuredError> errors = run_error_command(command, quantized);
  const std::string& name = quantized.graph().name;
  if (!command.html.empty()) write_text(command.html, error_page(errors, name, command.mode));
  const std::string text = command.json ? error_json(errors, name, command.mode).dump(2) + "\n"
                                        : error_table(errors, name);
  std::fputs(text.c_str(), stdout);
}

inline void distribution_command(const std::string& model, const std::string& folder) {
  Graph graph = load_model(model);
  bool quantized = false;
  for (const Layer& layer : graph.layers) quantized = quantized || is_quantized(layer);
  const Program program(quantized ? std::move(graph) : sanitize(std::move(graph)));
  const std::vector<KernelDistribution> layers = kernel_distributions(program);
  if (layers.empty()) throw Error{3038, "'" + model + "' has no layer with weights"};
  const std::string name = std::filesystem::path(model).stem().string();
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) throw Error{5010, "cannot make the folder " + folder + ": " + failure.message()};
  const std::string base = (std::filesystem::path(folder) / name).string();
  write_text(base + ".json", distribution_json(layers, program.graph().name).dump(1) + "\n");
  write_text(base + ".csv", distribution_csv(layers));
  write_text(base + ".html", distribution_page(layers, program.graph().name));
  std::printf("Saved the distributions of %zu layers to %s.json, .csv and .html.\n", layers.size(),
              base.c_str());
}

inline void add_analysis(CLI::App& app) {
  CLI::App* sub = app.add_subcommand("analysis", "Analyse the error and the weights of a model");
  sub->require_subcommand(1);

  CLI::App* error =
      sub->add_subcommand("quantization_error", "Measure the quantization error of each layer");
  auto c = std::make_shared<ErrorCommand>();
  error->add_option("-m,--model", c->model, "Quantized model (.h5)")->required();
  error->add_option("mode", c->mode, "single, cumulative or weight")
      ->required()
      ->check(CLI::IsMember({"single", "cumulative", "weight"}));
  error->add_option("--float_model", c->float_model, "The float model (-fm); not for weight");
  error->add_option("--target_layer", c->target,
                    "Measure this layer only, channel by channel (-tl)");
  error->add_option("--batch_size", c->batch_size, "Number of random samples (-bs)")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  error->add_option("--samples", c->samples,
                    "Samples to measure on instead, all arrays of an .npz (-sa)");
  error->add_option("--seed", c->seed, "Seed of the random samples")->capture_default_str();
  error->add_option("--html", c->html, "Write a page with plots to this file, too");
  error->add_flag("--json", c->json, "Print JSON");
  error->callback([c] { error_command(*c); });

  CLI::App* kernels =
      sub->add_subcommand("kernel_distribution", "Show how the weights of each layer are spread");
  struct Options {
    std::string model;
    std::string folder;
  };
  auto o = std::make_shared<Options>();
  kernels->add_option("-m,--model", o->model, "Float or quantized model (.h5)")->required();
  kernels->add_option("-l,--logdir", o->folder, "Folder for the statistics and the page")
      ->required();
  kernels->callback([o] { distribution_command(o->model, o->folder); });
}

}  // namespace tenon::host
