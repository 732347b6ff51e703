// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/portable/dense.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/reshape.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// A Dense between two reshapes: `downshape`, then every `subsample`-th step of the first axis, the product with bias, then
// `upshape`. A per-axis input is aligned before its reshape; with `upshape` the weights have one scale, so that any shape
// may follow.
struct StatefulProjectionParams {
  static constexpr LayerTraits traits{LayerKind::stateful_projection, true, true, true,
                                      Accepts::raw | Accepts::fixed | Accepts::scaled};

  std::int32_t units = 1;
  bool use_bias = true;
  Shape downshape{};  ///< batch excluded; of rank 0 if there is none
  Shape upshape{};    ///< the same
  std::int32_t subsample = 1;

  /// Of the tensor that the weights see, all steps of it.
  [[nodiscard]] constexpr Shape rows_shape(const Shape& input) const noexcept {
    return downshape.rank > 0 ? ReshapeParams{downshape}.output_shape(input) : input;
  }
  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept {
    Shape shape = rows_shape(input);
    if (subsample > 1) shape[0] /= subsample;
    shape[static_cast<std::size_t>(shape.rank - 1)] = units;
    return upshape.rank > 0 ? ReshapeParams{upshape}.output_shape(shape) : shape;
  }
  [[nodiscard]] constexpr std::int64_t kernel_count(const Shape& input) const noexcept {
    return std::int64_t{rows_shape(input).channels()} * units;
  }
  [[nodiscard]] constexpr std::int64_t macs(const Shape& input) const noexcept {
    return input.size() / (subsample > 1 ? subsample : 1) * units;
  }
};

template <class F, class Storage>
constexpr Fault prepare(const StatefulProjectionParams& params, const Shape& input, Format<F>& x,
                        const FloatVariables& variables, const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  const int input_bits = x.value_bits;
  const int buffer_bits = quantizers.buffer_bitwidth - 1;
  constants.buffer_bits = buffer_bits;
  Fault fault = prepare_input(x, buffer_bits, true, constants.input_shift);
  if (fault != Fault::none) return fault;
  if (!x.per_tensor()) return Fault::input_not_per_tensor;
  const auto units = static_cast<std::size_t>(params.units);
  const bool one_scale = params.upshape.rank > 0;
  typename Format<F>::Floats scales{};
  fault = quantize_weights(variables.kernel, quantizers.weights, one_scale ? 1 : units, scales, constants.weights);
  if (fault != Fault::none) return fault;
  // A reshape mixes the channels: then every row may see the largest input.
  const bool same_channels = params.rows_shape(input).channels() == input.channels();
  std::int64_t top = 0;
  for (std::size_t c = 0; c < static_cast<std::size_t>(input.channels()); ++c) {
    const std::int64_t t = largest_input(input_bits, constants.input_shift, c, buffer_bits);
    top = t > top ? t : top;
  }
  constants.largest_sum = largest_sum(constants.weights, units, [&](std::size_t row, std::size_t) {
    return same_channels ? largest_input(input_bits, constants.input_shift, row, buffer_bits) : top;
  });
  multiply_scales(x, scales);
  return prepare_output(x, variables, quantizers, constants);
}

namespace detail {

// Calls `project(row, count, first)` for the rows that subsampling leaves, `count` consecutive ones from `row` on, of
// which the first makes the output elements from `first` on.
template <class X, class Project>
constexpr void for_each_kept_row(const StatefulProjectionParams& params, const Shape& rows, const X* x,
                                 const Project& project) noexcept {
  if (params.subsample <= 1) {
    project(x, rows.pixels(), std::int64_t{0});
    return;
  }
  const std::int64_t step = rows.size() / rows[0];
  const std::int64_t count = step / rows.channels();
  for (std::int32_t kept = 0; kept < rows[0] / params.subsample; ++kept) {
    const std::int64_t at = std::int64_t{kept + 1} * params.subsample - 1;
    project(x + at * step, count, kept * count * params.units);
  }
}

}  // namespace detail

/// `scratch` holds input.size() elements.
template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch arch, const StatefulProjectionParams& params, const Shape& input,
                   const Constants& constants, const X* x, Y* y, std::int32_t* scratch) noexcept {
  const Shape rows = params.rows_shape(input);
  const std::int32_t channels = params.output_shape(input).channels();
  with_aligned_input(constants, x, input.size(), scratch, [&](const auto* aligned) {
    with_sum_type(constants, [&]<class Sum>() {
      detail::for_each_kept_row(params, rows, aligned, [&](const auto* row, std::int64_t count, std::int64_t first) {
        const auto dense = [&](const auto* from, std::int64_t n, Y* to, const auto& finish) {
          kernel::dense<Sum>(arch, n, rows.channels(), params.units, from, constants.weights.data(), to, finish);
        };
        if (channels == params.units) {
          dense(row, count, y + first, FinishSum{constants});
          return;
        }
        // After `upshape` the channel of an output element is no longer its unit.
        for (std::int64_t r = 0; r < count; ++r) {
          const std::int64_t at = first + r * params.units;
          dense(row + r * rows.channels(), 1, y + at, [&](std::int64_t sum, std::int32_t unit) {
            return FinishSum{constants}(sum, unit, static_cast<std::int32_t>((at + unit) % channels));
          });
        }
      });
    });
  });
}

template <class Arch>
constexpr void run_float(Arch arch, const StatefulProjectionParams& params, const Shape& input,
                         const FloatVariables& variables, const float* x, float* y) noexcept {
  const Shape rows = params.rows_shape(input);
  detail::for_each_kept_row(params, rows, x, [&](const float* row, std::int64_t count, std::int64_t first) {
    kernel::dense<float>(arch, count, rows.channels(), params.units, row, variables.kernel.data(), y + first,
                         AddBias{variables.bias});
  });
}

}  // namespace tenon
