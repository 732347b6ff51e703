// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/check/fault.hpp>
#include <tenon/check/holds.hpp>
#include <tenon/model/execution.hpp>
#include <tenon/model/quantization_params.hpp>
#include <tuple>

// What the compiler says of a model that cannot be quantized with the given parameters, whatever
// its weights are.
namespace tenon {

template <class Tag, Fault F>
struct FormatReport {
  static_assert(check::holds<Tag, std::integral_constant<Fault, F>>,
                "TN2007: this layer cannot be quantized with these bits");
};

template <class Tag>
struct FormatReport<Tag, Fault::none> {};

template <class Tag>
struct FormatReport<Tag, Fault::buffer_too_small> {
  static_assert(
      check::holds<Tag>,
      "TN2011: the input of this layer has more value bits than its buffer; raise buffer_bits");
};
template <class Tag>
struct FormatReport<Tag, Fault::output_not_narrower> {
  static_assert(
      check::holds<Tag>,
      "TN2012: the output quantizer of this layer is not narrower than its buffer; lower its bits");
};
template <class Tag>
struct FormatReport<Tag, Fault::input_not_per_tensor> {
  static_assert(check::holds<Tag>,
                "TN2020: this layer needs an input with one scale; use per_tensor_activations");
};
template <class Tag>
struct FormatReport<Tag, Fault::operands_not_aligned> {
  static_assert(check::holds<Tag>,
                "TN2021: the inputs of this layer have different fractional bits on an axis that "
                "needs equal ones");
};
template <class Tag>
struct FormatReport<Tag, Fault::last_axis_not_kept> {
  static_assert(
      check::holds<Tag>,
      "TN2022: this layer must keep the last axis of a per-axis input; use per_tensor_activations");
};
template <class Tag>
struct FormatReport<Tag, Fault::input_has_no_scales> {
  static_assert(
      check::holds<Tag>,
      "TN3010: this layer needs an input with scales: the model input behind a Rescaling");
};
template <class Tag>
struct FormatReport<Tag, Fault::input_has_scales> {
  static_assert(
      check::holds<Tag>,
      "TN3011: this layer cannot stand behind a Rescaling; put a convolution or a Dense between");
};
template <class Tag>
struct FormatReport<Tag, Fault::input_is_raw> {
  static_assert(check::holds<Tag>,
                "TN3013: this layer cannot take the model input; put a convolution, Dense or "
                "Rescaling in front");
};
template <class Tag>
struct FormatReport<Tag, Fault::input_is_fixed> {
  static_assert(check::holds<Tag>, "TN3014: this layer only takes the model input");
};
template <class Tag>
struct FormatReport<Tag, Fault::rescaling_offset> {
  static_assert(check::holds<Tag>,
                "TN3015: a quantized Rescaling has no offset; fold it into the next layer");
};

/// The bits that a model may be given.
template <QuantizationParams P>
struct BitsReport {
  static_assert(check::between<check::ActivationBits<P.activation_bits>, 2, 16>,
                "TN2006: activation_bits must be 2 to 16");
  static_assert(check::between<check::OutputBits<P.output_bits>, 2, 16>,
                "TN2006: output_bits must be 2 to 16");
  static_assert(check::between<check::WeightBits<P.weight_bits>, 2, 16>,
                "TN2006: weight_bits must be 2 to 16");
  static_assert(check::between<check::InputWeightBits<P.input_weight_bits>, 2, 16>,
                "TN2006: input_weight_bits must be 2 to 16");
  static_assert(P.last_output_bits == 0 ||
                    check::between<check::LastOutputBits<P.last_output_bits>, 2, 32>,
                "TN2006: last_output_bits must be 2 to 32, or 0 for none");
  static_assert(check::between<check::BufferBits<P.buffer_bits>, 16, 32>,
                "TN2006: buffer_bits must be 16 to 32");
  static constexpr bool fits = P.activation_bits >= 2 && P.activation_bits <= 16 &&
                               P.output_bits >= 2 && P.output_bits <= 16 && P.weight_bits >= 2 &&
                               P.weight_bits <= 16 && P.input_weight_bits >= 2 &&
                               P.input_weight_bits <= 16 && P.buffer_bits >= 16 &&
                               P.buffer_bits <= 32;
};

namespace detail {

/// The first layer that cannot be prepared, or 0.
template <std::size_t N>
constexpr std::size_t first_fault(const std::array<StaticLayer, N>& layers) noexcept {
  for (std::size_t i = 0; i < N; ++i) {
    if (layers[i].fault != Fault::none) return i;
  }
  return 0;
}

}  // namespace detail

}  // namespace tenon
