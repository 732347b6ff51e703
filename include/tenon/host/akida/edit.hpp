// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <tenon/akida/layer.hpp>
#include <tenon/host/akida/sketch.hpp>
#include <tenon/tensor/window.hpp>
#include <utility>
#include <vector>

// Changes of a description, to ask whether the changed model would map.
namespace tenon::host::mapping {

namespace detail {

[[nodiscard]] inline Shape windowed(const akida::Layer& layer, Size2D kernel,
                                    std::int32_t channels) {
  return Window2D::of(layer.input, kernel, layer.strides, layer.dilation, layer.padding)
      .output(channels);
}

/// The output of a layer whose input is known; a shape of rank 0 if it does not fit.
[[nodiscard]] inline Shape output_shape(const NamedModel& model, const akida::Layer& layer) {
  const Shape& input = layer.input;
  const bool image = input.rank == 3;
  switch (layer.kind) {
    case LayerKind::conv2d:
    case LayerKind::separable_conv2d:
      return image ? windowed(layer, layer.kernel, layer.filters) : Shape{};
    case LayerKind::depthwise_conv2d:
      return image ? windowed(layer, layer.kernel, input.channels()) : Shape{};
    case LayerKind::max_pooling2d:
      return image ? windowed(layer, layer.pool_size, input.channels()) : Shape{};
    case LayerKind::conv2d_transpose:
    case LayerKind::depthwise_conv2d_transpose: {
      const bool all = layer.kind == LayerKind::conv2d_transpose;
      if (!image) return {};
      return Window2D::transposed(input, layer.kernel, layer.strides, layer.dilation, layer.padding,
                                  {-1, -1})
          .output(all ? layer.filters : input.channels());
    }
    case LayerKind::dense:
    case LayerKind::buffer_temp_conv: {
      Shape output = input;
      output[static_cast<std::size_t>(input.rank - 1)] = layer.filters;
      return output;
    }
    case LayerKind::global_average_pooling2d:
      if (layer.output.rank == 1) return Shape{input.channels()};
      return Shape{1, 1, input.channels()};
    case LayerKind::flatten:
      return Shape{static_cast<std::int32_t>(input.size())};
    case LayerKind::reshape:
      return layer.output.size() == input.size() ? layer.output : Shape{};
    case LayerKind::concatenate: {
      Shape output = input;
      std::int32_t channels = 0;
      for (std::size_t k = 0; k < static_cast<std::size_t>(layer.inbound_count); ++k) {
        channels += model.layers[static_cast<std::size_t>(layer.inbound[k])].output.channels();
      }
      output[static_cast<std::size_t>(input.rank - 1)] = channels;
      return output;
    }
    case LayerKind::permute:
    case LayerKind::extract_token:
    case LayerKind::class_token:
    case LayerKind::attention:
    case LayerKind::unsupported:
      return layer.software || layer.output == input ? input : Shape{};
    default:
      return input;
  }
}

}  // namespace detail

/// Recomputes all shapes; false if a layer no longer fits.
[[nodiscard]] inline bool infer_shapes(NamedModel& model) {
  for (akida::Layer& layer : model.layers) {
    if (layer.kind == LayerKind::input) continue;
    const Shape& before = model.layers[static_cast<std::size_t>(layer.inbound[0])].output;
    const bool unchanged = before == layer.input;
    layer.input = before;
    const Shape output = detail::output_shape(model, layer);
    if (output.rank == 0 && !unchanged) return false;
    if (output.rank == 0) continue;  // not computed here, and nothing changed before it
    for (std::size_t i = 0; i < static_cast<std::size_t>(output.rank); ++i) {
      if (output[i] <= 0) return false;
    }
    if (layer.kind == LayerKind::depthwise_conv2d) layer.filters = output.channels();
    layer.output = output;
  }
  return true;
}

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
