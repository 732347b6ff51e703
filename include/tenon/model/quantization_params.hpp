// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/tensor/data_type.hpp>

namespace tenon {

/// How a model is quantized, with the names and defaults of the guide.
struct QuantizationParams {
  std::int32_t activation_bits = 8;     ///< outputs of activations
  std::int32_t output_bits = 8;         ///< other quantized outputs
  bool per_tensor_activations = false;  ///< one range an output instead of one a channel
  std::int32_t input_weight_bits = 8;   ///< weights of the first layer that has some
  std::int32_t weight_bits = 8;         ///< weights of the others
  DataType input_dtype = DataType::uint8;
  std::int32_t buffer_bits = 32;
  std::int32_t last_output_bits = 0;    ///< an output quantizer at the end of the model; 0: none
};

}  // namespace tenon
