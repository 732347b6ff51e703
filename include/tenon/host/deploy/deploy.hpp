// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tenon/host/deploy/block_constants.hpp>
#include <tenon/host/deploy/fold_pool.hpp>
#include <tenon/host/deploy/sort_channels.hpp>
#include <tenon/host/deploy/stage.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/interpret/program.hpp>
#include <tenon/model/element_types.hpp>
#include <utility>
#include <vector>

// From a quantized program to its stages: layers that only pass elements on share a tensor, a ReLU is applied by the layer
// that makes its input where nobody else reads it, and what stands behind a Dequantizer is left out.
namespace tenon::host {

namespace detail {

class Deployer {
 public:
  explicit Deployer(const Program& program) : program_(program), holder_(program.values().size(), Graph::none) {
    deployment_.name = program.graph().name;
  }

  [[nodiscard]] Deployment deploy() {
    if (!program_.quantized()) {
      throw Error{5065, "the model is float; quantize it before it is exported"};
    }
    find_readers();
    for (std::size_t i = 0; i < program_.steps().size(); ++i) add(i);
    for (const std::size_t value : program_.outputs()) add_output(value);
    return std::move(deployment_);
  }

 private:
  [[nodiscard]] const Step& step(std::size_t i) const { return program_.steps()[i]; }
  [[nodiscard]] LayerKind kind(std::size_t i) const { return traits_of(step(i).params).kind; }

  /// Steps that read a value; outputs of the model count as one more.
  void find_readers() {
    readers_.resize(program_.values().size());
    for (std::size_t i = 0; i < program_.steps().size(); ++i) {
      for (const std::size_t k : step(i).inputs) readers_[k].push_back(i);
    }
    for (const std::size_t k : program_.outputs()) readers_[k].push_back(Graph::none);
  }

  /// The ReLU that step `i` may apply to its sums: the only reader, or behind the only readers that keep the order of
  /// elements, since limits, positive factors and shifts keep the largest the largest.
  [[nodiscard]] std::size_t relu_behind(std::size_t i) const {
    while (readers_[i].size() == 1 && readers_[i][0] != Graph::none) {
      i = readers_[i][0];
      if (step(i).mode != Mode::integer) break;
      if (kind(i) == LayerKind::relu) return step(i).half_steps.empty() ? i : Graph::none;
      if (kind(i) != LayerKind::max_pooling2d && kind(i) != LayerKind::dropout) break;
    }
    return Graph::none;
  }

  /// The integers behind an output: themselves, or behind a Dequantizer and layers that are left out.
  void add_output(std::size_t output) {
    std::size_t value = output;
    while (holder_[value] == Graph::none) {
      if (value >= program_.steps().size() || step(value).inputs.size() != 1) {
        throw Error{3008, "output '" + program_.values()[output].layer +
                              "' is computed with floats from several tensors; only what stands in front of a "
                              "Dequantizer can be exported"};
      }
      if (step(value).mode != Mode::dequantize) deployment_.left_out.push_back(step(value).layer->name);
      value = step(value).inputs[0];
    }
    const std::size_t stage = holder_[value];
    for (const DeployedOutput& known : deployment_.outputs) {
      if (known.stage == stage) return;
    }
    // The format of a ReLU that was folded across a pooling is that of the stage.
    deployment_.outputs.push_back({stage, value, program_.values()[value].shape, program_.values()[value].format});
  }

  void add(std::size_t i) {
    const Step& s = step(i);
    if (s.mode != Mode::input && s.mode != Mode::integer) return;
    const bool applied = std::find(applied_.begin(), applied_.end(), i) != applied_.end();
    const bool passes = std::visit([](const auto& p) { return PassingLayer<std::decay_t<decltype(p)>>; }, s.params) ||
                        (kind(i) == LayerKind::flatten && s.constants.input_shift.empty());
    if (s.mode == Mode::integer && (applied || passes)) {
      holder_[i] = holder_[s.inputs[0]];
      return;
    }
    deployment_.stages.push_back(stage_of(i));
    holder_[i] = deployment_.stages.size() - 1;
  }

  [[nodiscard]] DeployedStage stage_of(std::size_t i) {
    const Step& s = step(i);
    DeployedStage stage;
    stage.step = i;
    stage.name = s.layer->name;
    stage.class_name = s.layer->class_name;
    stage.params = s.params;
    stage.shape = program_.values()[i].shape;
    stage.format = program_.values()[i].format;
    if (s.mode == Mode::input) {
      stage.type = program_.input_type();
      return stage;
    }
    for (const std::size_t k : s.inputs) {
      if (holder_[k] == Graph::none) {
        throw Error{3008, "layer '" + stage.name + "' reads the attention mask of '" + program_.values()[k].layer +
                              "', which an exported model does not keep"};
      }
      stage.inputs.push_back(holder_[k]);
    }
    for (const std::size_t k : s.inputs) stage.input_shapes.push_back(program_.values()[k].shape);
    stage.constants = s.constants;
    stage.largest_sum = s.constants.largest_sum;
    std::size_t result = i;
    if (tenon::detail::finishes_sums(kind(i)) && !s.constants.has_output) {
      if (const std::size_t relu = relu_behind(i); relu != Graph::none && step(relu).constants.has_output) {
        applied_.push_back(relu);
        result = relu;
        stage.relu_step = relu;
        stage.relu = FoldedReLU{step(relu).constants.maximum, true, step(relu).constants.output};
        stage.folded.push_back(step(relu).layer->name);
      }
    }
    stage.format = program_.values()[result].format;
    stage.type = tenon::detail::integer_type(stage.format.value_bits);
    const std::vector<DeployedStage>& before = deployment_.stages;
    if (kind(i) == LayerKind::max_pooling2d || kind(i) == LayerKind::permute || kind(i) == LayerKind::flatten) {
      stage.type = before[stage.inputs[0]].type;
      stage.non_negative = before[stage.inputs[0]].non_negative;
      if (kind(i) == LayerKind::max_pooling2d) stage.format = before[stage.inputs[0]].format;
    }
    make_block(stage, before);
    return stage;
  }

  const Program& program_;
  Deployment deployment_{};
  std::vector<std::vector<std::size_t>> readers_;
  std::vector<std::size_t> holder_;   ///< of a value: the stage whose output it is
  std::vector<std::size_t> applied_;  ///< ReLUs that are part of a layer in front
};

}  // namespace detail

[[nodiscard]] inline Deployment deploy(const Program& program) {
  Deployment deployment = detail::Deployer(program).deploy();
  fold_pools(deployment);
  sort_channels(deployment);
  return deployment;
}

}  // namespace tenon::host
