// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

// Written by tests/reference/typed_models.py with quantizeml 0.17.1.
namespace tenon_test::reference {

// InputLayer, Conv2D, MaxPool2D, ReLU, Flatten, Dense
inline constexpr std::int32_t chain_outputs[] = {
    3631, 37975, 3885, 51998, 11506, 42596};
inline constexpr std::int32_t chain_frac_bits[] = {1};
inline constexpr float chain_scales[] = {
    0x1.8920f4p-8F, 0x1.6e0432p-8F};

// InputLayer, Conv2D, ReLU, Conv2D, ReLU, DepthwiseConv2D, SeparableConv2D, ReLU, Add,
// Conv2D, Conv2D, ReLU, Concatenate, Conv2D, ReLU, GlobalAveragePooling2D, Dense
inline constexpr std::int32_t residual_outputs[] = {
    -16, -54, 37, 2, -22, -65, 48, 11, -48, -98, 41, 11};
inline constexpr std::int32_t residual_frac_bits[] = {0};
inline constexpr float residual_scales[] = {
    0x1.3600ccp-4F, 0x1.09b78cp-4F, 0x1.624a0ep-4F, 0x1.09b78cp-4F};

// InputLayer, Rescaling, Conv2D, ReLU, Conv2DTranspose, ReLU, BatchNormalization,
// DepthwiseConv2DTranspose, Permute, Dense
inline constexpr std::int32_t decoder_outputs[] = {
    2, 1, -6, -16, 8, 12, -6, -16, 8, 12, -6, -16, 8, 12, -6, -16, 3, 5, -7, -17, 1, 1, -7,
    -17, 1, 1, -7, -17, 1, 1, -7, -17, 8, 13, -9, -20, 14, 23, -9, -20, 14, 23, -9, -20, 14,
    23, -9, -20, 3, 5, -7, -17, 1, 1, -7, -17, 1, 1, -7, -17, 1, 1, -7, -17, 3, 4, -8, -19, 9,
    15, -6, -16, 8, 12, -6, -16, 8, 12, -6, -16, 5, 9, -9, -21, 1, 1, -7, -17, 1, 1, -7, -17,
    1, 1, -7, -17, 10, 17, -9, -21, 15, 25, -9, -20, 16, 26, -9, -20, 14, 23, -9, -20, 2, 3,
    -6, -16, -3, -4, -6, -16, -2, -3, -7, -17, 1, 1, -7, -17, 2, 1, -6, -16, 8, 12, -6, -16, 9,
    14, -8, -19, 9, 15, -6, -16, 3, 5, -7, -17, 1, 1, -7, -17, 3, 5, -9, -21, 1, 1, -7, -17, 8,
    13, -9, -20, 14, 23, -9, -20, 16, 27, -9, -21, 15, 25, -9, -20, 3, 4, -7, -17, 0, 0, -7,
    -17, -1, -2, -6, -16, -2, -3, -7, -17};
inline constexpr std::int32_t decoder_frac_bits[] = {7};

// InputLayer, Conv2D, ReLU, Dropout, Conv2D, Reshape, Dense
inline constexpr std::int32_t wide_outputs[] = {
    10670, 6844, -42568, -17412, -1112, -10989, -712, -15565, -16689, -33135, 680, 10113,
    -13194, 65, -2985, -31166, 5126, 16456};
inline constexpr std::int32_t wide_frac_bits[] = {1};
inline constexpr float wide_scales[] = {
    0x1.daa5fp-8F, 0x1.9f5132p-8F, 0x1.ae2662p-8F};

// InputLayer, Rescaling, Conv2D, Reshape, ClassToken, AddPositionEmbs, LayerNormalization,
// Dense, Dense, Dense, Attention, Dense, Add, LayerNormalization, Dense, Activation, Dense,
// Add, BatchNormalization, ExtractToken, Dense
inline constexpr std::int32_t transformer_outputs[] = {
    3121, 1497, -40864, 11535, 51134, 16568, 26702, -21704, 6560, 41604, 5032, 39467, -12864,
    10706, 21814, 2316, 1160, -40730, 11670, 51234, 9771, 27567, -24270, 12975, 14600, 9857,
    59359, -6416, 7433, 13478, 3845, 2519, -41004, 10401, 51642, 18335, 31602, -27434, 1623,
    24782, 2559, 33181, -14984, 12677, 23294};
inline constexpr std::int32_t transformer_frac_bits[] = {7};
inline constexpr float transformer_scales[] = {
    0x1.b366cep-9F, 0x1.f3e7dp-9F, 0x1.e3c79p-9F, 0x1.020408p-8F, 0x1.020408p-8F};

// InputLayer, Rescaling, Conv2D, Reshape, ClassToken, AddPositionEmbs, LayerNormalization,
// Dense, Dense, Dense, Attention, Dense, Add, LayerNormalization, Dense, Activation, Dense,
// Add, BatchNormalization, ExtractToken, Dense, Shiftmax
inline constexpr std::int32_t transformer4_outputs[] = {
    128, 256, 128, 256, 128, 256, 256, 64, 256, 256, 128, 256, 128, 128, 128, 128, 256, 128,
    256, 128, 256, 256, 64, 256, 256, 128, 256, 128, 128, 128, 128, 256, 128, 256, 128, 128,
    256, 64, 256, 128, 128, 256, 128, 128, 128};
inline constexpr std::int32_t transformer4_frac_bits[] = {10};

// InputLayer, BufferTempConv, ReLU, DepthwiseBufferTempConv, ReLU, Conv2D, ReLU,
// BufferTempConv, GlobalAveragePooling2D, Dense
inline constexpr std::int32_t stream_outputs[] = {
    24112, 6422, 20429, -715, 11866, 5395};
inline constexpr std::int32_t stream_frac_bits[] = {7};
inline constexpr float stream_scales[] = {
    0x1.37034cp-9F, 0x1.0020d6p-8F};

// InputLayer, BufferTempConv, ReLU, DepthwiseBufferTempConv, ReLU, Conv2D, ReLU,
// BufferTempConv, GlobalAveragePooling2D, Dense
inline constexpr std::int32_t stream4_outputs[] = {
    -339, -2136, 234, -2385, -51, -2517};
inline constexpr std::int32_t stream4_frac_bits[] = {7};
inline constexpr float stream4_scales[] = {
    0x1.1ad4cp-4F, 0x1.f90e34p-5F};

// InputLayer, StatefulProjection, StatefulRecurrent, StatefulProjection, ReLU,
// StatefulProjection, StatefulRecurrent, StatefulProjection
inline constexpr std::int32_t recurrent_outputs[] = {
    -59488, -12576, 4048, 49648, -52427, -12346, -1222, 43775, -58715, -14588, 2297, 44786,
    -53970, -4026, -1977, 49259, -57957, -22096, 6032, 45073, -55903, -718, -4333, 47932};
inline constexpr std::int32_t recurrent_frac_bits[] = {9};
inline constexpr float recurrent_scales[] = {
    0x1.020408p-8F};

}  // namespace tenon_test::reference
