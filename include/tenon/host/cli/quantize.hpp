// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <tenon/host/akida/target.hpp>
#include <tenon/host/cli/files.hpp>
#include <tenon/host/cli/progress.hpp>
#include <tenon/host/cli/warnings.hpp>
#include <tenon/host/emit/keras_h5.hpp>
#include <tenon/host/quantize/quantize.hpp>
#include <vector>

// tenon quantize: the options, messages and file names of QuantizeML's command, and --seed, --strict.
namespace tenon::host {

struct QuantizeCommand {
  std::string model;
  std::string config;
  std::string save_name;
  std::string samples;
  std::string input_dtype = "uint8";
  std::vector<std::int32_t> input_shape;
  bool strict = false;
  std::string akida;  ///< "v1" or "v2": the hardware to quantize for
  mapping::ChosenBits chosen;
  QuantizeOptions options;
};

namespace detail {

/// Cut at the first "_i<digit>_w<digit>_a<digit>".
inline std::string without_bits(const std::string& base) {
  const auto digit = [&](std::size_t i) { return i < base.size() && std::isdigit(static_cast<unsigned char>(base[i])) != 0; };
  for (std::size_t i = 0; i + 8 < base.size(); ++i) {
    if (base.compare(i, 2, "_i") == 0 && digit(i + 2) && base.compare(i + 3, 2, "_w") == 0 && digit(i + 5) &&
        base.compare(i + 6, 2, "_a") == 0 && digit(i + 8)) {
      return base.substr(0, i);
    }
  }
  return base;
}

inline std::filesystem::path quantized_name(const QuantizeCommand& command) {
  const std::filesystem::path model(command.model);
  if (!command.save_name.empty()) {
    return std::filesystem::path(command.save_name).replace_extension(".h5");
  }
  const std::string base = (model.parent_path() / model.stem()).string();
  if (!command.config.empty()) return base + "_" + std::filesystem::path(command.config).stem().string() + ".h5";
  const QuantizationParams& p = command.options.params;
  return without_bits(base) + "_i" + std::to_string(p.input_weight_bits) + "_w" + std::to_string(p.weight_bits) +
         "_a" + std::to_string(p.activation_bits) + ".h5";
}

inline void check_bits(const char* option, std::int32_t bits, std::int32_t least, std::int32_t most) {
  if (bits < least || bits > most) {
    throw Error{2018, std::string(option) + " is " + std::to_string(bits) + ", it should be from " +
                          std::to_string(least) + " to " + std::to_string(most)};
  }
}

inline void check_options(QuantizeCommand& command) {
  QuantizationParams& p = command.options.params;
  check_bits("--weight_bits", p.weight_bits, 2, 32);
  check_bits("--input_weight_bits", p.input_weight_bits, 2, 32);
  check_bits("--activation_bits", p.activation_bits, 1, 32);
  check_bits("--output_bits", p.output_bits, 2, 32);
  check_bits("--buffer_bits", p.buffer_bits, 2, 32);
  if (p.last_output_bits != 0) check_bits("--last_output_bits", p.last_output_bits, 2, 32);
  p.input_dtype = data_type_named(command.input_dtype);
  if (p.input_dtype == DataType::float32) {
    throw Error{2019, "--input_dtype is '" + command.input_dtype +
                          "', it should be one of uint8, int8, uint16, int16, uint32, int32, int64"};
  }
  if (!command.input_shape.empty()) {
    Shape shape;
    for (const std::int32_t d : command.input_shape) {
      if (d < 1 || command.input_shape.size() > Shape::max_rank) {
        throw Error{1008, "--input_shape needs up to 5 sizes, each greater than 0"};
      }
      shape.push_back(d);
    }
    command.options.input_shape = shape;
  }
}

/// Tells, before the work is done, what the target will refuse. What cannot be quantized at all is said by the work.
inline void warn_of_refusals(akida::Version target, Graph model, const QuantizeOptions& options) {
  const std::string name = target == akida::v1 ? "v1" : "v2";
  std::vector<std::string> refusals;
  try {
    const std::optional<Shape> shape =
        options.samples && !has_recurrent_layer(model) ? std::optional(options.samples->shape) : options.input_shape;
    if (shape && model.inputs.size() == 1) set_input_shape(model, shape);
    refusals = mapping::refusals_of(target, std::move(model), options.params, options.q_config,
                                    options.quantize_until);
  } catch (const Error&) {
    return;
  }
  if (refusals.empty()) return;
  refusals.insert(refusals.begin(), "the quantized model will not map onto Akida " + name + ":");
  show_warnings(refusals);
}

}  // namespace detail

inline void quantize_command(QuantizeCommand& command) {
  QuantizeOptions& options = command.options;
  std::optional<akida::Version> hardware;
  if (!command.akida.empty()) {
    hardware = mapping::version_named(command.akida);
    mapping::choose_for(*hardware, command.chosen, options.params);
  }
  detail::check_options(command);
  if (!command.config.empty()) options.q_config = read_json(command.config);
  Graph model = load_model(command.model);
  if (!command.samples.empty()) {
    options.samples = read_samples(command.samples);
    options.calibration.num_samples = static_cast<std::int64_t>(options.samples->count);
  }
  std::printf("Quantizing model %s with configuration file %s.\n", command.model.c_str(),
              command.config.empty() ? "None" : command.config.c_str());
  if (hardware) detail::warn_of_refusals(*hardware, model, options);
  options.progress = terminal_progress("Calibrating");
  const QuantizeResult result = quantize(std::move(model), options);
  show_warnings(result.warnings);
  show_report(result.sanitize_report, command.strict);
  const std::filesystem::path target = detail::quantized_name(command);
  write_keras_h5(result.graph, target);
  std::printf("Saved quantized model to %s.\n", target.c_str());
}

inline void add_quantize(CLI::App& app) {
  CLI::App* sub = app.add_subcommand("quantize", "Quantize a float model");
  auto c = std::make_shared<QuantizeCommand>();
  c->options.calibration.batch_size = 32;
  QuantizationParams& p = c->options.params;
  sub->add_option("-m,--model", c->model, "Model to quantize (.h5, .keras or .onnx)")->required();
  sub->add_option("-c,--quantization_config", c->config, "Quantization configuration (JSON)");
  const CLI::Option* activations =
      sub->add_option("-a,--activation_bits", p.activation_bits, "Bits of activations")->capture_default_str();
  sub->add_option("-o,--output_bits", p.output_bits, "Bits of other quantized outputs")->capture_default_str();
  sub->add_flag("--per_tensor_activations", p.per_tensor_activations, "One range an output, not one a channel");
  const CLI::Option* weights =
      sub->add_option("-w,--weight_bits", p.weight_bits, "Bits of weights")->capture_default_str();
  const CLI::Option* input_weights =
      sub->add_option("-i,--input_weight_bits", p.input_weight_bits, "Bits of the first weights")
          ->capture_default_str();
  sub->add_option("--input_dtype", c->input_dtype, "Integer type of the inputs (-id)")->capture_default_str();
  sub->add_option("-b,--buffer_bits", p.buffer_bits, "Bits of accumulators")->capture_default_str();
  sub->add_option("--last_output_bits", p.last_output_bits, "Quantize the model's output to so many bits (-lob)");
  sub->add_option("-s,--save_name", c->save_name, "Name of the quantized model");
  sub->add_option("--samples", c->samples, "Calibration samples, all arrays of an .npz (-sa)");
  sub->add_option("--num_samples", c->options.calibration.num_samples, "Number of random samples (-ns)")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_option("--batch_size", c->options.calibration.batch_size, "Samples a batch (-bs)")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_option("-e,--epochs", c->options.calibration.epochs, "Passes over the samples")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sub->add_option("--quantize_until", c->options.quantize_until, "Last layer to quantize (-qu)");
  sub->add_option("--input_shape", c->input_shape, "Input shape without batch, such as 32,32,3")->delimiter(',');
  sub->add_option("--seed", c->options.seed, "Seed of the random samples")->capture_default_str();
  sub->add_flag("--strict", c->strict, "Refuse a model whose function a transform changes");
  sub->add_option("--akida", c->akida,
                  "Quantize for this hardware, v1 or v2: its bits where none are given, and warnings of what it refuses");
  sub->callback([c, activations, weights, input_weights] {
    c->chosen = {activations->count() > 0, weights->count() > 0, input_weights->count() > 0};
    quantize_command(*c);
  });
}

}  // namespace tenon::host
