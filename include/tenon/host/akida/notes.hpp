// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <tenon/akida/parity.hpp>
#include <tenon/host/akida/question.hpp>
#include <tenon/host/akida/sketch.hpp>
#include <vector>

namespace tenon::host::mapping {

/// Where the hardware's integers may differ from the quantized model's, and what avoids it.
[[nodiscard]] inline std::vector<std::string> notes_on(const NamedModel& model,
                                                       const HostVerdict& verdict) {
  std::vector<std::string> notes;
  if (!verdict.converts) return notes;
  std::string rounded;
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    using akida::Parity;
    switch (akida::parity_of(model.layers, i, verdict.version)) {
      case Parity::equal:
        break;
      case Parity::half_step_rounding:
        rounded += (rounded.empty() ? "" : ", ") + model.names[i];
        break;
      case Parity::unaligned_flatten:
        notes.push_back(
            model.names[i] +
            ": the hardware reads the flattened channels without aligning their fractional "
            "bits; where these differ, so do the results. Quantize what it flattens "
            "per-tensor, or evaluate the hardware's integers (tenon run --as akida_v2)");
        break;
    }
  }
  if (!rounded.empty()) {
    notes.push_back(
        rounded +
        ": v1 rounds half a quantization step s to a whole number and cuts a step to sixteenths, "
        "ceil((p - round(s/2)) / s), so that an activation may differ by 1 from the quantized "
        "model; evaluate the hardware's integers (tenon run --as akida_v1)");
  }
  return notes;
}

}  // namespace tenon::host::mapping
