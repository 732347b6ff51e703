// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/host/graph/graph.hpp>

namespace tenon::host {

/// The bias of a layer with weights. One of zeros appears behind the other variables where there
/// was none, named as the kernel is: "a/kernel:0" → "a/bias:0".
[[nodiscard]] inline Variable& bias_of(Layer& layer, std::string_view kernel, std::size_t filters) {
  layer.config["use_bias"] = true;
  if (Variable* bias = layer.variable("bias")) return *bias;
  std::string name = layer.variable(kernel)->name;
  name.replace(name.rfind(kernel), kernel.size(), "bias");
  layer.variables.push_back({std::move(name), {filters}, std::vector<float>(filters, 0.0F)});
  return layer.variables.back();
}

}  // namespace tenon::host
