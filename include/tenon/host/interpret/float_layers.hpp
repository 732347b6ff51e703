// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/config.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/graph/params.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/tensor/window.hpp>
#include <vector>

// Float layers of Keras that have no quantized form and may stand around the quantized part of a model: what
// `run` and `evaluate` need to give the output of such a model.
namespace tenon::host {

namespace detail {

using Floats = std::vector<float>;

inline float activation_value(const std::string& name, float x) {
  const auto sigmoid = [](float v) { return 1 / (1 + std::exp(-v)); };
  if (name == "linear") return x;
  if (name == "relu") return std::max(x, 0.0F);
  if (name == "relu6") return std::clamp(x, 0.0F, 6.0F);
  if (name == "sigmoid") return sigmoid(x);
  if (name == "tanh") return std::tanh(x);
  if (name == "swish" || name == "silu") return x * sigmoid(x);
  if (name == "gelu") return 0.5F * x * (1 + std::erf(x / std::sqrt(2.0F)));
  if (name == "elu") return x > 0 ? x : std::expm1(x);
  if (name == "exponential") return std::exp(x);
  if (name == "softplus") return std::log1p(std::exp(-std::fabs(x))) + std::max(x, 0.0F);
  if (name == "hard_sigmoid") return std::clamp(0.2F * x + 0.5F, 0.0F, 1.0F);
  if (name == "hard_silu" || name == "hard_swish") return x * std::clamp(x + 3, 0.0F, 6.0F) / 6;
  return std::numeric_limits<float>::quiet_NaN();
}

inline bool is_known_activation(const std::string& name) { return !std::isnan(activation_value(name, 0)); }

inline void softmax(const Shape& shape, Floats& y) {
  const auto channels = static_cast<std::size_t>(shape.channels());
  for (std::size_t i = 0; i < y.size(); i += channels) {
    float top = y[i];
    for (std::size_t c = 1; c < channels; ++c) top = std::max(top, y[i + c]);
    float sum = 0;
    for (std::size_t c = 0; c < channels; ++c) sum += y[i + c] = std::exp(y[i + c] - top);
    for (std::size_t c = 0; c < channels; ++c) y[i + c] /= sum;
  }
}

inline void average_pool(const Layer& layer, const Shape& in, const Floats& x, Floats& y) {
  const Size2D pool = size_entry(layer, "pool_size", 2);
  const Size2D strides = entry(layer, "strides") == nullptr ? pool : size_entry(layer, "strides", 2);
  const Window2D w = Window2D::of(in, pool, strides, {}, padding_entry(layer));
  y.clear();
  for (std::int32_t oy = 0; oy < w.y.output; ++oy) {
    for (std::int32_t ox = 0; ox < w.x.output; ++ox) {
      for (std::int32_t c = 0; c < in.channels(); ++c) {
        float sum = 0;
        int count = 0;
        for (std::int32_t ky = 0; ky < pool.height; ++ky) {
          for (std::int32_t kx = 0; kx < pool.width; ++kx) {
            const std::int32_t iy = oy * strides.height + ky - w.y.before;
            const std::int32_t ix = ox * strides.width + kx - w.x.before;
            if (iy < 0 || iy >= in[0] || ix < 0 || ix >= in[1]) continue;
            sum += x[static_cast<std::size_t>((iy * in[1] + ix) * in[2] + c)];
            ++count;
          }
        }
        y.push_back(sum / static_cast<float>(count));
      }
    }
  }
}

/// Copies pixels: y(h, w) = x at `source(h, w)`, or 0 where that is negative.
template <class Source>
void gather_pixels(const Shape& in, const Shape& out, const Floats& x, Floats& y, const Source& source) {
  const auto channels = static_cast<std::size_t>(in.channels());
  y.assign(static_cast<std::size_t>(out.size()), 0.0F);
  for (std::int32_t h = 0; h < out[0]; ++h) {
    for (std::int32_t w = 0; w < out[1]; ++w) {
      const std::int64_t from = source(h, w);
      if (from < 0) continue;
      std::copy_n(x.begin() + from * in.channels(), channels,
                  y.begin() + (std::ptrdiff_t{h} * out[1] + w) * out.channels());
    }
  }
}

}  // namespace detail

/// Whether `run_float_layer` computes this layer.
[[nodiscard]] inline bool computes_float_layer(const Layer& layer) {
  const std::string& name = layer.class_name;
  if (name == "Activation") {
    const std::string activation = text_entry(layer, "activation", "linear");
    return activation == "softmax" || activation == "leaky_relu" || detail::is_known_activation(activation);
  }
  if (name == "Softmax") return integer_entry(layer, "axis", -1) == -1;
  for (const char* known : {"LeakyReLU", "PReLU", "ReLU", "AveragePooling2D", "ZeroPadding2D", "UpSampling2D",
                            "GlobalMaxPooling2D", "Average", "Multiply", "Subtract", "Maximum", "Minimum",
                            "Rescaling", "ELU"}) {
    if (name == known) return name != "PReLU" || layer.variables.size() == 1;
  }
  return false;
}

/// One float layer without parameter struct; `computes_float_layer` said that it is known.
inline void run_float_layer(const Layer& layer, const std::vector<Shape>& shapes, const Shape& out,
                            const std::vector<const std::vector<float>*>& inputs, std::vector<float>& y) {
  const std::string& name = layer.class_name;
  const std::vector<float>& x = *inputs.front();
  const Shape& in = shapes.front();
  if (name == "AveragePooling2D") return detail::average_pool(layer, in, x, y);
  if (name == "ZeroPadding2D") {
    const Json& padding = *entry(layer, "padding");
    const auto top = padding[0][0].get<std::int32_t>();
    const auto left = padding[1][0].get<std::int32_t>();
    return detail::gather_pixels(in, out, x, y, [&](std::int32_t h, std::int32_t w) -> std::int64_t {
      const std::int32_t iy = h - top;
      const std::int32_t ix = w - left;
      return iy < 0 || iy >= in[0] || ix < 0 || ix >= in[1] ? -1 : std::int64_t{iy} * in[1] + ix;
    });
  }
  if (name == "UpSampling2D") {
    return detail::gather_pixels(in, out, x, y, [&](std::int32_t h, std::int32_t w) -> std::int64_t {
      return std::int64_t{h / (out[0] / in[0])} * in[1] + w / (out[1] / in[1]);
    });
  }
  if (name == "GlobalMaxPooling2D") {
    y.assign(static_cast<std::size_t>(in.channels()), -std::numeric_limits<float>::infinity());
    for (std::size_t i = 0; i < x.size(); ++i) y[i % y.size()] = std::max(y[i % y.size()], x[i]);
    return;
  }
  y = x;
  const auto combine = [&](const auto& operation) {
    for (std::size_t k = 1; k < inputs.size(); ++k) {
      for (std::size_t i = 0; i < y.size(); ++i) y[i] = operation(y[i], (*inputs[k])[i]);
    }
  };
  if (name == "Average") {
    combine([](float a, float b) { return a + b; });
    for (float& v : y) v /= static_cast<float>(inputs.size());
  } else if (name == "Multiply") {
    combine([](float a, float b) { return a * b; });
  } else if (name == "Subtract") {
    combine([](float a, float b) { return a - b; });
  } else if (name == "Maximum") {
    combine([](float a, float b) { return std::max(a, b); });
  } else if (name == "Minimum") {
    combine([](float a, float b) { return std::min(a, b); });
  } else if (name == "Softmax" || (name == "Activation" && text_entry(layer, "activation", "") == "softmax")) {
    detail::softmax(in, y);
  } else if (name == "Rescaling") {
    const Numbers scale = numbers_entry(layer, "scale", 1);
    const Numbers offset = numbers_entry(layer, "offset", 0);
    for (std::size_t i = 0; i < y.size(); ++i) {
      y[i] = y[i] * static_cast<float>(scale.values[i % scale.values.size()]) +
             static_cast<float>(offset.values[i % offset.values.size()]);
    }
  } else if (name == "PReLU") {
    const std::vector<float>& slope = layer.variables[0].data;
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = y[i] < 0 ? y[i] * slope[i % slope.size()] : y[i];
  } else if (name == "ELU") {
    const auto alpha = static_cast<float>(number_entry(layer, "alpha", 1));
    for (float& v : y) v = v > 0 ? v : alpha * std::expm1(v);
  } else if (name == "ReLU") {
    const auto slope = static_cast<float>(number_entry(layer, "negative_slope", 0));
    const auto threshold = static_cast<float>(number_entry(layer, "threshold", 0));
    const auto top = static_cast<float>(
        number_entry(layer, "max_value", std::numeric_limits<float>::infinity()));
    for (float& v : y) v = v >= threshold ? std::min(v, top) : slope * (v - threshold);
  } else {
    const std::string activation = text_entry(layer, "activation", "leaky_relu");
    const auto alpha = static_cast<float>(number_entry(layer, "alpha", name == "LeakyReLU" ? 0.3 : 0.2));
    for (float& v : y) {
      v = name == "LeakyReLU" || activation == "leaky_relu" ? (v < 0 ? alpha * v : v)
                                                            : detail::activation_value(activation, v);
    }
  }
}

}  // namespace tenon::host
