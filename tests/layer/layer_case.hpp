// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tenon/kernel/arch.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/format.hpp>
#include <tenon/layer/state.hpp>
#include <tenon/tensor/shape.hpp>
#include <utility>
#include <vector>

// One layer with its inputs, variables and outputs, and what Tenon makes of them.
namespace tenon_test {

using tenon::Shape;

struct Heap {
  template <class T>
  using Channels = std::vector<T>;
  using Weights = std::vector<std::int32_t>;
};
using HeapFormat = tenon::Format<Heap>;
using HeapConstants = tenon::LayerConstants<Heap>;

/// The shape is that of one step, batch excluded; the values of all steps stand one behind the other.
struct LayerTensor {
  Shape shape{};
  int value_bits = 0;  ///< 0: not stored
  std::vector<std::int32_t> frac_bits;
  std::vector<float> scales;
  std::vector<std::int64_t> values;

  [[nodiscard]] HeapFormat format() const { return {value_bits, frac_bits, scales, false}; }
  [[nodiscard]] std::size_t steps() const { return values.size() / static_cast<std::size_t>(shape.size()); }
  [[nodiscard]] std::vector<std::int32_t> step(std::size_t i) const {
    const auto size = static_cast<std::ptrdiff_t>(shape.size());
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(i) * size;
    return {begin, begin + size};
  }
};

struct LayerCase {
  std::vector<LayerTensor> inputs;
  std::vector<std::pair<std::string, std::vector<float>>> variables;
  std::vector<LayerTensor> outputs;

  [[nodiscard]] std::span<const float> variable(std::string_view name) const {
    for (const auto& [key, value] : variables) {
      if (key == name) return value;
    }
    return {};
  }
  [[nodiscard]] tenon::FloatVariables float_variables() const {
    tenon::FloatVariables v;
    v.kernel = variable("kernel");
    v.bias = variable("bias");
    v.gamma = variable("gamma");
    v.beta = variable("beta");
    v.cls = variable("cls");
    v.pos_embedding = variable("pos_embedding");
    v.a_real = variable("a_real");
    v.a_imag = variable("a_imag");
    v.range_max = variable("range_max");
    v.rescaling_rate = variable("rescaling_rate");
    return v;
  }
};

/// Quantizers with an output quantizer of so many bits, and weights of 8.
[[nodiscard]] inline tenon::LayerQuantizers quantizers(std::int32_t output_bits, bool per_axis = true) {
  tenon::LayerQuantizers q;
  q.weights.bitwidth = 8;
  q.has_output = output_bits > 0;
  q.output.bitwidth = output_bits;
  q.output.per_axis = per_axis;
  return q;
}

struct LayerResult {
  tenon::Fault fault = tenon::Fault::none;
  HeapFormat format;
  HeapConstants constants;
  std::vector<std::int64_t> values;
};

/// A layer with one input, step after step from a reset state.
template <class Arch, class Params>
[[nodiscard]] LayerResult run_case(Arch arch, const Params& params, const LayerCase& c,
                                   const tenon::LayerQuantizers& q) {
  const LayerTensor& input = c.inputs[0];
  LayerResult r;
  r.format = input.format();
  r.fault = prepare(params, input.shape, r.format, c.float_variables(), q, r.constants);
  if (r.fault != tenon::Fault::none) return r;
  std::vector<std::int32_t> scratch(static_cast<std::size_t>(input.shape.size()));
  std::vector<std::int64_t> y(static_cast<std::size_t>(params.output_shape(input.shape).size()));
  [[maybe_unused]] tenon::LayerState<std::vector<std::int32_t>> state;
  if constexpr (tenon::StatefulLayer<Params>) {
    state.values.resize(static_cast<std::size_t>(params.state_size(input.shape)));
  }
  for (std::size_t i = 0; i < input.steps(); ++i) {
    const std::vector<std::int32_t> x = input.step(i);
    if constexpr (tenon::StatefulLayer<Params>) {
      run(arch, params, input.shape, r.constants, x.data(), y.data(), scratch.data(), state);
    } else {
      run(arch, params, input.shape, r.constants, x.data(), y.data(), scratch.data());
    }
    r.values.insert(r.values.end(), y.begin(), y.end());
  }
  return r;
}

}  // namespace tenon_test
