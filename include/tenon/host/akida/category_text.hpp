// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <string_view>
#include <tenon/akida/category.hpp>

namespace tenon::host::mapping {

using akida::Category;

/// A category for people: "<layer>: <what> is <found>, allowed is <allowed>; <cure>".
struct CategoryText {
  Category category;
  std::string_view name;
  std::string_view what;
  std::string_view cure;
};

// clang-format off
inline constexpr std::array category_texts{
    CategoryText{Category::GRAPH_MULTI_INPUT, "GRAPH_MULTI_INPUT", "the number of inputs", "give the model one input"},
    CategoryText{Category::GRAPH_MULTI_OUTPUT, "GRAPH_MULTI_OUTPUT", "the number of outputs", "end the model in one layer"},
    CategoryText{Category::GRAPH_INPUT_FANOUT, "GRAPH_INPUT_FANOUT", "the number of layers that read the input", "let one layer read the input and feed the others"},
    CategoryText{Category::GRAPH_ONLY_SKIPPABLE, "GRAPH_ONLY_SKIPPABLE", "the number of layers that compute", "add a convolution or a dense layer"},
    CategoryText{Category::GRAPH_NOT_SEQUENTIAL, "GRAPH_NOT_SEQUENTIAL", "the number of inputs of the layer", "remove the branch, or target v2"},
    CategoryText{Category::INPUT_RANK, "INPUT_RANK", "the rank of the input", "reshape the input to (X, Y, channels)"},
    CategoryText{Category::INPUT_UNSIGNED, "INPUT_UNSIGNED", "the input", "quantize with input_dtype int8, or begin with a convolution and a ReLU on 1 or 3 channels"},
    CategoryText{Category::INPUT_SIGN, "INPUT_SIGN", "the input", "quantize with input_dtype int8, or begin with a convolution and a ReLU on 1 or 3 channels"},
    CategoryText{Category::DILATION, "DILATION", "the dilation", "use dilation 1"},
    CategoryText{Category::BLOCK_ORPHAN_LAYER, "BLOCK_ORPHAN_LAYER", "a consumer of the layer", "connect or remove the layer"},
    CategoryText{Category::BLOCK_PATTERN, "BLOCK_PATTERN", "the sequence of layers", "no hardware layer has this sequence: the order is convolution, max pool, ReLU; v2 averages after the ReLU, v1 before it"},
    CategoryText{Category::WEIGHT_BITS, "WEIGHT_BITS", "the number of weight bits", "quantize with other weight_bits (input_weight_bits for the first layer)"},
    CategoryText{Category::GROUPS, "GROUPS", "the number of groups", "use one group, or a depthwise convolution"},
    CategoryText{Category::KERNEL_EVEN, "KERNEL_EVEN", "the kernel", "pad the kernel with zeros to an odd size"},
    CategoryText{Category::KERNEL_NOT_SQUARE, "KERNEL_NOT_SQUARE", "the kernel", "pad the kernel with zeros to a square"},
    CategoryText{Category::STRIDE_NOT_SQUARE, "STRIDE_NOT_SQUARE", "the stride", "use the same stride on both axes"},
    CategoryText{Category::STRIDE_RANGE, "STRIDE_RANGE", "the stride", "use a smaller stride and a pool"},
    CategoryText{Category::STRIDE_KERNEL_COMBO, "STRIDE_KERNEL_COMBO", "the combination of kernel and stride", "use another kernel with this stride"},
    CategoryText{Category::POOL_PADDING_MISMATCH, "POOL_PADDING_MISMATCH", "the padding of the pool", "pad the pool like its convolution (a 1x1 kernel counts as same)"},
    CategoryText{Category::POOL_NOT_SQUARE, "POOL_NOT_SQUARE", "the pool", "use a square pool with equal strides"},
    CategoryText{Category::POOL_STRIDE_GT_SIZE, "POOL_STRIDE_GT_SIZE", "the stride of the pool", "use a stride up to the pool's size"},
    CategoryText{Category::ACT_BITS, "ACT_BITS", "the number of activation bits", "quantize with activation_bits 4"},
    CategoryText{Category::UNSIGNED_REQUIRED, "UNSIGNED_REQUIRED", "the number of bits that the layer reads", "quantize the layer before it with activation_bits 4, or begin with an image layer"},
    CategoryText{Category::PREVIOUS_OUTPUT_BITS, "PREVIOUS_OUTPUT_BITS", "the number of bits that the layer reads", "begin with an image layer and activation_bits 4"},
    CategoryText{Category::DENSE2D_SHAPE, "DENSE2D_SHAPE", "the first dimension of the dense layer's input", "flatten the input of the dense layer"},
    CategoryText{Category::TRANSPOSE_KERNEL, "TRANSPOSE_KERNEL", "the kernel", "use a kernel of 3 or 4"},
    CategoryText{Category::TRANSPOSE_STRIDE, "TRANSPOSE_STRIDE", "the stride", "use stride 2"},
    CategoryText{Category::TRANSPOSE_PADDING, "TRANSPOSE_PADDING", "the padding", "use padding same"},
    CategoryText{Category::FIFO_SIZE, "FIFO_SIZE", "the number of buffered samples", "use a shorter kernel and more layers"},
    CategoryText{Category::PADDING_VALUE, "PADDING_VALUE", "the padding value", "use an 8-bit unsigned padding value"},
    CategoryText{Category::LUT_BITS, "LUT_BITS", "the width of what the activation table reads", "quantize its input to 11 bits"},
    CategoryText{Category::TOKEN_RANGE, "TOKEN_RANGE", "the range of tokens", "extract tokens that follow each other"},
    CategoryText{Category::CONCAT_ARITY, "CONCAT_ARITY", "the number of merged tensors", "merge two at a time, with a 1x1 convolution between"},
    CategoryText{Category::SHAPE_MISMATCH, "SHAPE_MISMATCH", "the shape or width of the second input", "give both inputs the same shape; those of a Concatenate also the same bits"},
    CategoryText{Category::STEM_SHAPE, "STEM_SHAPE", "the image or kernel of the stem", "use a square image, a multiple of a square kernel, and a stride equal to the kernel"},
    CategoryText{Category::TOOL_ERROR, "TOOL_ERROR", "what the tool chain meets", "the tool chain fails here: end the model differently or replace the layer"},
    CategoryText{Category::V1_OUTPUT_QUANTIZER_NOT_ON_RELU, "V1_OUTPUT_QUANTIZER_NOT_ON_RELU", "the activation in front of its output quantizer", "follow the layer by a ReLU"},
    CategoryText{Category::V1_OUTPUT_QUANTIZER_MISSING, "V1_OUTPUT_QUANTIZER_MISSING", "the output quantizer of the ReLU", "set last_output_bits, or remove the last ReLU"},
    CategoryText{Category::V1_RELU_UNBOUNDED, "V1_RELU_UNBOUNDED", "the max_value of the ReLU", "train with ReLU(max_value=6)"},
    CategoryText{Category::V1_PER_TENSOR, "V1_PER_TENSOR", "the range of activations", "quantize with per_tensor_activations"},
    CategoryText{Category::V1_GAP_SPATIAL, "V1_GAP_SPATIAL", "the number of averaged positions", "reduce the resolution before the average"},
    CategoryText{Category::V1_DENSE_NOT_FLAT, "V1_DENSE_NOT_FLAT", "the spatial size of the dense layer's input", "flatten the input of the dense layer"},
    CategoryText{Category::LAYER_TYPE, "LAYER_TYPE", "the kind of layer", "the layer runs in software only: replace it, or fold it into a neighbour"},
    CategoryText{Category::KERNEL_SIZE, "KERNEL_SIZE", "the kernel", "use one of the kernels that the processors have"},
    CategoryText{Category::PADDING_VALID, "PADDING_VALID", "the padding", "use padding same"},
    CategoryText{Category::INPUT_BITS, "INPUT_BITS", "the number of input bits", "quantize the layer before it with other activation_bits"},
    CategoryText{Category::INPUT_LT_WEIGHT_BITS, "INPUT_LT_WEIGHT_BITS", "the number of input bits", "use as many activation bits as weight bits, or fewer weight bits"},
    CategoryText{Category::OUTPUT_BITS, "OUTPUT_BITS", "the number of output bits", "quantize with other activation_bits; set last_output_bits after a last ReLU"},
    CategoryText{Category::ACTIVATION_TYPE, "ACTIVATION_TYPE", "the activation", "use a ReLU"},
    CategoryText{Category::HRC_FILTERS, "HRC_FILTERS", "the number of filters of the image layer", "use fewer filters in the first layer"},
    CategoryText{Category::HRC_INPUT_DIM, "HRC_INPUT_DIM", "a dimension of the image", "resize, crop or transpose the image"},
    CategoryText{Category::HRC_POOL, "HRC_POOL", "the pool of the image layer", "use a pool of 2 with stride 2"},
    CategoryText{Category::HRC_FANOUT, "HRC_FANOUT", "the number of layers that the image layer feeds", "put a 1x1 convolution between"},
    CategoryText{Category::POOL_SIZE, "POOL_SIZE", "the pool", "use a pool of 2"},
    CategoryText{Category::POOL_WITH_STRIDE, "POOL_WITH_STRIDE", "the stride of a pooled convolution", "use stride 1 before a pool"},
    CategoryText{Category::POOL_GT_INPUT, "POOL_GT_INPUT", "the pool", "use a pool that is not larger than its input"},
    CategoryText{Category::POOL_LAST, "POOL_LAST", "what follows the max pool", "end the model with a convolution"},
    CategoryText{Category::POOL_FOLLOWER, "POOL_FOLLOWER", "what follows the max pool", "put a convolution between the pool and the dense layer"},
    CategoryText{Category::GAP_DIM, "GAP_DIM", "the size of the averaged layer", "reduce the resolution before the average, in X above all"},
    CategoryText{Category::GAP_NO_ACTIVATION, "GAP_NO_ACTIVATION", "the activation before the average", "put a ReLU before the average"},
    CategoryText{Category::CHANNELS_MAX, "CHANNELS_MAX", "the number of input channels", "use fewer channels"},
    CategoryText{Category::FILTERS_MAX, "FILTERS_MAX", "the number of filters", "use fewer filters"},
    CategoryText{Category::HEIGHT_MAX, "HEIGHT_MAX", "the second dimension of the input", "reduce the resolution"},
    CategoryText{Category::WIDTH_MAX, "WIDTH_MAX", "the first dimension of the input", "reduce the resolution"},
    CategoryText{Category::SPLIT_HEIGHT, "SPLIT_HEIGHT", "the second dimension of the input", "a transposed convolution is not split there: reduce the resolution"},
    CategoryText{Category::WEIGHT_SRAM, "WEIGHT_SRAM", "the number of input channels", "the weights of one group of filters do not fit a processor: use fewer channels, a smaller kernel or 4-bit weights"},
    CategoryText{Category::INPUT_SRAM, "INPUT_SRAM", "the smallest part of the input in bytes", "use fewer channels or activation_bits 4"},
    CategoryText{Category::ALL_ZERO_WEIGHTS, "ALL_ZERO_WEIGHTS", "the number of weights that are not zero", "train the layer"},
    CategoryText{Category::REGISTER_OVERFLOW, "REGISTER_OVERFLOW", "a count that the hardware stores", "make the layer smaller"},
    CategoryText{Category::DENSE_INPUT_MAX, "DENSE_INPUT_MAX", "the number of inputs of the dense layer", "reduce the resolution or the channels before it, or average"},
    CategoryText{Category::DENSE_AFTER_MERGE, "DENSE_AFTER_MERGE", "what feeds the dense layer", "put a 1x1 convolution between"},
    CategoryText{Category::CNP_AFTER_FNP, "CNP_AFTER_FNP", "what feeds the layer", "dense layers stand at the end of the model"},
    CategoryText{Category::FANOUT_MAX, "FANOUT_MAX", "the number of layers that it feeds", "put a 1x1 convolution between"},
    CategoryText{Category::MERGE_PLACEMENT, "MERGE_PLACEMENT", "the place of the merge", "let a convolution, and nothing else, read the merge, and branches not overlap"},
    CategoryText{Category::TEMPORAL_SKIP, "TEMPORAL_SKIP", "a branch in a model with temporal convolutions", "remove the branch"},
    CategoryText{Category::TEMPORAL_PASS, "TEMPORAL_PASS", "the number of temporal processors that are needed", "use a device with temporal processors"},
    CategoryText{Category::NOT_ENOUGH_NPS, "NOT_ENOUGH_NPS", "the number of processors that the layer needs", "use a larger device, fewer filters, a lower resolution or 4-bit weights"},
    CategoryText{Category::NO_SINGLE_SEQUENCE, "NO_SINGLE_SEQUENCE", "what is needed at the same time", "use a larger device, smaller layers or 4-bit weights; dense layers last, the large ones not side by side"},
};
// clang-format on

[[nodiscard]] constexpr const CategoryText& text_of(Category category) noexcept {
  for (const CategoryText& entry : category_texts) {
    if (entry.category == category) return entry;
  }
  return category_texts.back();
}

}  // namespace tenon::host::mapping
