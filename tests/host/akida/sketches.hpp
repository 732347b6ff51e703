// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>

/// An image classifier of three blocks as a sketch.
inline nlohmann::json classifier_sketch() {
  return nlohmann::json::parse(R"({
    "quantization": {"input_dtype": "uint8", "weight_bits": 8, "activation_bits": 8},
    "input_shape": [16, 16, 3],
    "layers": [
      {"cls": "InputLayer", "name": "image", "inbound": [], "dtype": "uint8",
       "in": [16, 16, 3], "out": [16, 16, 3]},
      {"cls": "QuantizedConv2D", "name": "conv", "inbound": ["image"], "in": [16, 16, 3],
       "out": [16, 16, 8], "filters": 8, "kernel_size": [3, 3], "strides": [1, 1],
       "padding": "same", "groups": 1, "weight_bits": 8, "out_quantizer": null},
      {"cls": "QuantizedReLU", "name": "relu", "inbound": ["conv"], "in": [16, 16, 8],
       "out": [16, 16, 8], "max_value": 6.0, "out_quantizer": {"bits": 8, "axis": "per-axis"}},
      {"cls": "QuantizedConv2D", "name": "head", "inbound": ["relu"], "in": [16, 16, 8],
       "out": [16, 16, 4], "filters": 4, "kernel_size": [1, 1], "strides": [1, 1],
       "padding": "same", "weight_bits": 8, "out_quantizer": null},
      {"cls": "Dequantizer", "name": "dequantizer", "inbound": ["head"], "in": [16, 16, 4],
       "out": [16, 16, 4]}
    ]})");
}
