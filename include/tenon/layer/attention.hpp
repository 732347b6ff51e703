// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/portable/attention.hpp>
#include <tenon/kernel/x86/attention.hpp>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/shiftmax.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/number/round_log2.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

enum class Softmax : std::uint8_t { softmax, shiftmax };

// Multi-head attention over tokens (tokens, channels). For each head and query: scores q k divided by the power of two
// nearest to sqrt(channels of a head), which goes into the fractional bits; a shiftmax over the keys; the weighted sum of
// the values, then the output quantizer. Query and key must have one number of fractional bits; the channels of the
// value are aligned. One row of scores is all that is ever stored.
struct AttentionParams {
  static constexpr LayerTraits traits{LayerKind::attention, false, true, true, Accepts::fixed};

  std::int32_t num_heads = 1;
  Softmax softmax = Softmax::shiftmax;

  [[nodiscard]] constexpr Shape output_shape(const Shape& query, const Shape&) const noexcept { return query; }
  /// The second output: how much each query looks at each key.
  [[nodiscard]] constexpr Shape mask_shape(const Shape& query, const Shape& key) const noexcept {
    return Shape{num_heads, query[0], key[0]};
  }
  [[nodiscard]] constexpr kernel::AttentionShape shape(const Shape& query, const Shape& key) const noexcept {
    return {num_heads, query.channels() / num_heads, query[0], key[0]};
  }
  [[nodiscard]] constexpr std::int64_t macs(const Shape& query, const Shape& key) const noexcept {
    return 2 * query.size() * key[0];
  }
};

namespace detail {

// What the weights of one query can sum up to: the nearest power of two divides by no less than sum / sqrt(2), unless the
// sum met the limit of its buffer.
constexpr std::int64_t largest_weight_sum(std::int32_t keys, int exp_bits, int buffer_bits) noexcept {
  const bool limited = keys > (largest(buffer_bits) >> (2 * exp_bits));
  return limited ? keys * (std::int64_t{1} << exp_bits) : std::int64_t{2} << exp_bits;
}

// Whether the aligned values stay within the buffer. Then a sum can be aligned instead of all its terms.
template <class Constants>
constexpr bool alignment_is_exact(const Constants& constants) noexcept {
  for (const std::int32_t s : constants.input_shift) {
    if (constants.input_bits + s > constants.buffer_bits) return false;
  }
  return true;
}

// Whether an output is only shifted, from aligned sums below 2^24: then float32 arithmetic is exact up to its rounding.
template <class Constants>
constexpr bool outputs_are_shifted_floats(const Constants& constants) noexcept {
  const bool shifted = constants.has_output && constants.bias.empty() && constants.output.mantissas.empty() &&
                       constants.output.float32_products && constants.buffer_bits >= 24;
  if (!shifted || !alignment_is_exact(constants)) return false;
  for (const std::int32_t s : constants.input_shift) {
    if (constants.largest_sum >= (std::int64_t{1} << 24) >> s) return false;
  }
  return constants.largest_sum < std::int64_t{1} << 24;
}

}  // namespace detail

/// The format of the mask: fixed-point, `exp_bitwidth` fractional bits.
template <class F, class Storage>
constexpr void mask_format(const LayerConstants<Storage>& constants, Format<F>& mask) noexcept {
  mask.value_bits = constants.buffer_bits;
  mask.frac_bits.assign(1, constants.exp_bits);
  mask.scales.clear();
  mask.raw = false;
}

/// `query` becomes the format of the output.
template <class F, class Storage>
constexpr Fault prepare(const AttentionParams& params, const Shape& query_shape, const Shape& key_shape,
                        Format<F>& query, const Format<F>& key, const Format<F>& value,
                        const FloatVariables& variables, const LayerQuantizers& quantizers,
                        LayerConstants<Storage>& constants) noexcept {
  if (params.softmax != Softmax::shiftmax) return Fault::softmax_not_quantized;
  if (query.has_scales() || key.has_scales() || value.has_scales()) return Fault::input_has_scales;
  if (!query.per_tensor() || !key.per_tensor()) return Fault::input_not_per_tensor;
  const int buffer_bits = quantizers.buffer_bitwidth - 1;
  const int softmax_buffer = quantizers.softmax_buffer_bitwidth > 0 ? quantizers.softmax_buffer_bitwidth - 1
                                                                    : buffer_bits;
  constants.buffer_bits = buffer_bits;
  constants.input_bits = value.value_bits;
  if (query.value_bits > buffer_bits || key.value_bits > buffer_bits) return Fault::buffer_too_small;
  if (buffer_bits > 31) return Fault::buffer_too_large;
  Fault fault = prepare_shiftmax(quantizers.exp_bitwidth, softmax_buffer, constants);
  if (fault != Fault::none) return fault;
  const kernel::AttentionShape shape = params.shape(query_shape, key_shape);
  constants.largest_score = (std::int64_t{1} << (query.value_bits + key.value_bits)) * shape.dim;
  constants.second_shift.assign(
      1, -(query.frac_bits[0] + key.frac_bits[0] + round_log2_of_root(shape.dim)));
  Format<F> aligned = value;
  fault = prepare_input(aligned, buffer_bits, true, constants.input_shift);
  if (fault != Fault::none) return fault;
  const int sum_bits = detail::alignment_is_exact(constants) ? value.value_bits : buffer_bits;
  constants.largest_sum =
      detail::largest_weight_sum(shape.keys, constants.exp_bits, softmax_buffer) << sum_bits;
  query.value_bits = buffer_bits;
  query.frac_bits.assign(1, aligned.frac_bits[0] + constants.exp_bits);
  constants.output.float32_products = true;
  return prepare_output(query, variables, quantizers, constants);
}

