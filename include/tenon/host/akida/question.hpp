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
namespace tenon::host::mapping {

/// Most layers that the command evaluates.
inline constexpr std::size_t max_layers = 1024;
using HostVerdict = akida::Verdict<max_layers>;

/// What is asked of the rules.
struct Question {
  akida::Version version = akida::Version::v2;
  akida::Toolchain toolchain = akida::Toolchain::v2_14;
  std::optional<akida::Device> device{};  ///< none: any device will do

  [[nodiscard]] bool answered_by(const HostVerdict& verdict) const {
    return device ? verdict.maps(*device) : verdict.maps();
  }
};

/// The verdict is too large for a stack.
[[nodiscard]] inline std::unique_ptr<const HostVerdict> evaluate(
    std::span<const akida::Layer> layers, const Question& question) {
  if (layers.size() > max_layers) {
    throw Error{5060, "the model has " + std::to_string(layers.size()) + " layers; at most " +
                          std::to_string(max_layers) + " are evaluated"};
  }
  return std::make_unique<const HostVerdict>(
      akida::evaluate<max_layers>(layers, question.version, question.toolchain));
}

}  // namespace tenon::host::mapping
