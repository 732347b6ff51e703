// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <tenon/akida/layer.hpp>
#include <tenon/akida/target.hpp>
#include <tenon/model/graph.hpp>
#include <tenon/model/static_format.hpp>
#include <type_traits>
#include <utility>

// Typed models as the rules see them: `Sequential` and `Graph` as they would be quantized for the
// version (target.hpp), `Quantized` with the bits and output quantizers of its own plan. Layers
// stand as they are written: nothing is folded or replaced in between, as `tenon quantize` does
// with files.
namespace tenon {

template <class Model, QuantizationParams Params, class Arch, bool Fits>
class Quantized;

namespace akida {

/// Stands behind the last layer: the host turns its integers into floats.
struct dequantizer;

namespace detail {

/// The parameters of a typed layer, by the names that they have in every layer.
template <class Params>
constexpr void describe(const Params& params, Layer& layer) noexcept {
  if constexpr (requires { params.type; }) layer.data_type = params.type;
  if constexpr (requires { params.filters; }) layer.filters = params.filters;
  if constexpr (requires { params.units; }) layer.filters = params.units;
  if constexpr (requires { params.strides; }) layer.strides = params.strides;
  if constexpr (requires { params.dilation_rate; }) layer.dilation = params.dilation_rate;
  if constexpr (requires { params.pool_size; }) layer.pool_size = params.pool_size;
  if constexpr (requires { params.padding; }) layer.padding = params.padding;
  if constexpr (requires { params.groups; }) layer.groups = params.groups;
  if constexpr (requires { params.bounded; }) layer.bounded = params.bounded;
  if constexpr (requires { params.kernel_size; }) {
    if constexpr (std::integral<decltype(params.kernel_size)>) {
      layer.kernel = {params.kernel_size, 1};
    } else {
      layer.kernel = params.kernel_size;
    }
    if constexpr (!requires { params.filters; })
      layer.filters = layer.input.channels();  // depthwise
  }
  if constexpr (std::is_same_v<Params, DepthwiseConv2DTransposeParams>) layer.strides = {2, 2};
}

template <class Model, std::size_t I>
constexpr Layer layer_at(const LayerPlan& plan) noexcept {
  constexpr const auto& params = Model::template LayerAt<I>::params;
  constexpr const LayerInputs& inputs = Model::inputs[I];
  Layer layer;
  layer.kind = params.traits.kind;
  for (std::size_t k = 0; k < inputs.count; ++k) {
    layer.inbound[k] = static_cast<std::int16_t>(inputs.at[k]);
  }
  layer.inbound_count = static_cast<std::int16_t>(inputs.count);
  layer.input = Model::shapes[inputs.count == 0 ? I : inputs[0]];
  layer.output = Model::shapes[I];
  describe(params, layer);
  if (params.traits.has_weights) {
    layer.weight_bits = plan.weight_bits;
    if (layer.kind == LayerKind::separable_conv2d) layer.pointwise_weight_bits = plan.weight_bits;
  }
  if (plan.has_output) {
    layer.output_bits = plan.output.bitwidth;
    layer.per_axis = plan.output.per_axis;
  }
  return layer;
}

template <class Model, std::size_t... I>
constexpr auto describe_model(const QuantizationParams& params,
                              std::index_sequence<I...>) noexcept {
  const auto plan = tenon::detail::plan_model<Model>(params);
  std::array<Layer, sizeof...(I) + 1> layers{layer_at<Model, I>(plan[I])...};
  Layer& last = layers.back();
  last.kind = LayerKind::dequantizer;
  last.inbound[0] = static_cast<std::int16_t>(sizeof...(I) - 1);
  last.inbound_count = 1;
  last.input = last.output = Model::output_shape;
  return layers;
}

template <class Model, std::size_t I>
constexpr auto tag_at() noexcept {
  if constexpr (I < Model::layer_count) {
    return std::type_identity<typename Model::template LayerAt<I>::Tag>{};
  } else {
    return std::type_identity<dequantizer>{};
  }
}

}  // namespace detail

/// How a type is described: `layers(version)` returns an array of Layer, and `name<I>` is the tag
/// type of the I-th. By default the type says so itself, with `akida_layers()`.
template <class Model>
struct Description {
  static constexpr auto layers(Version) noexcept requires requires { Model::akida_layers(); }
  { return Model::akida_layers(); }
  template <std::size_t I>
  using name = typename Model::template name<I>;
};

/// `Sequential`, `Graph`, and what derives from them.
template <class Model>
concept TypedModel = requires {
  Model::layer_count;
  Model::shapes[0];
  typename Model::template LayerAt<0>::Tag;
};

template <TypedModel Model>
struct Description<Model> {
  static constexpr auto layers(Version version) noexcept {
    return detail::describe_model<Model>(target_params(version),
                                         std::make_index_sequence<Model::layer_count>{});
  }
  template <std::size_t I>
  using name = typename decltype(detail::tag_at<Model, I>())::type;
};

template <TypedModel Model, QuantizationParams Params, class Arch, bool Fits>
struct Description<Quantized<Model, Params, Arch, Fits>> : Description<Model> {
  static constexpr auto layers(Version) noexcept {
    return detail::describe_model<Model>(Params, std::make_index_sequence<Model::layer_count>{});
  }
};

}  // namespace akida
}  // namespace tenon
