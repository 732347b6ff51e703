// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/layer/add.hpp>
#include <tenon/layer/batch_normalization.hpp>
#include <tenon/layer/concatenate.hpp>
#include <tenon/layer/conv2d.hpp>
#include <tenon/layer/conv2d_transpose.hpp>
#include <tenon/layer/dense.hpp>
#include <tenon/layer/depthwise_conv2d.hpp>
#include <tenon/layer/depthwise_conv2d_transpose.hpp>
#include <tenon/layer/dequantizer.hpp>
#include <tenon/layer/dropout.hpp>
#include <tenon/layer/flatten.hpp>
#include <tenon/layer/global_average_pooling2d.hpp>
#include <tenon/layer/input.hpp>
#include <tenon/layer/max_pooling2d.hpp>
#include <tenon/layer/permute.hpp>
#include <tenon/layer/relu.hpp>
#include <tenon/layer/rescaling.hpp>
#include <tenon/layer/reshape.hpp>
#include <tenon/layer/separable_conv2d.hpp>
#include <tenon/layer/traits.hpp>
#include <variant>

namespace tenon {

/// A layer without a quantized form.
struct UnsupportedParams {
  static constexpr LayerTraits traits{};
};

/// The parameters of any layer. Only the plan and the host hold one; a typed model knows its layers.
using LayerParams =
    std::variant<UnsupportedParams, InputParams, Conv2DParams, Conv2DTransposeParams, DepthwiseConv2DParams,
                 DepthwiseConv2DTransposeParams, SeparableConv2DParams, DenseParams,
                 BatchNormalizationParams, ReLUParams, AddParams, ConcatenateParams, MaxPooling2DParams,
                 GlobalAveragePooling2DParams, FlattenParams, PermuteParams, ReshapeParams,
                 RescalingParams, DropoutParams, DequantizerParams>;

[[nodiscard]] constexpr LayerTraits traits_of(const LayerParams& params) noexcept {
  return std::visit([](const auto& p) { return p.traits; }, params);
}

/// Layers whose float and integer forms only copy: the elements stay, in order.
template <class Params>
concept CopyingLayer = std::is_same_v<Params, ReshapeParams> || std::is_same_v<Params, DropoutParams> ||
                       std::is_same_v<Params, FlattenParams>;

}  // namespace tenon
