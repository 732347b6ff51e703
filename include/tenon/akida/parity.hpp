// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/akida/device.hpp>
#include <tenon/akida/layer.hpp>

// Where the integers of the hardware can differ from those of the quantized model.
namespace tenon::akida {

enum class Parity : std::uint8_t {
  equal,
  half_step_rounding,  ///< v1: half a step is a whole number, a step has four fractional bits
  unaligned_flatten,   ///< v2: a flattened per-axis tensor is not aligned before the dense layer
};

/// What may differ in layer `at`.
[[nodiscard]] constexpr Parity parity_of(std::span<const Layer> layers, std::size_t at,
                                         Version version) noexcept {
  const Layer& layer = layers[at];
  if (version == Version::v1) {
    return layer.kind == LayerKind::relu && layer.quantizes_output() ? Parity::half_step_rounding
                                                                     : Parity::equal;
  }
  const bool flattens = layer.kind == LayerKind::flatten ||
                        (layer.kind == LayerKind::reshape && !moves_unit_dimensions_only(layer));
  if (!flattens || layer.inbound_count == 0) return Parity::equal;
  const Layer* before = &layers[static_cast<std::size_t>(layer.inbound[0])];
  while (!before->quantizes_output() && before->inbound_count > 0) {
    before = &layers[static_cast<std::size_t>(before->inbound[0])];
  }
  return before->quantizes_output() && before->per_axis ? Parity::unaligned_flatten : Parity::equal;
}

}  // namespace tenon::akida