/// Elements of int32 that `run` works in for bytes: one row of scores, or what the architecture's kernel needs.
template <class Arch>
[[nodiscard]] constexpr std::int64_t attention_scratch([[maybe_unused]] Arch arch, const kernel::AttentionShape& shape,
                                                       [[maybe_unused]] int exp_bits) noexcept {
  if constexpr (requires { shiftmax_attention_scratch(arch, shape); }) {
    const std::int64_t elements = shiftmax_attention_scratch(arch, shape);
    if (serves_shiftmax_attention(arch, shape, exp_bits) && elements > shape.keys) return elements;
  }
  return shape.keys;
}

/// `scratch` holds one row of scores: as many elements as the key has tokens; for bytes `attention_scratch` of them. `mask`
/// (heads, queries, keys) may be null.
template <class Arch, class Constants, class Q, class K, class V, class Y, class Mask>
constexpr void run(Arch arch, const AttentionParams& params, const Shape& query_shape, const Shape& key_shape,
                   const Constants& constants, const Q* q, const K* k, const V* v, Y* y, std::int32_t* scratch,
                   Mask* mask) noexcept {
  const kernel::AttentionShape shape = params.shape(query_shape, key_shape);
  const int bits = constants.buffer_bits;
  const int score_shift = constants.second_shift[0];
  // Found by the namespace of the shape, where the architecture has it.
  if constexpr (requires { shiftmax_attention(arch, shape, constants, 0, q, k, v, y, scratch); }) {
    const bool scores_fit = score_shift <= 0 && score_shift > -32 && constants.largest_score <= largest(bits);
    if (mask == nullptr && scores_fit && detail::outputs_are_shifted_floats(constants) &&
        serves_shiftmax_attention(arch, shape, constants.exp_bits)) {
      shiftmax_attention(arch, shape, constants, -score_shift, q, k, v, y, scratch);
      return;
    }
  }
  const auto store = [&](std::int64_t score) {
    return static_cast<std::int32_t>(shift(saturate(score, bits), score_shift, bits));
  };
  const auto weigh = [&](std::int32_t* row) {
    kernel::shiftmax(arch, row, shape.keys, constants.exp_bits, constants.exp_buffer_bits);
  };
  const auto attend = [&]<class Score>() {
    with_sum_type(constants, [&]<class Sum>() {
      if (detail::alignment_is_exact(constants)) {
        const auto align_sum = [&](std::int64_t sum, std::int32_t c) {
          return FinishSum{constants}(AlignElement{constants}(sum, c), c);
        };
        kernel::attention<Score, Sum>(
            arch, shape, q, k, v, scratch, y, mask, store, weigh, [](V value, std::int32_t) { return value; },
            align_sum);
      } else {
        kernel::attention<Score, Sum>(arch, shape, q, k, v, scratch, y, mask, store, weigh,
                                      AlignElement{constants}, FinishSum{constants});
      }
    });
  };
  if (constants.scores_fit_int32()) {
    attend.template operator()<std::int32_t>();
  } else {
    attend.template operator()<std::int64_t>();
  }
}

template <class Arch, class Constants, class Q, class K, class V, class Y>
constexpr void run(Arch arch, const AttentionParams& params, const Shape& query_shape, const Shape& key_shape,
                   const Constants& constants, const Q* q, const K* k, const V* v, Y* y,
                   std::int32_t* scratch) noexcept {
  run(arch, params, query_shape, key_shape, constants, q, k, v, y, scratch,
      static_cast<std::int32_t*>(nullptr));
}

/// `scratch` holds as many floats as the key has tokens; `mask` may be null.
template <class Arch>
constexpr void run_float(Arch arch, const AttentionParams& params, const Shape& query_shape,
                         const Shape& key_shape, const FloatVariables&, const float* q, const float* k,
                         const float* v, float* y, float* scratch, float* mask) noexcept {
  const kernel::AttentionShape shape = params.shape(query_shape, key_shape);
  const auto scale = static_cast<float>(float32::power_of_two(-round_log2_of_root(shape.dim)));
  const auto weigh = [&](float* row) {
    if (params.softmax == Softmax::shiftmax) {
      kernel::shiftmax(arch, row, shape.keys);
    } else {
      kernel::softmax(arch, row, shape.keys);
    }
  };
  kernel::attention<float, float>(
      arch, shape, q, k, v, scratch, y, mask, [&](float score) { return score * scale; }, weigh,
      [](float value, std::int32_t) { return value; }, [](float sum, std::int32_t) { return sum; });
}

}  // namespace tenon
