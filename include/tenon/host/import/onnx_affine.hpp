// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <tenon/host/import/onnx_builder.hpp>
#include <utility>
#include <vector>

// Multiplications and additions of constants. On the input they are a Rescaling, behind a layer
// without bias an addition is its bias, elsewhere they are a BatchNormalization, which sanitize
// folds where it can.
namespace tenon::host {

/// The values of a constant for each channel (the last axis in Keras), or one for all. Nothing
/// where it differs along another axis.
[[nodiscard]] inline std::optional<std::vector<double>> channel_numbers(const Array& constant,
                                                                        const OnnxValue& value) {
  if (value.flattened || !broadcasts_into(constant, value.shape)) return std::nullopt;
  const std::size_t rank = constant.shape.size();
  for (std::size_t i = 0; i < rank; ++i) {
    const std::size_t from_end = rank - 1 - i;
    if (constant.shape[i] != 1 && value.rank() - 1 - from_end != value.order.back())
      return std::nullopt;
  }
  std::vector<double> numbers = constant.to<double>();
  for (const double number : numbers) {
    if (!std::isfinite(number)) return std::nullopt;
  }
  return numbers;
}

namespace detail {

[[nodiscard]] inline double number_of_channel(const std::vector<double>& numbers,
                                              std::size_t channel) {
  return numbers[numbers.size() == 1 ? 0 : channel];
}

[[nodiscard]] inline bool all_equal(const std::vector<double>& numbers, double value) {
  return std::all_of(numbers.begin(), numbers.end(), [&](double n) { return n == value; });
}

/// One number where all are equal, as Keras' users write it.
[[nodiscard]] inline Json one_or_list(const std::vector<double>& numbers) {
  if (all_equal(numbers, numbers.front())) return numbers.front();
  return numbers;
}

[[nodiscard]] inline Variable channel_variable(const Layer& layer, const char* leaf,
                                               std::vector<float> values) {
  return {layer.name + "/" + leaf + ":0", {values.size()}, std::move(values)};
}

inline void write_factors(Layer& layer, const ChannelFactors& factors, std::size_t channels) {
  if (layer.class_name == "Rescaling") {
    layer.config["scale"] = one_or_list(factors.scale);
    layer.config["offset"] = one_or_list(factors.offset);
    return;
  }
  std::vector<float> gamma(channels), beta(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    gamma[c] = static_cast<float>(number_of_channel(factors.scale, c));
    beta[c] = static_cast<float>(number_of_channel(factors.offset, c));
  }
  // The variance of 1 and no epsilon: the factor is gamma itself.
  layer.variables = {
      channel_variable(layer, "gamma", std::move(gamma)),
      channel_variable(layer, "beta", std::move(beta)),
      channel_variable(layer, "moving_mean", std::vector<float>(channels, 0.0F)),
      channel_variable(layer, "moving_variance", std::vector<float>(channels, 1.0F))};
}

/// Factors `a` first, then `b`.
[[nodiscard]] inline ChannelFactors composed(const ChannelFactors& a, const ChannelFactors& b) {
  const std::size_t count =
      std::max({a.scale.size(), a.offset.size(), b.scale.size(), b.offset.size()});
  ChannelFactors out;
  for (std::size_t c = 0; c < count; ++c) {
    const double scale = number_of_channel(b.scale, c);
    out.scale.push_back(number_of_channel(a.scale, c) * scale);
    out.offset.push_back(number_of_channel(a.offset, c) * scale + number_of_channel(b.offset, c));
  }
  return out;
}

[[nodiscard]] inline bool lacks_bias(const Layer& layer) {
  return layer.config.contains("use_bias") && layer.config["use_bias"] == false;
}

[[nodiscard]] inline bool fits_float(const ChannelFactors& factors) {
  const auto fits = [](double n) { return std::isfinite(static_cast<float>(n)); };
  return std::all_of(factors.scale.begin(), factors.scale.end(), fits) &&
         std::all_of(factors.offset.begin(), factors.offset.end(), fits);
}

}  // namespace detail

/// scale * x + offset, for each channel of x. False where the numbers leave the range of float.
[[nodiscard]] inline bool add_factors(OnnxBuilder& b, const OnnxNode& node, OnnxValue x,
                                      ChannelFactors factors) {
  if (!detail::fits_float(factors)) return false;
  const auto channels = static_cast<std::size_t>(x.channels());
  Layer& before = b.layer(x.endpoint.layer);
  if (const auto found = b.factors.find(before.name); x.sole && found != b.factors.end()) {
    ChannelFactors both = detail::composed(found->second, factors);
    if (!detail::fits_float(both)) return false;
    detail::write_factors(before, both, channels);
    found->second = std::move(both);
  } else if (x.sole && detail::lacks_bias(before) && detail::all_equal(factors.scale, 1)) {
    std::vector<float> bias(channels);
    for (std::size_t c = 0; c < channels; ++c) {
      bias[c] = static_cast<float>(detail::number_of_channel(factors.offset, c));
    }
    before.config["use_bias"] = true;
    before.variables.push_back(detail::channel_variable(before, "bias", std::move(bias)));
  } else {
    const bool on_input = before.class_name == "InputLayer" || before.class_name == "Rescaling";
    Layer& layer = on_input ? b.add(node, "Rescaling", {x.endpoint})
                            : b.add(node, "BatchNormalization", {x.endpoint},
                                    {{"axis", Json::array({x.rank()})},
                                     {"momentum", 0.99},
                                     {"epsilon", 0.0},
                                     {"center", true},
                                     {"scale", true}});
    detail::write_factors(layer, factors, channels);
    x.endpoint = {layer.name, 0, 0};
    x.sole = true;
    b.factors[layer.name] = std::move(factors);
  }
  x.not_negative = false;
  b.alias(node, std::move(x));
  return true;
}

}  // namespace tenon::host
