// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/check/fault.hpp>
#include <tenon/check/holds.hpp>
#include <tenon/model/calibrator.hpp>
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
struct FormatReport<Tag, Fault::softmax_not_quantized> {
  static_assert(check::holds<Tag>,
                "TN3016: an attention with softmax has no integer form; use Softmax::shiftmax");
};
template <class Tag>
struct FormatReport<Tag, Fault::rescaling_offset> {
  static_assert(check::holds<Tag>,
                "TN3015: a quantized Rescaling has no offset; fold it into the next layer");
};

/// The bits that a model may be given.
template <QuantizationParams P>
struct BitsReport {
  static_assert(check::between<check::ActivationBits<P.activation_bits>, 1, 16>,
                "TN2006: activation_bits must be 1 to 16");
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
};

/// A grouped convolution sees a part of the channels only.
template <class Tag, bool Taken>
struct RatesReport {
  static_assert(
      Taken || check::holds<Tag>,
      "TN3031: a grouped convolution cannot follow a per-axis output; use per_tensor_activations");
};

template <class Tag, bool Carried>
struct LastOutputReport {
  static_assert(Carried || check::holds<Tag>,
                "TN3034: last_output_bits: the last layer cannot carry an output quantizer");
};

namespace detail {

[[nodiscard]] constexpr bool bits_fit(const QuantizationParams& p) noexcept {
  const auto fit = [](std::int32_t bits, std::int32_t least) {
    return least <= bits && bits <= 16;
  };
  return fit(p.activation_bits, 1) && fit(p.output_bits, 2) && fit(p.weight_bits, 2) &&
         fit(p.input_weight_bits, 2) && p.buffer_bits >= 16 && p.buffer_bits <= 32;
}

/// The first layer that cannot be prepared, or 0.
template <class Model, QuantizationParams Params, std::size_t... I>
constexpr std::size_t first_fault(std::index_sequence<I...>) noexcept {
  const std::array<Fault, sizeof...(I)> faults{static_layer<Model, Params, I>.fault...};
  for (std::size_t i = 0; i < faults.size(); ++i) {
    if (faults[i] != Fault::none) return i;
  }
  return 0;
}

template <class Model, std::size_t I>
using TagAt = typename Model::template LayerAt<I>::Tag;

template <class Model, QuantizationParams Params>
inline constexpr std::size_t faulty_layer =
    first_fault<Model, Params>(std::make_index_sequence<Model::layer_count>{});

template <class Model, QuantizationParams Params>
inline constexpr bool carries_last_output =
    Params.last_output_bits == 0 ||
    Model::template LayerAt<Model::layer_count - 1>::params.traits.output_quantizer;

/// The first grouped convolution whose kernel would have to take rates of all channels, or 0.
template <class Model, QuantizationParams Params>
constexpr std::size_t find_rate_refusing_layer() noexcept {
  const auto layers = Model::descriptions();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::size_t target = equalization_targets_of<Model, Params>[i];
    const bool per_axis = plan_of<Model, Params>[i].output.per_axis;
    if (target != no_layer && !takes_rates(layers[target].params, per_axis)) return target;
  }
  return 0;
}
template <class Model, QuantizationParams Params>
inline constexpr std::size_t rate_refusing_layer = find_rate_refusing_layer<Model, Params>();

template <class Model, QuantizationParams Params>
constexpr bool can_be_quantized() noexcept {
  if constexpr (Model::fits && bits_fit(Params)) {
    return static_layer<Model, Params, faulty_layer<Model, Params>>.fault == Fault::none;
  } else {
    return false;
  }
}

/// The report of what is wrong; nothing for a model that was reported already.
template <class Model, QuantizationParams Params>
constexpr auto report() noexcept {
  if constexpr (!Model::fits) {
    return static_cast<const Model*>(nullptr);
  } else if constexpr (!bits_fit(Params)) {
    return static_cast<const BitsReport<Params>*>(nullptr);
  } else {
    constexpr std::size_t faulty = faulty_layer<Model, Params>;
    return static_cast<
        const FormatReport<TagAt<Model, faulty>, static_layer<Model, Params, faulty>.fault>*>(
        nullptr);
  }
}

}  // namespace detail

/// A model that can be quantized with these parameters, whatever its weights are.
template <class Model, QuantizationParams Params>
inline constexpr bool can_be_quantized = detail::can_be_quantized<Model, Params>();

}  // namespace tenon
