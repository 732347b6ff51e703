// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <tenon/akida/layer.hpp>
#include <tenon/tensor/window.hpp>
#include <vector>

// A description at run time, and its shapes.
namespace tenon::host::mapping {

/// Layers with the names that people know them by.
struct NamedModel {
  std::vector<akida::Layer> layers;
  std::vector<std::string> names;
  std::vector<std::string> class_names;
};

/// No dimension below 1, and few enough elements to be counted in 31 bits.
[[nodiscard]] constexpr bool is_countable(const Shape& shape) noexcept {
  std::int64_t size = 1;
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.rank); ++i) {
    if (shape[i] <= 0) return false;
    size *= shape[i];
    if (size > 0x7fffffff) return false;
  }
  return shape.rank > 0;
}

/// Of a convolution or a pool.
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
      constexpr std::int32_t top = 1 << 30;
      if (!image || input[0] > top / layer.strides.height || input[1] > top / layer.strides.width) {
        return {};
      }
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

/// Recomputes all shapes; false if a layer no longer fits.
[[nodiscard]] inline bool infer_shapes(NamedModel& model) {
  for (akida::Layer& layer : model.layers) {
    if (layer.kind == LayerKind::input) continue;
    const Shape& before = model.layers[static_cast<std::size_t>(layer.inbound[0])].output;
    const bool unchanged = before == layer.input;
    layer.input = before;
    const Shape output = output_shape(model, layer);
    if (output.rank == 0 && !unchanged) return false;
    if (output.rank == 0) continue;  // not computed here, and nothing changed before it
    if (!is_countable(output)) return false;
    if (layer.kind == LayerKind::depthwise_conv2d) layer.filters = output.channels();
    layer.output = output;
  }
  return true;
}

}  // namespace tenon::host::mapping
