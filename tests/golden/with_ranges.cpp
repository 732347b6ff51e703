// SPDX-License-Identifier: Apache-2.0
// with_ranges MODEL.json RANGES.json NAME FLOAT.h5 OUT.h5: quantizes with the parameters of MODEL.json and with the
// calibrated ranges that RANGES.json has for NAME, instead of samples. The stored results come from such ranges.
#include <cstdio>
#include <string>
#include <tenon/host/akida/graph_sketch.hpp>
#include <tenon/host/calibrate/calibrate.hpp>
#include <tenon/host/cli/files.hpp>
#include <tenon/host/emit/keras_h5.hpp>

using namespace tenon;
using namespace tenon::host;

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  try {
    const Json asked = read_json(argv[1])["qparams"];
    QuantizationParams params;
    params.input_dtype = data_type_named(asked.value("input_dtype", "uint8"));
    params.weight_bits = asked.value("weight_bits", 8);
    params.activation_bits = asked.value("activation_bits", 8);
    params.input_weight_bits = asked.value("input_weight_bits", 8);
    params.per_tensor_activations = asked.value("per_tensor_activations", false);
    Ranges ranges;
    const Json stored = read_json(argv[2])[argv[3]];
    for (const auto& [layer, values] : stored.items()) {
      for (const Json& value : values) ranges[layer].push_back(value.get<float>());
    }
    Graph graph = as_quantized(load_model(argv[4]), params);
    apply_ranges(graph, describe(graph), ranges);
    write_keras_h5(graph, argv[5]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
