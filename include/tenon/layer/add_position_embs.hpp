// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/reference/token.hpp>
#include <tenon/kernel/x86/token.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

// x + a constant of the same shape (tokens, channels), quantized on the scales and fractional bits of x; then the output
// quantizer.
struct AddPositionEmbsParams {
  static constexpr LayerTraits traits{LayerKind::add_position_embs, false, false, true, Accepts::scaled};

  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept { return input; }
};

template <class F, class Storage>
constexpr Fault prepare(const AddPositionEmbsParams&, const Shape& input, Format<F>& x,
                        const FloatVariables& variables, const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  constants.buffer_bits = quantizers.buffer_bitwidth - 1;
  Fault fault = prepare_input(x, constants.buffer_bits, false, constants.input_shift);
  if (fault != Fault::none) return fault;
  fault = align_values(variables.pos_embedding, static_cast<std::size_t>(input.pixels()), quantizers.bias, x,
                       constants.table, constants.bias_shift);
  if (fault != Fault::none) return fault;
  constants.output.float32_products = true;
  return prepare_output(x, variables, quantizers, constants);
}

template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch arch, const AddPositionEmbsParams&, const Shape& input, const Constants& constants, const X* x, Y* y,
                   std::int32_t*) noexcept {
  constexpr std::int8_t* no_weights = nullptr;
  const std::int32_t channels = input.channels();
  for (std::int64_t i = 0; i < input.size(); i += channels) {
    kernel::scale_and_add(arch, x + i, no_weights, constants.table.data() + i, static_cast<std::size_t>(channels), y + i,
                          AlignElement{constants}, FinishSum{constants});
  }
}

template <class Arch>
constexpr void run_float(Arch, const AddPositionEmbsParams&, const Shape& input, const FloatVariables& variables,
                         const float* x, float* y) noexcept {
  for (std::int64_t i = 0; i < input.size(); ++i) {
    y[i] = x[i] + variables.pos_embedding[static_cast<std::size_t>(i)];
  }
}

}  // namespace tenon
