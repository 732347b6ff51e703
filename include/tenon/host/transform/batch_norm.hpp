// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

#include <tenon/host/graph/classes.hpp>

// A BatchNormalization as a factor and a summand for each channel, in float32 as Keras stores them.
namespace tenon::host {

struct BatchNorm {
  std::vector<float> gamma, beta, mean, variance;
  float epsilon = 0.001F;

  [[nodiscard]] std::size_t channels() const { return mean.size(); }
  [[nodiscard]] std::vector<float> factor() const {
    std::vector<float> g(channels());
    for (std::size_t c = 0; c < g.size(); ++c) g[c] = gamma[c] / std::sqrt(variance[c] + epsilon);
    return g;
  }
};

/// The variables of a BatchNormalization, gamma 1 and beta 0 where it has none; nothing for another
/// layer or where the variables do not fit together.
[[nodiscard]] inline std::optional<BatchNorm> batch_norm_of(const Layer& layer) {
  if (!is_keras(layer, "BatchNormalization")) return std::nullopt;
  const Variable* mean = layer.variable("moving_mean");
  const Variable* variance = layer.variable("moving_variance");
  if (mean == nullptr || variance == nullptr) return std::nullopt;
  const auto or_constant = [&](const char* leaf, float value) {
    const Variable* found = layer.variable(leaf);
    return found == nullptr ? std::vector<float>(mean->data.size(), value) : found->data;
  };
  BatchNorm norm{or_constant("gamma", 1.0F), or_constant("beta", 0.0F), mean->data, variance->data,
                 static_cast<float>(number_entry(layer, "epsilon", 0.001))};
  const std::size_t n = norm.channels();
  const bool fits =
      n > 0 && norm.gamma.size() == n && norm.beta.size() == n && norm.variance.size() == n;
  return fits ? std::optional(std::move(norm)) : std::nullopt;
}

/// Whether it normalizes the last axis of an input that has `rank` axes without the batch.
[[nodiscard]] inline bool normalizes_last_axis(const Layer& layer,
                                               std::optional<std::size_t> rank) {
  const Numbers axis = numbers_entry(layer, "axis", -1);
  if (axis.values.size() != 1) return false;
  const double value = axis.values.front();
  return value == -1 || (rank && value == static_cast<double>(*rank));
}

}  // namespace tenon::host
