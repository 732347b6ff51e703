// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <tenon/host/cli/files.hpp>
#include <tenon/host/cli/warnings.hpp>
#include <tenon/host/emit/keras_h5.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/params.hpp>
#include <tenon/host/transform/insert_rescaling.hpp>
#include <utility>

namespace tenon::host {

/// tenon insert_rescaling: the model with a Rescaling behind every input.
inline void add_insert_rescaling(CLI::App& app) {
  struct Options {
    std::string model;
    std::string target;
    double scale = 1;
    double offset = 0;
  };
  CLI::App* sub = app.add_subcommand("insert_rescaling",
                                     "Insert a Rescaling layer behind the inputs of a model");
  auto o = std::make_shared<Options>();
  sub->add_option("-m,--model", o->model, "Model (.h5)")->required();
  sub->add_option("-d,--dest_model", o->target, "Where to write the model (.h5)")->required();
  sub->add_option("-s,--scale", o->scale, "Factor of the inputs")->required();
  sub->add_option("-o,--offset", o->offset, "What is added to the product")->required();
  sub->callback([o] {
    if (lower_extension(o->target) != ".h5") {
      throw Error{5043, "--dest_model '" + o->target + "': the extension of a model must be .h5"};
    }
    for (const auto& [option, value] : {std::pair{"--scale", o->scale}, {"--offset", o->offset}}) {
      // What overflows float32 would be infinite in the layer.
      if (!std::isfinite(static_cast<float>(value))) {
        throw Error{5044, std::string(option) + " is " + std::to_string(value) +
                              ", it should be a finite number"};
      }
    }
    const Graph graph = load_model(o->model);
    for (const Layer& layer : graph.layers) {
      if (!is_quantized(layer)) continue;
      show_warnings({"the model is quantized already: its layer '" + layer.name +
                     "' takes integers, a Rescaling gives floats; insert it before quantization"});
      break;
    }
    write_keras_h5(insert_rescaling(graph, o->scale, o->offset), o->target);
  });
}

}  // namespace tenon::host
