// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <tenon/akida/layer.hpp>
#include <tenon/host/akida/named_model.hpp>
#include <utility>
#include <vector>

// Changes of a description, to ask whether the changed model would map.
namespace tenon::host::mapping {

/// Puts `layer` behind layer `at`; all that read `at` read the new layer. With `only` not below
/// zero just that one reader changes.
inline void insert_after(NamedModel& model, std::int16_t at, akida::Layer layer, std::string name,
                         std::int16_t only = -1) {
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    akida::Layer& reader = model.layers[i];
    for (std::size_t k = 0; k < static_cast<std::size_t>(reader.inbound_count); ++k) {
      const bool moved = only < 0 || static_cast<std::size_t>(only) == i;
      if (reader.inbound[k] > at || (reader.inbound[k] == at && moved)) ++reader.inbound[k];
    }
  }
  layer.inbound = {at};
  layer.inbound_count = 1;
  layer.input = layer.output = model.layers[static_cast<std::size_t>(at)].output;
  const auto place = at + 1;
  model.layers.insert(model.layers.begin() + place, layer);
  model.names.insert(model.names.begin() + place, std::move(name));
  model.class_names.insert(model.class_names.begin() + place, "");
}

/// Exchanges layer `at` with the only layer that it reads: ReLU and pool change places. The output
/// quantizer stays behind both.
[[nodiscard]] inline bool swap_with_previous(NamedModel& model, std::int16_t at) {
  akida::Layer& later = model.layers[static_cast<std::size_t>(at)];
  if (later.inbound_count != 1) return false;
  const std::size_t before = static_cast<std::size_t>(later.inbound[0]);
  akida::Layer& earlier = model.layers[before];
  const bool quantizes = later.quantizes_output();
  const std::int32_t bits = quantizes ? later.output_bits : earlier.output_bits;
  const bool per_axis = quantizes ? later.per_axis : earlier.per_axis;
  std::swap(earlier, later);
  std::swap(earlier.inbound, later.inbound);
  std::swap(earlier.inbound_count, later.inbound_count);
  std::swap(model.names[before], model.names[static_cast<std::size_t>(at)]);
  std::swap(model.class_names[before], model.class_names[static_cast<std::size_t>(at)]);
  earlier.output_bits = 0;
  later.output_bits = bits;
  later.per_axis = per_axis;
  return true;
}

}  // namespace tenon::host::mapping
