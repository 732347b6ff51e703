// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tenon/host/deploy/stage.hpp>
#include <tenon/layer/narrow_finish.hpp>
#include <tenon/number/rounding.hpp>
#include <type_traits>
#include <utility>
#include <vector>

// Whether a stage is a block, and its constants: rows of weights, and for each channel the largest sum that any input can make,
// from which narrow_finish proves that 32 bits suffice.
namespace tenon::host {

namespace detail {

template <class T>
[[nodiscard]] T of_channel(const std::vector<T>& values, std::size_t c) {
  return values[values.size() == 1 ? 0 : c];
}

class BlockMaker {
 public:
  BlockMaker(DeployedStage& stage, const std::vector<DeployedStage>& before) : stage_(stage), before_(before) {}

  /// Whether all sums and outputs are exact; then `block` is complete.
  [[nodiscard]] bool make(BlockConstants& block) {
    const DeployedStage& first = before_[stage_.inputs[0]];
    if (first.type != DataType::int8 && first.type != DataType::uint8) return false;
    input_bits_ = first.type == DataType::uint8 ? 8 : first.format.value_bits;
    block.traits.non_negative = first.non_negative;
    largest_input_ = first.non_negative || first.type == DataType::uint8 ? largest(input_bits_)
                                                                         : std::int64_t{1} << input_bits_;
    if (std::holds_alternative<AddParams>(stage_.params)) {
      const DeployedStage& second = before_[stage_.inputs[1]];
      largest_input_ = std::int64_t{1} << std::max(input_bits_, second.format.value_bits);
    }
    block.traits.largest_input = static_cast<std::int32_t>(largest_input_);
    return std::visit([&](const auto& params) { return layer(params, block); }, stage_.params) && finish(block);
  }

 private:
  template <class Params>
  [[nodiscard]] bool layer(const Params& params, BlockConstants& block) {
    const HostConstants& c = stage_.constants;
    const Shape& input = stage_.input_shapes[0];
    const auto channels = static_cast<std::size_t>(input.channels());
    if constexpr (std::is_same_v<Params, Conv2DParams>) {
      if (!shifts(channels, block) || !padding(channels, block)) return false;
      const auto depth = channels / static_cast<std::size_t>(params.groups);
      const auto filters = static_cast<std::size_t>(params.filters);
      const auto width = filters / static_cast<std::size_t>(params.groups);
      rows(filters, c.weights.size() / filters, block, [&](std::size_t f, std::size_t i) {
        return Element{c.weights[i * filters + f], f / width * depth + i % depth, f};
      });
      return true;
    } else if constexpr (std::is_same_v<Params, DenseParams>) {
      if (!shifts(channels, block)) return false;
      const auto units = static_cast<std::size_t>(params.units);
      rows(units, channels, block, [&](std::size_t u, std::size_t i) { return Element{c.weights[i * units + u], i, u}; });
      return true;
    } else if constexpr (std::is_same_v<Params, DepthwiseConv2DParams>) {
      rows(c.weights.size() / channels, channels, block,
           [&](std::size_t tap, std::size_t i) { return Element{c.weights[tap * channels + i], i, i}; });
      sums_.resize(channels);
      return true;
    } else if constexpr (std::is_same_v<Params, AddParams>) {
      return add(params, channels, block);
    } else if constexpr (std::is_same_v<Params, GlobalAveragePooling2DParams>) {
      sums_.assign(channels, largest_input_ * input.pixels());
      return true;
    } else {
      return false;
    }
  }

  struct Element {
    std::int32_t weight = 0;
    std::size_t input = 0;   ///< channel
    std::size_t output = 0;  ///< channel
  };

