// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <tenon/host/akida/report.hpp>
#include <tenon/host/akida/sketch.hpp>
#include <tenon/host/akida/table.hpp>
#include <tenon/host/emit/keras_config.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/describe.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/import/hdf5.hpp>
#include <tenon/host/import/json.hpp>
#include <tenon/host/import/keras_h5.hpp>
#include <tenon/host/import/keras_zip.hpp>
#include <tenon/host/import/npy.hpp>
#include <tenon/host/import/npz.hpp>
#include <tenon/host/import/onnx.hpp>
#include <tenon/host/quantize/quantizers.hpp>
#include <tenon/host/quantize/replace_layers.hpp>
#include <tenon/host/transform/sanitize.hpp>
#include <vector>

namespace tenon::fuzz {

namespace {

using namespace tenon::host;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// What quantization does with a model before it computes, and what is written.
void prepare(Graph graph) {
  (void)infer_shapes(graph);
  const Graph sanitized = sanitize(std::move(graph));
  (void)keras_config(sanitized).dump(-1, ' ', true);
  try {
    std::vector<std::string> warnings;
    (void)replace_layers(sanitized, {}, Json::object(), "", warnings);
  } catch (const Error& error) {
    // A good file may hold a model of which no layer can be quantized.
    if (error.number != 3035) throw;
  }
}

void keras_h5(std::span<const std::byte> bytes) {
  prepare(read_keras_h5(Hdf5Reader({bytes.begin(), bytes.end()}, "model.h5")));
}

void keras_zip(std::span<const std::byte> bytes) {
  prepare(read_keras_zip(ZipReader(bytes, "model.keras")));
}

/// The configuration alone, as a model whose layers have no weights.
void model_config(std::span<const std::byte> bytes) {
  Graph graph = flatten(read_keras_tree(parse_json(text_of(bytes), "model.json")));
  for (Layer& layer : graph.layers) {
    try {
      check_variables(layer);
    } catch (const Error&) {
      layer.class_name = "Weightless";
    }
  }
  prepare(checked(std::move(graph)));
}

void onnx(std::span<const std::byte> bytes) { prepare(read_onnx(bytes, "model.onnx")); }

void npy(std::span<const std::byte> bytes) {
  const Array array = parse_npy(bytes, "samples.npy");
  (void)array.first_not_finite();
  (void)array.to<float>();
}

void npz(std::span<const std::byte> bytes) {
  const NpzReader archive(bytes, "samples.npz");
  for (std::size_t i = 0; i < archive.names().size(); ++i) (void)archive.read(i).to<float>();
}

/// conv → relu → gap → dense, without weights: a configuration never looks at them.
Graph small_model() {
  const char* text = R"({"class_name": "Sequential", "config": {"name": "m", "layers": [
    {"class_name": "InputLayer", "config": {"name": "in", "batch_input_shape": [null, 8, 8, 3], "dtype": "float32"}},
    {"class_name": "Conv2D", "config": {"name": "conv", "filters": 4, "kernel_size": [3, 3], "use_bias": true}},
    {"class_name": "ReLU", "config": {"name": "relu", "max_value": 6}},
    {"class_name": "GlobalAveragePooling2D", "config": {"name": "gap"}},
    {"class_name": "Dense", "config": {"name": "dense", "units": 2}}]}})";
  return flatten(read_keras_tree(parse_json(text, "model")));
}

void quant_config(std::span<const std::byte> bytes) {
  static const Graph model = small_model();
  const Json config = parse_json(text_of(bytes), "config.json");
  std::vector<std::string> warnings;
  const Graph graph = replace_layers(model, {}, config, "", warnings);
  const GraphDescription description = describe(graph);
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    if (is_quantized(graph.layers[i])) {
      (void)quantizers_of(graph.layers[i], description.layers[i].traits().kind);
    }
  }
}

void sketch(std::span<const std::byte> bytes) {
  const mapping::NamedModel model = mapping::read_sketch_text(text_of(bytes), "sketch.json");
  for (const akida::Version version : {akida::Version::v1, akida::Version::v2}) {
    mapping::Question question;
    question.version = version;
    const auto verdict = mapping::evaluate(model.layers, question);
    const mapping::Report report = mapping::report_on(model, question, *verdict);
    (void)mapping::json_of(report);
    (void)mapping::table_of(report);
  }
}

constexpr Target all[] = {
    {"keras_h5", keras_h5},
    {"keras_zip", keras_zip},
    {"model_config", model_config},
    {"onnx", onnx},
    {"npy", npy},
    {"npz", npz},
    {"quant_config", quant_config},
    {"sketch", sketch},
};

}  // namespace

std::span<const Target> targets() { return all; }

const Target* find_target(std::string_view name) {
  for (const Target& target : all) {
    if (target.name == name) return &target;
  }
  return nullptr;
}

Outcome run_target(const Target& target, std::span<const std::byte> bytes) {
  try {
    target.run(bytes);
    return Outcome::accepted;
  } catch (const Error& error) {
    if (!error_meaning(error.number).empty()) return Outcome::refused;
    std::fprintf(stderr, "the number of this error is not documented: %s\n", error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "an exception that is no Error: %s\n", error.what());
  }
  std::abort();
}

}  // namespace tenon::fuzz
