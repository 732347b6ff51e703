// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/layer/any_layer.hpp>
#include <tenon/tensor/data_type.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

namespace detail {
template <class... Tags>
struct Names {};
}  // namespace detail

// A layer of a typed model: its name, a tag type that appears in the compiler's messages, its
// parameters, and the names of its inputs. Without names it takes the layer before it.
template <class Tag_, auto Params, class... From>
struct Layer {
  using Tag = Tag_;
  using Inputs = detail::Names<From...>;
  static constexpr auto params = Params;
};

/// The integers that a model is given: `Input<struct image, Shape{8, 8, 1}, std::uint8_t>`.
template <class Tag, Shape S, class Element>
using Input = Layer<Tag, InputParams{S, data_type_of<Element>}>;

template <class Tag, Conv2DParams Params, class... From>
using Conv2D = Layer<Tag, Params, From...>;
template <class Tag, Conv2DTransposeParams Params, class... From>
using Conv2DTranspose = Layer<Tag, Params, From...>;
template <class Tag, DepthwiseConv2DParams Params, class... From>
using DepthwiseConv2D = Layer<Tag, Params, From...>;
template <class Tag, DepthwiseConv2DTransposeParams Params, class... From>
using DepthwiseConv2DTranspose = Layer<Tag, Params, From...>;
template <class Tag, SeparableConv2DParams Params, class... From>
using SeparableConv2D = Layer<Tag, Params, From...>;
template <class Tag, DenseParams Params, class... From>
using Dense = Layer<Tag, Params, From...>;
template <class Tag, BatchNormalizationParams Params = BatchNormalizationParams{}, class... From>
using BatchNormalization = Layer<Tag, Params, From...>;
template <class Tag, ReLUParams Params = ReLUParams{}, class... From>
using ReLU = Layer<Tag, Params, From...>;
template <class Tag, AddParams Params, class... From>
using Add = Layer<Tag, Params, From...>;
template <class Tag, ConcatenateParams Params, class... From>
using Concatenate = Layer<Tag, Params, From...>;
template <class Tag, MaxPooling2DParams Params = MaxPooling2DParams{}, class... From>
using MaxPooling2D = Layer<Tag, Params, From...>;
template <class Tag, GlobalAveragePooling2DParams Params = GlobalAveragePooling2DParams{},
          class... From>
using GlobalAveragePooling2D = Layer<Tag, Params, From...>;
template <class Tag, FlattenParams Params = FlattenParams{}, class... From>
using Flatten = Layer<Tag, Params, From...>;
template <class Tag, PermuteParams Params, class... From>
using Permute = Layer<Tag, Params, From...>;
template <class Tag, ReshapeParams Params, class... From>
using Reshape = Layer<Tag, Params, From...>;
template <class Tag, RescalingParams Params, class... From>
using Rescaling = Layer<Tag, Params, From...>;
template <class Tag, DropoutParams Params = DropoutParams{}, class... From>
using Dropout = Layer<Tag, Params, From...>;

template <class Tag, ActivationParams Params = ActivationParams{}, class... From>
using Activation = Layer<Tag, Params, From...>;
/// Takes query, key and value: `Attention<struct look, AttentionParams{.num_heads = 4}, q, k, v>`.
template <class Tag, AttentionParams Params, class... From>
using Attention = Layer<Tag, Params, From...>;
template <class Tag, ShiftmaxParams Params = ShiftmaxParams{}, class... From>
using Shiftmax = Layer<Tag, Params, From...>;
template <class Tag, ClassTokenParams Params = ClassTokenParams{}, class... From>
using ClassToken = Layer<Tag, Params, From...>;
template <class Tag, AddPositionEmbsParams Params = AddPositionEmbsParams{}, class... From>
using AddPositionEmbs = Layer<Tag, Params, From...>;
template <class Tag, ExtractTokenParams Params, class... From>
using ExtractToken = Layer<Tag, Params, From...>;
template <class Tag, LayerMadNormalizationParams Params = LayerMadNormalizationParams{},
          class... From>
using LayerMadNormalization = Layer<Tag, Params, From...>;
template <class Tag, BufferTempConvParams Params, class... From>
using BufferTempConv = Layer<Tag, Params, From...>;
template <class Tag, DepthwiseBufferTempConvParams Params, class... From>
using DepthwiseBufferTempConv = Layer<Tag, Params, From...>;
template <class Tag, StatefulRecurrentParams Params = StatefulRecurrentParams{}, class... From>
using StatefulRecurrent = Layer<Tag, Params, From...>;
template <class Tag, StatefulProjectionParams Params, class... From>
using StatefulProjection = Layer<Tag, Params, From...>;

}  // namespace tenon
