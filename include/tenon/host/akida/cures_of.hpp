// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <tenon/akida/verdict.hpp>
#include <tenon/host/akida/cure.hpp>
#include <tenon/host/akida/cure_order.hpp>
#include <tenon/host/akida/cure_parameters.hpp>
#include <tenon/host/akida/sketch.hpp>
#include <vector>

// Which changes may cure which refusal.
namespace tenon::host::mapping {

/// The changes that may cure one kind of refusal.
[[nodiscard]] inline std::vector<Cure> cures_of(const NamedModel& model,
                                                const akida::Refusal& refusal,
                                                akida::Version version) {
  using akida::Category;
  const std::int16_t at = refusal.layer;
  Cures cures{model, refusal, version};
  if (at < 0) {
    if (refusal.category == Category::NO_SINGLE_SEQUENCE) cure::all_weight_bits(cures, 4);
    return cures.take();
  }
  const auto each_layer = [&](const char* text, auto change) {
    cures.offer(text, -1, [&](NamedModel& changed) {
      for (akida::Layer& layer : changed.layers) change(layer);
      return true;
    });
  };
  switch (refusal.category) {
    case Category::V1_PER_TENSOR:
      each_layer("per_tensor_activations", [](auto& layer) { layer.per_axis = false; });
      break;
    case Category::V1_RELU_UNBOUNDED:
      each_layer("ReLU(max_value=6)", [](auto& layer) { layer.bounded = true; });
      break;
    case Category::V1_OUTPUT_QUANTIZER_MISSING:
      cure::last_output_bits(cures, 4);
      break;
    case Category::V1_OUTPUT_QUANTIZER_NOT_ON_RELU:
      cure::swap_activation_and_pool(cures);
      cure::insert_relu(cures, at, true);
      break;
    case Category::BLOCK_PATTERN:
      cure::swap_activation_and_pool(cures);
      cure::split_separable(cures);
      cure::join_separable(cures);
      cure::insert_relu_behind_pool(cures);
      break;
    case Category::WEIGHT_BITS:
      cure::weight_bits(cures);
      break;
    case Category::ACT_BITS:
    case Category::UNSIGNED_REQUIRED:
      cure::activation_bits(cures);
      break;
    case Category::OUTPUT_BITS:
      cure::activation_bits(cures);
      cure::insert_relu(cures, at, true);
      cure::all_weight_bits(cures, 8);
      break;
    case Category::INPUT_BITS:
    case Category::INPUT_LT_WEIGHT_BITS:
    case Category::PREVIOUS_OUTPUT_BITS:
      cure::activation_bits(cures);
      cure::input_type(cures, DataType::int8, "int8");
      cure::all_weight_bits(cures, 4);
      break;
    case Category::INPUT_UNSIGNED:
    case Category::INPUT_SIGN:
      cure::input_type(cures, DataType::int8, "int8");
      break;
    case Category::KERNEL_SIZE:
    case Category::KERNEL_EVEN:
    case Category::KERNEL_NOT_SQUARE:
    case Category::TRANSPOSE_KERNEL:
      cure::kernels(cures);
      break;
    case Category::STRIDE_KERNEL_COMBO:
      cure::kernels(cures);
      cure::strides(cures);
      break;
    case Category::STRIDE_NOT_SQUARE:
    case Category::STRIDE_RANGE:
    case Category::POOL_WITH_STRIDE:
      cure::strides(cures);
      break;
    case Category::TRANSPOSE_STRIDE:
      cures.offer_layer("strides 2", at, [](auto& layer) { layer.strides = {2, 2}; });
      break;
    case Category::PADDING_VALID:
    case Category::TRANSPOSE_PADDING:
      cures.offer_layer("padding same", at, [](auto& layer) { layer.padding = Padding::same; });
      break;
    case Category::POOL_PADDING_MISMATCH:
      for (const Padding padding : {Padding::same, Padding::valid}) {
        cures.offer_layer(padding == Padding::same ? "padding same" : "padding valid", at,
                          [&](auto& layer) { layer.padding = padding; });
      }
      break;
    case Category::POOL_SIZE:
    case Category::POOL_NOT_SQUARE:
    case Category::POOL_STRIDE_GT_SIZE:
    case Category::HRC_POOL:
      cure::pools(cures);
      break;
    case Category::GROUPS:
      cures.offer_layer("groups 1", at, [](auto& layer) { layer.groups = 1; });
      break;
    case Category::DILATION:
      cures.offer_layer("dilation_rate 1", at, [](auto& layer) { layer.dilation = {1, 1}; });
      break;
    case Category::FIFO_SIZE:
      cures.offer_layer("kernel 10", at, [](auto& layer) { layer.kernel.height = 10; });
      break;
    case Category::ACTIVATION_TYPE:
      each_layer("use ReLU instead of other activations", [](auto& layer) {
        if (layer.kind == LayerKind::activation) layer.kind = LayerKind::relu;
        if (layer.output_bits == 11) layer.output_bits = 0;
      });
      break;
    case Category::HRC_FILTERS:
    case Category::FILTERS_MAX:
      cure::filters(cures, at);
      break;
    case Category::CHANNELS_MAX:
      cure::filters(cures, cures.channel_source());
      break;
    case Category::WEIGHT_SRAM:
      cure::all_weight_bits(cures, 4);
      cure::kernels(cures);
      cure::filters(cures, cures.channel_source());
      break;
    case Category::INPUT_SRAM:
      cure::activation_bits(cures);
      break;
    case Category::HRC_INPUT_DIM:
    case Category::HEIGHT_MAX:
    case Category::SPLIT_HEIGHT:
      cure::turn_image(cures);
      break;
    case Category::POOL_GT_INPUT:
      cures.offer_layer("remove the pool", cures.pool(),
                        [](auto& layer) { layer.kind = LayerKind::dropout; });
      break;
    case Category::NOT_ENOUGH_NPS:
    case Category::NO_SINGLE_SEQUENCE:
      cure::activation_bits(cures);
      cure::all_weight_bits(cures, 4);
      break;
    case Category::GAP_NO_ACTIVATION:
      cure::insert_relu(cures, at, false);
      break;
    case Category::DENSE2D_SHAPE:
    case Category::V1_DENSE_NOT_FLAT:
      cure::flatten(cures);
      break;
    case Category::POOL_LAST:
    case Category::TOOL_ERROR:
    case Category::MERGE_PLACEMENT:
    case Category::HRC_FANOUT:
      cure::identity(cures, cures.tail_of(at));
      break;
    case Category::POOL_FOLLOWER:
    case Category::DENSE_AFTER_MERGE:
      cure::identity(cures, cures.tail_before(at));
      break;
    default:
      break;
  }
  return cures.take();
}

}  // namespace tenon::host::mapping
