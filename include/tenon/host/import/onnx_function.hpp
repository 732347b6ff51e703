// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tenon/host/import/onnx_model.hpp>
#include <vector>

// Exporters write an activation as several nodes, each in its own way: x * Sigmoid(x), Clip(x + 3)
// * x / 6, 0.5 x (1 + Erf(x / sqrt 2)), Min(Max(x)). Nodes that compute one number from one number
// are followed by their values at fixed points; what they make together is recognized by these
// values.
namespace tenon::host {

inline constexpr std::size_t sample_points = 91;
using Samples1D = std::array<double, sample_points>;

/// -10 to 10 in steps of a quarter, and farther out.
[[nodiscard]] inline const Samples1D& sample_inputs() {
  static const Samples1D points = [] {
    Samples1D x{};
    for (std::size_t i = 0; i < 81; ++i) x[i] = static_cast<double>(i) / 4 - 10;
    constexpr double far[] = {-1e30, -1e5, -1000, -100, -25, 25, 100, 1000, 1e5, 1e30};
    std::copy(std::begin(far), std::end(far), x.begin() + 81);
    return x;
  }();
  return points;
}

[[nodiscard]] inline double sample_at(const Samples1D& f, double x) {
  const Samples1D& points = sample_inputs();
  return f[static_cast<std::size_t>(std::find(points.begin(), points.end(), x) - points.begin())];
}

namespace detail {

[[nodiscard]] inline double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

[[nodiscard]] inline double gelu_of(double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }

[[nodiscard]] inline bool same_function(const Samples1D& f,
                                        const std::function<double(double)>& g) {
  const Samples1D& x = sample_inputs();
  for (std::size_t i = 0; i < f.size(); ++i) {
    const double wanted = g(x[i]);
    // Constants in the file are rounded to float, and sums of large numbers lose small ones.
    const double tolerance = 2e-6 * (1e-3 + std::min(std::fabs(x[i]), 1e30) + std::fabs(wanted));
    const bool far = std::fabs(x[i]) > 100;
    if (!(std::fabs(f[i] - wanted) <= (far ? tolerance : std::min(tolerance, 1e-5)))) return false;
  }
  return true;
}

}  // namespace detail

/// The function of one operand that a node computes; nothing for a node of another kind.
[[nodiscard]] inline std::function<double(double)> onnx_unary(const OnnxNode& node) {
  const std::string& op = node.op_type;
  const auto number = [&](std::string_view key, double fallback) {
    return double{node.number(key, static_cast<float>(fallback))};
  };
  if (op == "Relu") return [](double x) { return std::max(x, 0.0); };
  if (op == "LeakyRelu") {
    return [a = number("alpha", 0.01)](double x) { return x < 0 ? a * x : x; };
  }
  if (op == "Elu") {
    return [a = number("alpha", 1)](double x) { return x < 0 ? a * std::expm1(x) : x; };
  }
  if (op == "HardSigmoid") {
    return [a = number("alpha", 0.2), b = number("beta", 0.5)](double x) {
      return std::clamp(a * x + b, 0.0, 1.0);
    };
  }
  if (op == "Sigmoid") return detail::sigmoid_of;
  if (op == "HardSwish") return [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); };
  if (op == "Gelu" && node.text("approximate", "none") == "none") return detail::gelu_of;
  if (op == "Tanh") return [](double x) { return std::tanh(x); };
  if (op == "Erf") return [](double x) { return std::erf(x); };
  if (op == "Exp") return [](double x) { return std::exp(x); };
  if (op == "Abs") return [](double x) { return std::fabs(x); };
  if (op == "Neg") return [](double x) { return -x; };
  if (op == "Sqrt") return [](double x) { return std::sqrt(x); };
  if (op == "Reciprocal") return [](double x) { return 1 / x; };
  if (op == "Softplus") {
    return [](double x) { return std::log1p(std::exp(-std::fabs(x))) + std::max(x, 0.0); };
  }
  return {};
}

