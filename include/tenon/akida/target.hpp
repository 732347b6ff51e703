// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/akida/device.hpp>
#include <tenon/model/quantization_params.hpp>

namespace tenon::akida {

/// How a model is quantized for a version, where nobody asked for something else: v1 computes with
/// 4 bits, but for the 8-bit weights of its image layer, and has one range for all channels of an
/// activation; v2 takes the defaults.
[[nodiscard]] constexpr QuantizationParams target_params(Version version) noexcept {
  QuantizationParams params{};
  if (version == Version::v1) {
    params.activation_bits = 4;
    params.weight_bits = 4;
    params.per_tensor_activations = true;
  }
  return params;
}

}  // namespace tenon::akida
