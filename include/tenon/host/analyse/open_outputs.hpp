// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <tenon/host/error.hpp>
#include <tenon/host/interpret/program.hpp>
#include <vector>

// What the output quantizers of a program hide: the tensor that goes into each of them, as integers
// and as a format. The layer is prepared and run a second time without its quantizer, on the inputs
// of the first run.
namespace tenon::host {

class OpenOutputs {
 public:
  /// `program` must outlive this object.
  explicit OpenOutputs(const Program& program) : open_(program), shift_(program.values_.size()) {
    known_.resize(program.steps_.size(), false);
    open_.values_.insert(open_.values_.end(), program.values_.begin(), program.values_.end());
    for (std::size_t i = 0; i < program.steps_.size(); ++i) {
      if (can_open(program.steps_[i])) open(i);
    }
  }

  /// Whether layer `i` has an output quantizer that could be taken off.
  [[nodiscard]] bool knows(std::size_t i) const { return known_[i]; }
  [[nodiscard]] const HostFormat& format(std::size_t i) const { return open_.values_[i].format; }
  [[nodiscard]] Storage storage(std::size_t i) const { return open_.values_[i].storage; }
  [[nodiscard]] Workspace workspace() const { return open_.workspace(); }

  /// The integers before the quantizer of layer `i`, whose inputs stand in `run`, a workspace of
  /// the program.
  [[nodiscard]] const Buffer& integers(std::size_t i, const Workspace& run, Workspace& own) const {
    for (const std::size_t k : open_.steps_[i].inputs) own.values[k] = run.values[k - shift_];
    open_.run_step(i, own);
    return own.values[i];
  }

 private:
  [[nodiscard]] static bool can_open(const Step& step) {
    if (step.mode != Mode::integer || !step.constants.has_output) return false;
    // The first quantizes its state, the second chooses its shift by the scale bits of its
    // quantizer.
    return !std::holds_alternative<StatefulRecurrentParams>(step.params) &&
           !std::holds_alternative<LayerMadNormalizationParams>(step.params);
  }

  void open(std::size_t i) {
    Step& step = open_.steps_[i];
    Layer& layer = open_.graph_.layers[i];
    layer.config["quant_config"].erase("output_quantizer");
    step.layer = &layer;
    step.constants = {};
    for (std::size_t& k : step.inputs) k += shift_;
    try {
      open_.prepare_integer(i);
      known_[i] = true;
    } catch (const Error&) {
      // Tensors of more bits than the layers behind take: they are not asked for.
      known_[i] = false;
    }
  }

  Program open_;
  std::size_t shift_;  ///< from the position of a value to that of its copy, where the inputs stand
  std::vector<bool> known_;
};

}  // namespace tenon::host
