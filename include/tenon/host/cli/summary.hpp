// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <tenon/host/cli/files.hpp>
#include <tenon/host/interpret/run_all.hpp>
#include <tenon/host/report/summary.hpp>

namespace tenon::host {

/// tenon summary: the layers of a model with shapes, bits, multiplications and weight bytes.
inline void add_summary(CLI::App& app) {
  struct Options {
    std::string model;
    bool json = false;
  };
  CLI::App* sub = app.add_subcommand("summary", "Show the layers, shapes, bits and sizes of a model");
  auto o = std::make_shared<Options>();
  sub->add_option("-m,--model", o->model, "Model (.h5)")->required();
  sub->add_flag("--json", o->json, "Print JSON");
  sub->callback([o] {
    const Program program(load_model(o->model));
    const Summary summary = summarize(program);
    std::fputs(o->json ? (summary_json(summary, program.graph()).dump(2) + "\n").c_str() : summary_table(summary).c_str(), stdout);
  });
}

}  // namespace tenon::host
