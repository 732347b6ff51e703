// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <tenon/host/analyse/function_change.hpp>
#include <tenon/host/cli/files.hpp>
#include <tenon/host/cli/warnings.hpp>
#include <tenon/host/emit/keras_h5.hpp>
#include <tenon/host/transform/sanitize.hpp>

namespace tenon::host {

/// tenon sanitize: the float model as it is before quantization, for those who train or inspect it.
inline void add_sanitize(CLI::App& app) {
  struct Options {
    std::string model;
    std::string output;
    bool strict = false;
  };
  CLI::App* sub = app.add_subcommand("sanitize", "Prepare a float model for quantization");
  auto o = std::make_shared<Options>();
  sub->add_option("-m,--model", o->model, "Float model (.h5)")->required();
  sub->add_option("-o,--output", o->output, "Where to write the sanitized model (.h5)")->required();
  sub->add_flag("--strict", o->strict, "Refuse a model whose function a transform changes");
  sub->callback([o] {
    Report report;
    const Graph original = load_model(o->model);
    const Graph graph = sanitize(original, report);
    measure_changes(original, samples_to_compare(original, nullptr, 0), report);
    show_report(report, o->strict);
    write_keras_h5(graph, o->output);
  });
}

}  // namespace tenon::host
