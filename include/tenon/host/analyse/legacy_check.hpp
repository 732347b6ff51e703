// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <tenon/host/analyse/check.hpp>
#include <tenon/host/analyse/open_outputs.hpp>
#include <tenon/host/interpret/program.hpp>
#include <tenon/number/float32.hpp>
#include <vector>

// The messages of the `check` command of QuantizeML 0.8, number for number. It judges saturation by
// the shift of an output quantizer alone, and compares its scales with those of the weights,
// whatever the input and the equalization made of them: most equalized layers are reported.
namespace tenon::host {

namespace detail {

[[nodiscard]] inline bool has_weight_quantizer(LayerKind kind) {
  switch (kind) {
    case LayerKind::conv2d:
    case LayerKind::conv2d_transpose:
    case LayerKind::depthwise_conv2d:
    case LayerKind::depthwise_conv2d_transpose:
    case LayerKind::separable_conv2d:
    case LayerKind::dense:
    case LayerKind::batch_normalization:
    case LayerKind::buffer_temp_conv:
    case LayerKind::depthwise_buffer_temp_conv:
    case LayerKind::stateful_projection:
      return true;
    default:
      return false;
  }
}

/// Mean relative distance of the integer scales of the output quantizer to the scales of the
/// weights.
[[nodiscard]] inline double legacy_scale_error(const Step& step, const HostFormat& before,
                                               const HostFormat& input) {
  const Requantization<Heap>& output = step.constants.output;
  const float from_input = input.has_scales() ? input.scale_of(0) : 1.0F;
  const std::size_t count = std::max(output.mantissas.size(), before.scales.size());
  double sum = 0;
  for (std::size_t c = 0; c < count; ++c) {
    const std::size_t m = output.mantissas.size() == 1 ? 0 : c;
    const float weights = before.scale_of(c) / from_input;
    const float quantized = float32::scale_by_power_of_two(static_cast<float>(output.mantissas[m]),
                                                           -output.mantissa_frac_bits[m]);
    sum += std::abs(static_cast<double>(weights - quantized) / static_cast<double>(weights));
  }
  return sum / static_cast<double>(count);
}

}  // namespace detail

/// One line a message, in the order of the model.
[[nodiscard]] inline std::vector<std::string> legacy_check(const Program& program) {
  const OpenOutputs open(program);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < program.steps().size(); ++i) {
    const Step& step = program.steps()[i];
    if (step.mode != Mode::integer || !step.constants.has_output) continue;
    const std::string& name = step.layer->name;
    if (!detail::is_calibrated(step)) {
      lines.push_back(name + "/output_quantizer is not calibrated.");
      continue;
    }
    const Requantization<Heap>& output = step.constants.output;
    const int limit = output.value_bits - step.constants.buffer_bits;
    if (std::any_of(output.shifts.begin(), output.shifts.end(),
                    [&](std::int32_t s) { return s <= limit; })) {
      lines.push_back("Possible saturation detected in " + name +
                      ": try to reduce weights bits and/or scale bits.");
    }
    if (!open.knows(i) || output.mantissas.empty() ||
        !detail::has_weight_quantizer(traits_of(step.params).kind)) {
      continue;
    }
    const double error = detail::legacy_scale_error(step, open.format(i),
                                                    program.values()[step.inputs.front()].format);
    if (error > 0.05) {
      lines.push_back(
          fmt::format("Scales quantization relative error is high in {}/output_quantizer: "
                      "{:.4f}.Try increasing scales bits.",
                      name, error));
    }
  }
  return lines;
}

}  // namespace tenon::host
