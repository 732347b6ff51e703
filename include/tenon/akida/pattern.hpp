// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <tenon/akida/device.hpp>
#include <tenon/akida/layer.hpp>

// Which sequences of layers become one hardware layer. A sequence is written with one letter a
// layer: C conv, D depthwise, S separable, T transposed, U depthwise transposed, M max pool, G
// global average pool, R ReLU, A activation table, F flatten, Z true reshape, d dense, b and e
// temporal (e depthwise),
// + add, | concatenate, B batch norm, N mad norm, s shiftmax, a attention, X extract token, k class
// token, p position embedding; ? is anything else.
namespace tenon::akida {

/// Layer types of the hardware library, by its names.
enum class Node : std::uint8_t {
  none,
  InputConvolutional,
  Convolutional,
  SeparableConvolutional,
  FullyConnected,
  InputConv2D,
  Stem,
  Conv2D,
  DepthwiseConv2D,
  Conv2DTranspose,
  DepthwiseConv2DTranspose,
  Dense1D,
  Dense2D,
  BufferTempConv,
  DepthwiseBufferTempConv,
  Add,
  Concatenate,
  BatchNormalization,
  MadNorm,
  Shiftmax,
  Attention,
  ExtractToken,
};

[[nodiscard]] constexpr char letter_of(LayerKind kind) noexcept {
  switch (kind) {
    case LayerKind::conv2d:
      return 'C';
    case LayerKind::depthwise_conv2d:
      return 'D';
    case LayerKind::separable_conv2d:
      return 'S';
    case LayerKind::conv2d_transpose:
      return 'T';
    case LayerKind::depthwise_conv2d_transpose:
      return 'U';
    case LayerKind::max_pooling2d:
      return 'M';
    case LayerKind::global_average_pooling2d:
      return 'G';
    case LayerKind::relu:
      return 'R';
    case LayerKind::activation:
      return 'A';
    case LayerKind::flatten:
      return 'F';
    case LayerKind::reshape:
      return 'Z';
    case LayerKind::dense:
      return 'd';
    case LayerKind::buffer_temp_conv:
      return 'b';
    case LayerKind::depthwise_buffer_temp_conv:
      return 'e';
    case LayerKind::add:
      return '+';
    case LayerKind::concatenate:
      return '|';
    case LayerKind::batch_normalization:
      return 'B';
    case LayerKind::layer_mad_normalization:
      return 'N';
    case LayerKind::shiftmax:
      return 's';
    case LayerKind::attention:
      return 'a';
    case LayerKind::extract_token:
      return 'X';
    case LayerKind::class_token:
      return 'k';
    case LayerKind::add_position_embs:
      return 'p';
    default:
      return '?';
  }
}

struct Pattern {
  const char* letters;
  Node node;
  Toolchain until = Toolchain::v2_19;  ///< the last tool chain that accepts it
};

inline constexpr std::array input_patterns_v1{
    Pattern{"CR", Node::InputConvolutional},
    Pattern{"CMR", Node::InputConvolutional},
};
// Before the ReLU comes the pool, a maximum or an average.
inline constexpr std::array patterns_v1{
    Pattern{"C", Node::Convolutional},           Pattern{"CR", Node::Convolutional},
    Pattern{"CMR", Node::Convolutional},         Pattern{"CG", Node::Convolutional},
    Pattern{"CGR", Node::Convolutional},         Pattern{"S", Node::SeparableConvolutional},
    Pattern{"SR", Node::SeparableConvolutional}, Pattern{"SMR", Node::SeparableConvolutional},
    Pattern{"SG", Node::SeparableConvolutional}, Pattern{"SGR", Node::SeparableConvolutional},
    Pattern{"d", Node::FullyConnected},          Pattern{"dR", Node::FullyConnected},
    Pattern{"Fd", Node::FullyConnected},         Pattern{"FdR", Node::FullyConnected},
    Pattern{"Zd", Node::FullyConnected},         Pattern{"ZdR", Node::FullyConnected},
    Pattern{"ZFd", Node::FullyConnected},        Pattern{"ZFdR", Node::FullyConnected},
};
inline constexpr std::array input_patterns_v2{
    Pattern{"CR", Node::InputConv2D},
    Pattern{"CMR", Node::InputConv2D},
    Pattern{"CA", Node::InputConv2D},
    Pattern{"CMA", Node::InputConv2D},
    Pattern{"CZp", Node::Stem, Toolchain::v2_14},
    Pattern{"CZkp", Node::Stem, Toolchain::v2_14},
};
// The max pool comes before the ReLU, the global average pool after it.
inline constexpr std::array patterns_v2{
    Pattern{"C", Node::Conv2D},
    Pattern{"CR", Node::Conv2D},
    Pattern{"CMR", Node::Conv2D},
    Pattern{"CG", Node::Conv2D},
    Pattern{"CRG", Node::Conv2D},
    Pattern{"CA", Node::Conv2D},
    Pattern{"CMA", Node::Conv2D},
    Pattern{"CAG", Node::Conv2D},
    Pattern{"D", Node::DepthwiseConv2D},
    Pattern{"DR", Node::DepthwiseConv2D},
    Pattern{"DMR", Node::DepthwiseConv2D},
    Pattern{"DA", Node::DepthwiseConv2D},
    Pattern{"DMA", Node::DepthwiseConv2D},
    Pattern{"T", Node::Conv2DTranspose},
    Pattern{"TR", Node::Conv2DTranspose},
    Pattern{"TA", Node::Conv2DTranspose},
    Pattern{"U", Node::DepthwiseConv2DTranspose},
    Pattern{"UR", Node::DepthwiseConv2DTranspose},
    Pattern{"UA", Node::DepthwiseConv2DTranspose},
    Pattern{"d", Node::Dense1D},
    Pattern{"dR", Node::Dense1D},
    Pattern{"Fd", Node::Dense1D},
    Pattern{"FdR", Node::Dense1D},
    Pattern{"Zd", Node::Dense1D},
    Pattern{"ZdR", Node::Dense1D},
    Pattern{"ZFd", Node::Dense1D},
    Pattern{"ZFdR", Node::Dense1D},
    Pattern{"b", Node::BufferTempConv},
    Pattern{"bR", Node::BufferTempConv},
    Pattern{"e", Node::DepthwiseBufferTempConv},
    Pattern{"eR", Node::DepthwiseBufferTempConv},
    Pattern{"+", Node::Add},
    Pattern{"|", Node::Concatenate},
    Pattern{"B", Node::BatchNormalization},
    Pattern{"BR", Node::BatchNormalization},
    Pattern{"N", Node::MadNorm, Toolchain::v2_14},
    Pattern{"s", Node::Shiftmax, Toolchain::v2_14},
    Pattern{"a", Node::Attention, Toolchain::v2_14},
    Pattern{"X", Node::ExtractToken, Toolchain::v2_14},
};

/// What `letters` become, or `none`.
template <std::size_t Count>
[[nodiscard]] constexpr Node match(const std::array<Pattern, Count>& patterns, const char* letters,
                                   Toolchain toolchain) noexcept {
  for (const Pattern& pattern : patterns) {
    if (toolchain > pattern.until) continue;
    std::size_t i = 0;
    while (letters[i] != '\0' && letters[i] == pattern.letters[i]) ++i;
    if (letters[i] == pattern.letters[i]) return pattern.node;
  }
  return Node::none;
}

}  // namespace tenon::akida
