// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "model/typed_models.hpp"

// As typed_models.hpp, with transformer layers and with layers that remember.
namespace tenon_test {

template <class... Last>
struct TransformerAnd
    : Graph<Input<struct t_image, Shape{4, 6, 1}, std::uint8_t>,
            Rescaling<struct t_unit, RescalingParams{.scale = 1 / 128.0F}>,
            Conv2D<struct embedding,
                   Conv2DParams{.filters = 6, .kernel_size = {2, 2}, .strides = {2, 2}}>,
            Reshape<struct to_tokens, ReshapeParams{Shape{6, 6}}>, ClassToken<struct cls>,
            AddPositionEmbs<struct pos>, LayerMadNormalization<struct norm0>,
            Dense<struct query, DenseParams{.units = 6}, norm0>,
            Dense<struct key, DenseParams{.units = 6}, norm0>,
            Dense<struct value, DenseParams{.units = 6}, norm0>,
            Attention<struct look, AttentionParams{.num_heads = 2}, query, key, value>,
            Dense<struct look_out, DenseParams{.units = 6}>,
            Add<struct sum0, AddParams{}, look_out, pos>, LayerMadNormalization<struct norm1>,
            Dense<struct mlp0, DenseParams{.units = 8}>, Activation<struct gelu>,
            Dense<struct mlp1, DenseParams{.units = 6}>, Add<struct sum1, AddParams{}, mlp1, sum0>,
            BatchNormalization<struct last_norm>,
            ExtractToken<struct some, ExtractTokenParams::list(0, 2, 3)>,
            Dense<struct head, DenseParams{.units = 5}>, Last...> {};
using Transformer = TransformerAnd<>;
using TransformerShares = TransformerAnd<Shiftmax<struct shares>>;

struct Stream
    : Sequential<
          Input<struct s_frame, Shape{2, 3, 2}, std::uint8_t>,
          BufferTempConv<struct deep,
                         BufferTempConvParams{.filters = 4, .kernel_size = 3, .use_bias = true}>,
          ReLU<struct deep_relu>,
          DepthwiseBufferTempConv<struct wise, DepthwiseBufferTempConvParams{.kernel_size = 2,
                                                                             .use_bias = true}>,
          ReLU<struct wise_relu, ReLUParams{.bounded = true, .max_value = 4.0F}>,
          Conv2D<struct s_conv, Conv2DParams{.filters = 3, .kernel_size = {2, 2}}>,
          ReLU<struct s_relu>,
          BufferTempConv<struct last_frames, BufferTempConvParams{.filters = 3, .kernel_size = 2}>,
          GlobalAveragePooling2D<struct s_mean>, Dense<struct s_scores, DenseParams{.units = 2}>> {
};

/// The same with another input type.
struct SignedStream
    : Sequential<Input<struct s_frame, Shape{2, 3, 2}, std::int8_t>,
                 typename Stream::template LayerAt<1>, typename Stream::template LayerAt<2>,
                 typename Stream::template LayerAt<3>, typename Stream::template LayerAt<4>,
                 typename Stream::template LayerAt<5>, typename Stream::template LayerAt<6>,
                 typename Stream::template LayerAt<7>, typename Stream::template LayerAt<8>,
                 typename Stream::template LayerAt<9>> {};

struct Recurrent
    : Sequential<Input<struct r_steps, Shape{4, 3}, std::int8_t>,
                 StatefulProjection<struct p0, StatefulProjectionParams{.units = 5}>,
                 StatefulRecurrent<struct r0>,
                 StatefulProjection<struct p1,
                                    StatefulProjectionParams{
                                        .units = 6, .downshape = Shape{4, 10}, .subsample = 2}>,
                 ReLU<struct r_relu>,
                 StatefulProjection<struct p2, StatefulProjectionParams{.units = 3}>,
                 StatefulRecurrent<struct r1>,
                 StatefulProjection<struct p3, StatefulProjectionParams{.units = 4,
                                                                        .downshape = Shape{2, 6},
                                                                        .upshape = Shape{4, 2}}>> {
};

}  // namespace tenon_test
