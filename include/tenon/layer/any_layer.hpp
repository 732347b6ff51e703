// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/layer/activation.hpp>
#include <tenon/layer/add.hpp>
#include <tenon/layer/add_position_embs.hpp>
#include <tenon/layer/attention.hpp>
#include <tenon/layer/batch_normalization.hpp>
#include <tenon/layer/buffer_temp_conv.hpp>
#include <tenon/layer/class_token.hpp>
#include <tenon/layer/concatenate.hpp>
#include <tenon/layer/conv2d.hpp>
#include <tenon/layer/conv2d_transpose.hpp>
#include <tenon/layer/dense.hpp>
#include <tenon/layer/depthwise_buffer_temp_conv.hpp>
#include <tenon/layer/depthwise_conv2d.hpp>
#include <tenon/layer/depthwise_conv2d_transpose.hpp>
#include <tenon/layer/dequantizer.hpp>
#include <tenon/layer/dropout.hpp>
#include <tenon/layer/extract_token.hpp>
#include <tenon/layer/flatten.hpp>
#include <tenon/layer/global_average_pooling2d.hpp>
#include <tenon/layer/input.hpp>
#include <tenon/layer/layer_mad_normalization.hpp>
#include <tenon/layer/max_pooling2d.hpp>
#include <tenon/layer/permute.hpp>
#include <tenon/layer/relu.hpp>
#include <tenon/layer/rescaling.hpp>
#include <tenon/layer/reshape.hpp>
#include <tenon/layer/separable_conv2d.hpp>
#include <tenon/layer/shiftmax.hpp>
#include <tenon/layer/stateful_projection.hpp>
#include <tenon/layer/stateful_recurrent.hpp>
#include <tenon/layer/traits.hpp>
#include <type_traits>
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
                 RescalingParams, DropoutParams, DequantizerParams, ActivationParams, AttentionParams,
                 ShiftmaxParams, ClassTokenParams, AddPositionEmbsParams, ExtractTokenParams,
                 LayerMadNormalizationParams, BufferTempConvParams, DepthwiseBufferTempConvParams,
                 StatefulRecurrentParams, StatefulProjectionParams>;

[[nodiscard]] constexpr LayerTraits traits_of(const LayerParams& params) noexcept {
  return std::visit([](const auto& p) { return p.traits; }, params);
}

/// Layers that compute nothing on integers: the elements stay, in order.
template <class Params>
concept PassingLayer = std::is_same_v<Params, ReshapeParams> || std::is_same_v<Params, DropoutParams> ||
                       std::is_same_v<Params, RescalingParams>;

}  // namespace tenon