/// The function of two operands that a node computes from left to right.
[[nodiscard]] inline double (*onnx_binary(std::string_view op))(double, double) {
  if (op == "Add" || op == "Sum") return [](double a, double b) { return a + b; };
  if (op == "Sub") return [](double a, double b) { return a - b; };
  if (op == "Mul") return [](double a, double b) { return a * b; };
  if (op == "Div") return [](double a, double b) { return a / b; };
  if (op == "Pow") return [](double a, double b) { return std::pow(a, b); };
  if (op == "Min") return [](double a, double b) { return std::min(a, b); };
  if (op == "Max") return [](double a, double b) { return std::max(a, b); };
  if (op == "PRelu") return [](double a, double b) { return a < 0 ? a * b : a; };
  return nullptr;
}

enum class FunctionKind {
  unknown,
  identity,
  affine,
  relu,
  leaky_relu,
  toolkit_activation,
  keras_activation
};

struct RecognizedFunction {
  FunctionKind kind = FunctionKind::unknown;
  std::string name;           ///< of an activation
  double slope = 1;           ///< of `affine`, or the negative side of `leaky_relu`
  double offset = 0;          ///< of `affine`
  std::optional<double> top;  ///< of `relu`
};

[[nodiscard]] inline RecognizedFunction recognized(const Samples1D& f) {
  const double offset = sample_at(f, 0);
  const double slope = sample_at(f, 1) - offset;
  const double negative = -sample_at(f, -1);
  const double top = sample_at(f, 1e30);
  // No tolerance beyond rounding: a slope or an offset may be small and still mean something.
  const auto affine = [&](double x) { return slope * x + offset; };
  bool is_affine = std::isfinite(slope) && std::isfinite(offset) && slope != 0;
  for (std::size_t i = 0; is_affine && i < f.size(); ++i) {
    const double wanted = affine(sample_inputs()[i]);
    is_affine = std::fabs(f[i] - wanted) <=
                1e-9 * (std::fabs(slope * sample_inputs()[i]) + std::fabs(offset));
  }
  if (is_affine && slope == 1 && offset == 0) return {FunctionKind::identity, "", 1, 0, {}};
  if (is_affine) return {FunctionKind::affine, "", slope, offset, {}};
  if (top > 0 && detail::same_function(f, [&](double x) { return std::clamp(x, 0.0, top); })) {
    return {FunctionKind::relu, "", 1, 0, top < 1e29 ? std::optional(top) : std::nullopt};
  }
  if (detail::same_function(f, [&](double x) { return x < 0 ? negative * x : x; })) {
    return {FunctionKind::leaky_relu, "leaky_relu", negative, 0, {}};
  }
  const auto hard_silu = [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); };
  const auto swish = [](double x) { return x * detail::sigmoid_of(x); };
  if (detail::same_function(f, swish)) return {FunctionKind::toolkit_activation, "swish", 1, 0, {}};
  if (detail::same_function(f, hard_silu))
    return {FunctionKind::toolkit_activation, "hard_silu", 1, 0, {}};
  if (detail::same_function(f, detail::gelu_of))
    return {FunctionKind::toolkit_activation, "gelu", 1, 0, {}};
  const std::pair<const char*, std::function<double(double)>> floats[] = {
      {"sigmoid", detail::sigmoid_of},
      {"tanh", [](double x) { return std::tanh(x); }},
      {"elu", [](double x) { return x < 0 ? std::expm1(x) : x; }},
      {"hard_sigmoid", [](double x) { return std::clamp(0.2 * x + 0.5, 0.0, 1.0); }},
      {"softplus",
       [](double x) { return std::log1p(std::exp(-std::fabs(x))) + std::max(x, 0.0); }}};
  for (const auto& [name, function] : floats) {
    if (detail::same_function(f, function)) return {FunctionKind::keras_activation, name, 1, 0, {}};
  }
  return {};
}

}  // namespace tenon::host
