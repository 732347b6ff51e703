// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tenon/host/interpret/storage.hpp>
#include <tenon/kernel/reference/add_block.hpp>
#include <tenon/layer/any_layer.hpp>
#include <tenon/model/stage.hpp>
#include <tenon/tensor/data_type.hpp>
#include <vector>

// A quantized network as it is deployed: one stage for each tensor in memory. What was folded into a stage (ReLU, output
// quantizer, bias) is in its constants.
namespace tenon::host {

/// A ReLU with its output quantizer that another layer applies to its sums.
struct FoldedReLU {
  std::vector<std::int64_t> maximum;  ///< none, one, or one a channel
  bool has_output = false;
  Requantization<Heap> output{};
};

/// The constants of a block (kernel/block.hpp) before their weights are packed.
struct BlockConstants {
  BlockTraits traits{};
  std::vector<std::int8_t> weights;  ///< rows as the block wants them, one weight an element
  std::int64_t row_weights = 0;
  std::vector<std::uint8_t> shifts;
  std::vector<std::int32_t> padding;
  std::vector<kernel::ChannelFinish> finish;
  std::vector<kernel::AddShifts> add_shifts;
  std::vector<std::int64_t> largest_rows;  ///< magnitude of the sum with its bias, of each channel
};

/// A ReLU and an average over all pixels that a block with raw sums feeds as it makes them (model/stage.hpp).
struct PooledTail {
  bool keepdims = false;
  FoldedReLU relu{};  ///< its maximum, and the output quantizer of the average
  bool has_relu = false;
  std::int64_t largest_sum = 0;
};

struct DeployedStage {
  std::size_t step = 0;             ///< of the program
  std::size_t relu_step = 0;        ///< of the ReLU that was folded in; 0: none
  std::string name;                 ///< of its layer
  std::string class_name;
  std::vector<std::string> folded;  ///< names of the layers that it computes as well
  LayerParams params{};
  std::vector<std::size_t> inputs;  ///< positions of stages
  std::vector<Shape> input_shapes;  ///< as this layer sees them; a reshape may stand between
  Shape shape{};                    ///< of the output
  DataType type = DataType::int8;   ///< of the elements of the output
  bool non_negative = false;        ///< no element of the output is below 0 or above 127
  HostFormat format{};              ///< of the output
  std::int64_t largest_sum = 0;
  std::optional<BlockConstants> block;     ///< 32-bit arithmetic on bytes is exact
  std::optional<PooledTail> pool;          ///< of a block
  HostConstants constants{};               ///< otherwise
  std::optional<FoldedReLU> relu;          ///< otherwise
};

struct DeployedOutput {
  std::size_t stage = 0;
  std::size_t value = 0;  ///< of the program
  Shape shape{};
  HostFormat format{};
};

struct Deployment {
  std::string name;
  std::vector<DeployedStage> stages;  ///< the first is the input
  std::vector<DeployedOutput> outputs;
  std::vector<std::string> left_out;  ///< float layers behind the integers, which the caller computes
};

}  // namespace tenon::host
