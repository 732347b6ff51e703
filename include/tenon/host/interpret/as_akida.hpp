// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <tenon/akida/device.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/interpret/half_step_relu.hpp>
#include <tenon/host/interpret/program.hpp>
#include <variant>

namespace tenon::host {

/// Makes a quantized program compute the integers of Akida hardware where these differ from the quantized model's: v1
/// rounds activations as half_step_relu.hpp says; v2 reads flattened channels as they are, whatever their fractional
/// bits, while the quantized model aligns them. What the integers stand for is left as it is.
inline void compute_as(akida::Version version, Program& program) {
  if (!program.quantized_) {
    throw Error{5064, "the model is float, and the hardware computes with integers; quantize it first"};
  }
  for (Step& step : program.steps_) {
    if (step.mode != Mode::integer) continue;
    if (version == akida::v1 && std::holds_alternative<ReLUParams>(step.params) && step.constants.has_output) {
      step.half_steps = half_steps_of(step.constants.output);
    }
    if (version == akida::v2 && std::holds_alternative<FlattenParams>(step.params)) {
      step.constants.input_shift.clear();
    }
  }
}

}  // namespace tenon::host