  /// Copies the weights row by row, and sums up what they can make of the largest inputs.
  template <class At>
  void rows(std::size_t count, std::size_t length, BlockConstants& block, const At& at) {
    block.row_weights = static_cast<std::int64_t>(length);
    block.weights.reserve(count * length);
    sums_.clear();
    for (std::size_t r = 0; r < count; ++r) {
      for (std::size_t i = 0; i < length; ++i) {
        const Element e = at(r, i);
        block.weights.push_back(static_cast<std::int8_t>(e.weight));
        std::int64_t top = largest_input_ << (block.shifts.empty() ? 0 : block.shifts[e.input]);
        if (!block.padding.empty()) top = std::max(top, magnitude(block.padding[e.input]));
        if (sums_.size() <= e.output) sums_.resize(e.output + 1);
        sums_[e.output] += magnitude(e.weight) * top;
      }
    }
    const bool small = std::all_of(block.weights.begin(), block.weights.end(), [](int w) { return w >= -8 && w <= 7; });
    block.traits.weight_bits = small ? 4 : 8;
    fits_bytes_ = std::all_of(stage_.constants.weights.begin(), stage_.constants.weights.end(),
                              [](std::int32_t w) { return w >= -128 && w <= 127; });
  }

  [[nodiscard]] bool shifts(std::size_t channels, BlockConstants& block) const {
    const auto& s = stage_.constants.input_shift;
    if (s.empty()) return true;
    if (std::any_of(s.begin(), s.end(), [](std::int32_t v) { return v < 0 || v > 8; })) return false;
    if (input_bits_ + *std::max_element(s.begin(), s.end()) > stage_.constants.buffer_bits) return false;
    for (std::size_t c = 0; c < channels; ++c) block.shifts.push_back(static_cast<std::uint8_t>(of_channel(s, c)));
    block.traits.shifted = true;
    block.traits.grouped_by_shift = std::is_sorted(block.shifts.rbegin(), block.shifts.rend());
    return true;
  }

  [[nodiscard]] bool padding(std::size_t channels, BlockConstants& block) const {
    const auto& p = stage_.constants.padding;
    const bool is_unsigned = before_[stage_.inputs[0]].type == DataType::uint8;
    for (std::size_t c = 0; c < channels && !p.empty(); ++c) {
      const std::int32_t v = of_channel(p, c);
      if (v < (is_unsigned ? 0 : -128) || v > (is_unsigned ? 255 : 127)) return false;
      if (block.traits.non_negative && v < 0) return false;
      block.padding.push_back(v);
    }
    return true;
  }

  [[nodiscard]] bool add(const AddParams& params, std::size_t channels, BlockConstants& block) {
    const DeployedStage& second = before_[stage_.inputs[1]];
    const DeployedStage& first = before_[stage_.inputs[0]];
    if (second.type != first.type || (params.activation && !stage_.constants.has_output)) return false;
    relu_behind_output_ = params.activation;
    const HostConstants& c = stage_.constants;
    sums_.clear();
    for (std::size_t k = 0; k < channels; ++k) {
      const std::int32_t a = of_channel(c.input_shift, k);
      const std::int32_t b = of_channel(c.second_shift, k);
      if (input_bits_ + a > c.buffer_bits || second.format.value_bits + b > c.buffer_bits) return false;
      block.add_shifts.push_back({static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b)});
      sums_.push_back((largest_input_ << a) + (largest_input_ << b));
    }
    return true;
  }

