// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tenon/akida/evaluate.hpp>
#include <tenon/host/error.hpp>

// The evaluation at run time, for models of any file.
namespace tenon::host::akida {

/// Most layers that the command evaluates.
inline constexpr std::size_t max_layers = 1024;
using HostVerdict = tenon::akida::Verdict<max_layers>;

/// What is asked of the rules.
struct Question {
  tenon::akida::Version version = tenon::akida::Version::v2;
  tenon::akida::Toolchain toolchain = tenon::akida::Toolchain::v2_14;
  std::optional<tenon::akida::Device> device{};  ///< none: any device will do

  [[nodiscard]] bool answered_by(const HostVerdict& verdict) const {
    return device ? verdict.maps(*device) : verdict.maps();
  }
};

/// The verdict is too large for a stack.
[[nodiscard]] inline std::unique_ptr<const HostVerdict> evaluate(
    std::span<const tenon::akida::Layer> layers, const Question& question) {
  if (layers.size() > max_layers) {
    throw Error{5060, "the model has " + std::to_string(layers.size()) + " layers; at most " +
                          std::to_string(max_layers) + " are evaluated"};
  }
  return std::make_unique<const HostVerdict>(
      tenon::akida::evaluate<max_layers>(layers, question.version, question.toolchain));
}

}  // namespace tenon::host::akida
