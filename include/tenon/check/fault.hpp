// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

// Why a layer cannot compute with the numbers it was given. The value of a fault is the number of its
// error: the host prints it with the layer's name, a typed model returns it from `fault()`.
namespace tenon {

enum class Fault : std::int16_t {
  none = 0,
  weight_count = 1002,
  sample_count = 1022,
  clip_count = 1034,
  alignment_exceeds_buffer = 2010,
  buffer_too_small = 2011,
  output_not_narrower = 2012,
  aligned_value_exceeds_buffer = 2013,
  output_shift_too_large = 2014,
  weight_bits_out_of_range = 2015,
  output_bits_out_of_range = 2016,
  recurrent_weights_not_aligned = 2017,
  input_not_per_tensor = 2020,
  operands_not_aligned = 2021,
  last_axis_not_kept = 2022,
  flatten_loses_channels = 2023,
  buffer_too_large = 2024,
  exponent_bits_out_of_range = 2025,
  table_too_large = 2026,
  input_has_no_scales = 3010,
  input_has_scales = 3011,
  padding_value_count = 3012,
  input_is_raw = 3013,
  input_is_fixed = 3014,
  rescaling_offset = 3015,
  softmax_not_quantized = 3016,
};

[[nodiscard]] constexpr const char* text(Fault fault) noexcept {
  switch (fault) {
    case Fault::none: break;
    case Fault::weight_count:
      return "the weights have another number of elements than the layers need";
    case Fault::sample_count:
      return "the calibration samples are none, or no whole number of inputs";
    case Fault::clip_count:
      return "the calibration samples are no multiple of the batch size, or of the steps of a sequence";
    case Fault::alignment_exceeds_buffer:
      return "the fractional bits of the input channels differ by more than the buffer holds; calibrate "
             "with more samples or use per-tensor activations";
    case Fault::buffer_too_small:
      return "the input has more value bits than the buffer; raise buffer_bits";
    case Fault::output_not_narrower:
      return "the output quantizer is not narrower than what it quantizes; lower its bitwidth";
    case Fault::aligned_value_exceeds_buffer:
      return "a bias, maximum or padding value is too large for the scales of its layer";
    case Fault::output_shift_too_large:
      return "the output quantizer would shift left beyond its own width; calibrate with other samples";
    case Fault::weight_bits_out_of_range: return "the weight bits are out of range (2 to 32)";
    case Fault::output_bits_out_of_range:
      return "the bits of the output quantizer are out of range (signed 2 to 32, unsigned 1 to 32, scales 1 "
             "to 30)";
    case Fault::recurrent_weights_not_aligned:
      return "A_real and A_imag have different fractional bits; scale them to at most 1";
    case Fault::exponent_bits_out_of_range:
      return "exp_bitwidth must be at least 1 and less than half of the value bits of the buffer";
    case Fault::table_too_large:
      return "the table of an activation takes inputs of at most 16 bits; lower the bitwidth of the output "
             "quantizer in front of it";
    case Fault::input_not_per_tensor:
      return "the input must have one scale and one number of fractional bits; quantize the layer before it "
             "per tensor";
    case Fault::operands_not_aligned:
      return "the inputs have different fractional bits on an axis that needs equal ones";
    case Fault::last_axis_not_kept:
      return "the last axis of a per-axis tensor must be kept; use per-tensor activations";
    case Fault::flatten_loses_channels:
      return "the fractional bits of the channels differ by the whole width of the values, flattening would "
             "lose them; calibrate with more samples or use per-tensor activations";
    case Fault::buffer_too_large:
      return "this layer computes with buffers of at most 32 bits; lower buffer_bits";
    case Fault::input_has_no_scales:
      return "this layer needs an input with scales (no output quantizer before it)";
    case Fault::input_has_scales: return "this layer needs an output quantizer on the layer before it";
    case Fault::input_is_raw:
      return "this layer cannot take the integers of the model input; put a convolution, a Dense or a "
             "Rescaling in front of it";
    case Fault::input_is_fixed: return "this layer only takes an input with scales, or the model input";
    case Fault::rescaling_offset:
      return "a quantized Rescaling has no offset; fold it into the next layer (sanitize does)";
    case Fault::softmax_not_quantized:
      return "an attention with softmax has no integer form; train it with softmax=\"shiftmax\"";
    case Fault::padding_value_count: return "one padding value, or one for each input channel, is needed";
  }
  return "";
}

}  // namespace tenon