  /// How the sums of all channels become outputs.
  [[nodiscard]] bool finish(BlockConstants& block) {
    if (!fits_bytes_) return false;
    const HostConstants& c = stage_.constants;
    const FoldedReLU* relu = stage_.relu ? &*stage_.relu : nullptr;
    const bool has_output = relu != nullptr ? relu->has_output : c.has_output;
    const Requantization<Heap>& output = relu != nullptr ? relu->output : c.output;
    const bool pools = std::holds_alternative<GlobalAveragePooling2DParams>(stage_.params);
    kernel::FinishTraits& traits = block.traits.finish;
    traits.raw = !has_output;
    if (traits.raw ? stage_.type != DataType::int32 : stage_.type != DataType::int8) return false;
    std::int64_t largest_sum = 0;
    for (std::size_t k = 0; k < sums_.size(); ++k) {
      WideFinish wide;
      wide.largest_sum = sums_[k];
      wide.bias = c.bias.empty() ? 0 : of_channel(c.bias, k);
      wide.buffer_bits = c.buffer_bits;
      wide.has_relu = relu != nullptr || relu_behind_output_;
      wide.has_maximum = relu != nullptr && !relu->maximum.empty();
      if (wide.has_maximum) wide.maximum = of_channel(relu->maximum, k);
      wide.has_output = has_output;
      if (has_output) {
        wide.mantissa = output.mantissas.empty() ? 1 : of_channel(output.mantissas, k);
        wide.shift = of_channel(output.shifts, k);
        wide.output_bits = output.value_bits;
        wide.output_buffer_bits = output.mantissas.empty() ? 62 : output.buffer_bits;
      }
      if (pools && !c.input_shift.empty()) {  // sum << s, with the mantissa: the same product
        const std::int32_t s = c.input_shift[k];
        if (s > 16 || input_bits_ + s > c.buffer_bits) return false;
        if (magnitude(sums_[k] << s) > largest(c.buffer_bits)) return false;
        wide.mantissa <<= s;
      }
      const NarrowFinish narrow = narrow_finish(wide);
      if (!narrow.exact) return false;
      block.finish.push_back(narrow.channel);
      traits.low = narrow.low;
      traits.limit_bits = static_cast<std::uint8_t>(std::min<int>(traits.limit_bits, narrow.limit_bits));
      largest_sum = std::max(largest_sum, sums_[k]);
      block.largest_rows.push_back(sums_[k] + magnitude(wide.bias));
    }
    traits.high = static_cast<std::int8_t>(has_output ? largest(output.value_bits) : 127);
    for (const kernel::ChannelFinish& f : block.finish) traits.channel_high = traits.channel_high || f.high != traits.high;
    if (traits.raw) traits.channel_high = false;
    if (!limits_agree(traits, block)) return false;
    stage_.largest_sum = largest_sum;
    stage_.non_negative = !traits.raw && traits.low == 0;
    return true;
  }

  /// One limit serves all channels: where it is lower than a channel's own, its sums must still be limits of the output.
  [[nodiscard]] bool limits_agree(const kernel::FinishTraits& traits, const BlockConstants& block) const {
    if (traits.limit_bits >= 31) return true;
    const std::int64_t top = largest(traits.limit_bits);
    for (std::size_t k = 0; k < sums_.size(); ++k) {
      const kernel::ChannelFinish& f = block.finish[k];
      if (sums_[k] <= top || f.multiplier == 0) continue;
      const std::int64_t high = (top * f.multiplier + f.offset) >> f.shift;
      const std::int64_t low = ((-top - 1) * f.multiplier + f.offset) >> f.shift;
      if (high < (traits.channel_high ? f.high : traits.high) || low > traits.low) return false;
    }
    return true;
  }

  DeployedStage& stage_;
  const std::vector<DeployedStage>& before_;
  int input_bits_ = 7;
  std::int64_t largest_input_ = 0;
  bool fits_bytes_ = true;
  bool relu_behind_output_ = false;
  std::vector<std::int64_t> sums_;  ///< largest magnitude for each output channel
};

}  // namespace detail

/// Rows of weights as kernel/block.hpp lays them out.
[[nodiscard]] inline std::vector<std::int8_t> stored_weights(const BlockConstants& b) {
  if (b.traits.weight_bits > 4) return b.weights;
  const auto length = static_cast<std::size_t>(b.row_weights);
  const std::size_t size = kernel::row_bytes(b.row_weights, b.traits.weight_bits);
  std::vector<std::int8_t> packed(b.weights.size() / length * size);
  for (std::size_t i = 0; i < b.weights.size(); ++i) {
    const std::size_t at = i % length;
    std::int8_t& byte = packed[i / length * size + at / 8 * 4 + at % 4];
    const int half = b.weights[i] & 15;
    byte = static_cast<std::int8_t>(static_cast<std::uint8_t>(byte) | (at % 8 < 4 ? half : half << 4));
  }
  return packed;
}

namespace detail {

/// Makes a stage a block where that is exact.
inline void make_block(DeployedStage& stage, const std::vector<DeployedStage>& before) {
  BlockConstants block;
  if (BlockMaker(stage, before).make(block)) stage.block = std::move(block);
}

}  // namespace detail

}  // namespace tenon::host
