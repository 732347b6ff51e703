// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <tenon/host/analyse/check_findings.hpp>
#include <tenon/host/analyse/legacy_check.hpp>
#include <tenon/host/cli/files.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/interpret/run_all.hpp>
#include <tenon/host/report/check.hpp>

namespace tenon::host {

struct CheckCommand {
  std::string model;
  std::string samples;
  bool legacy = false;
  bool json = false;
};

/// 1 if there is something to report, 0 if not; always 0 with the messages of QuantizeML 0.8.
[[nodiscard]] inline int check_command(const CheckCommand& command) {
  const Program program(load_model(command.model));
  if (!program.quantized()) {
    throw Error{3037,
                "'" + command.model +
                    "' holds no quantized layer, there is nothing to check; quantize it first"};
  }
  if (command.legacy) {
    for (const std::string& line : legacy_check(program)) std::printf("%s\n", line.c_str());
    return 0;
  }
  Samples samples;
  if (!command.samples.empty()) samples = read_samples(command.samples);
  const Shape& frame = program.values()[program.input()].shape;
  Streams streams{samples.count, 1};
  if (samples.count != 0 && samples.shape != frame) {
    if (!program.stateful()) {
      throw Error{1009, command.samples + " holds samples of shape " + shape_text(samples.shape) +
                            ", the model takes " + shape_text(frame) + " (batch excluded)"};
    }
    streams = cut_sequences(samples, frame);
  }
  const Check check = check_model(program, samples, streams, {});
  std::fputs(command.json ? (check_json(check).dump(2) + "\n").c_str() : check_table(check).c_str(),
             stdout);
  return check.findings.empty() ? 0 : 1;
}

inline void add_check(CLI::App& app, int& exit_code) {
  CLI::App* sub =
      app.add_subcommand("check", "Find inaccurate scales and saturation in a quantized model");
  auto c = std::make_shared<CheckCommand>();
  sub->add_option("-m,--model", c->model, "Quantized model (.h5)")->required();
  sub->add_option("--samples", c->samples,
                  "Samples to find the worst case on, all arrays of an .npz (-sa)");
  sub->add_flag("--legacy", c->legacy, "Print the messages of QuantizeML 0.8 instead");
  sub->add_flag("--json", c->json, "Print JSON");
  sub->callback([c, &exit_code] { exit_code = check_command(*c); });
}

}  // namespace tenon::host
