// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <tenon/host/cli/files.hpp>
#include <tenon/host/emit/atomic_file.hpp>
#include <tenon/host/graph/config.hpp>
#include <tenon/host/graph/params.hpp>

namespace tenon::host {

/// The quantization configuration of a model: layer name to `quant_config`, {} for a float model.
[[nodiscard]] inline Json dump_config(const Graph& graph) {
  Json config = Json::object();
  for (const Layer& layer : graph.layers) {
    const Json* quant_config = entry(layer, "quant_config");
    if (is_quantized(layer) && quant_config != nullptr && !quant_config->empty()) {
      config[layer.name] = *quant_config;
    }
  }
  return config;
}

/// tenon config: writes that configuration as JSON.
inline void add_config(CLI::App& app) {
  struct Options {
    std::string model;
    std::string output;
  };
  CLI::App* sub = app.add_subcommand("config", "Write the quantization configuration of a model");
  auto o = std::make_shared<Options>();
  sub->add_option("-m,--model", o->model, "Quantized model (.h5)")->required();
  sub->add_option("-o,--output_path", o->output, "Where to write the configuration");
  sub->callback([o] {
    const std::filesystem::path model(o->model);
    const std::string target =
        !o->output.empty() ? o->output : (model.parent_path() / model.stem()).string() + "_quant_config.json";
    write_text(target, dump_config(load_model(model)).dump(4));
    std::printf("Saved quantization configuration to %s.\n", target.c_str());
  });
}

}  // namespace tenon::host
