// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tenon/host/akida/report.hpp>
#include <tenon/host/akida/table.hpp>
#include <tenon/host/akida/target.hpp>
#include <tenon/host/error.hpp>

// `tenon map`: whether a model maps onto Akida hardware, why not, and what would help.
namespace tenon::host {

struct MapOptions {
  std::string model;
  std::string akida;   ///< "v1" or "v2"
  std::string device;  ///< empty: any
  std::string toolchain = "2.14";
  bool json = false;
};

/// Turns a file into a description for a version. Sketches are read here; a caller that reads
/// networks passes its own.
using Describe =
    std::function<mapping::NamedModel(const std::filesystem::path&, akida::Version)>;

[[nodiscard]] inline mapping::NamedModel describe_sketch(const std::filesystem::path& file,
                                                         akida::Version) {
  return mapping::read_sketch_file(file);
}

/// TN5063 for a version, device or tool chain that is not known.
[[nodiscard]] inline mapping::Question question_of(const MapOptions& options) {
  using akida::Toolchain;
  mapping::Question question;
  question.version = mapping::version_named(options.akida);
  if (options.toolchain != "2.14" && options.toolchain != "2.19") {
    throw Error{5063, "--toolchain " + options.toolchain + " is not known; give 2.14 or 2.19"};
  }
  question.toolchain = options.toolchain == "2.14" ? Toolchain::v2_14 : Toolchain::v2_19;
  if (options.device.empty()) return question;
  std::string known;
  for (const akida::DeviceFacts& device : akida::devices) {
    if (!akida::is_known(device, question.version, question.toolchain)) continue;
    if (options.device == device.name) question.device = device.device;
    known += (known.empty() ? "" : ", ") + std::string(device.name);
  }
  if (!question.device) {
    throw Error{5063, "--device " + options.device + " is not a device of " + options.akida +
                          " in the tool chain " + options.toolchain + "; give one of " + known};
  }
  return question;
}

/// 0 if the model maps on the device, or on any when none is named; 1 if not; throws Error for bad
/// input.
[[nodiscard]] inline int map(const MapOptions& options,
                             const Describe& describe = describe_sketch) {
  const mapping::Question question = question_of(options);
  const mapping::NamedModel model = describe(options.model, question.version);
  const auto verdict = mapping::evaluate(model.layers, question);
  const mapping::Report report = mapping::report_on(model, question, *verdict);
  const std::string text =
      options.json ? mapping::json_of(report).dump(
                         2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
                         "\n"
                   : mapping::table_of(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return question.answered_by(*verdict) ? 0 : 1;
}

/// Registers the command. `exit_code` is set when it runs; errors pass through.
inline void add_map(CLI::App& app, int& exit_code, Describe describe = describe_sketch) {
  CLI::App* command = app.add_subcommand("map", "Tell whether a model maps onto Akida hardware");
  auto options = std::make_shared<MapOptions>();
  command->add_option("-m,--model", options->model, "Model, quantized or not, or a sketch of one (JSON)")
      ->required();
  command->add_option("--akida", options->akida, "Version of the Akida IP: v1 or v2")->required();
  command->add_option("--device", options->device,
                      "Judge by this device (default: any of the version)");
  command
      ->add_option("--toolchain", options->toolchain, "Tool chain whose rules apply: 2.14 or 2.19")
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print JSON instead of a table");
  command->callback([options, &exit_code, describe = std::move(describe)] {
    exit_code = map(*options, describe);
  });
}

}  // namespace tenon::host
