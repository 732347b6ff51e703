// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/reference/token.hpp>
#include <tenon/kernel/x86/float32_output.hpp>
#include <type_traits>

// As the reference kernels, in float32 where that is exact, with the constants of exported stages.
namespace tenon::kernel {
namespace x86 {

/// Channels [c, c + 8) of an input, aligned by `shifts` if there are any; exact while all are below
/// 2^24.
template <class X, class Shifts>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256 aligned_8(const X* x,
                                                                        const Shifts& shifts,
                                                                        std::size_t c) noexcept {
  const __m256 v = floats_8(x + c);
  return shifts.empty() ? v : _mm256_mul_ps(v, powers_of_two(exponents_8(shifts.data() + c)));
}

/// The sums and the output of channels [c, c + 8): false where they would not be exact.
template <class Constants>
[[nodiscard, gnu::target("avx2,fma"), gnu::always_inline]] inline bool finish_8(
    const Constants& constants, std::size_t c, __m256 sums, std::int8_t* y) noexcept {
  if (!constants.bias.empty()) {
    const __m256 bias = floats_8(constants.bias.data() + c);
    if (!all_below(sums, exact_limit) || !all_below(bias, exact_limit)) return false;
    sums = _mm256_add_ps(sums, bias);
  }
  return store_outputs(constants.output, c, sums, y + c);
}

}  // namespace x86

namespace x86 {

/// No constants of so few channels that they fill no vector.
template <class Constants>
inline constexpr bool fills_vectors = [] {
  const auto fills = [](std::size_t size) { return size <= 1 || size >= 8; };
  using Output = std::remove_cvref_t<decltype(Constants::output)>;
  return fills(Constants::weights.size()) && fills(Constants::bias.size()) &&
         fills(Constants::input_shift.size()) && fills(Output{}.shifts.size()) &&
         fills(Output{}.mantissas.size());
}();

}  // namespace x86

/// `finish` has the constants of an exported stage, without limits that sums below 2^24 could meet.
template <class Finish>
concept FinishesInFloat32 =
    x86::StoredInBytes<std::remove_cvref_t<decltype(Finish::constants.output)>> && requires {
  requires std::remove_cvref_t<decltype(Finish::constants)>::has_output;
  requires std::remove_cvref_t<decltype(Finish::constants)>::buffer_bits >= 24;
  requires std::remove_cvref_t<decltype(Finish::constants)>::bias.size() != 1;
  requires std::remove_cvref_t<decltype(Finish::constants)>::output.maximum.empty();
  requires x86::fills_vectors<std::remove_cvref_t<decltype(Finish::constants)>>;
};

template <class X, class W, class Align, FinishesInFloat32 Finish>
[[gnu::target("avx2,fma")]] inline void scale_and_add(arch::avx2, const X* x, const W* weights,
                                                      const std::int32_t* table,
                                                      std::size_t channels, std::int8_t* y,
                                                      const Align& align,
                                                      const Finish& finish) noexcept {
  const auto& shifts = finish.constants.input_shift;
  for (std::size_t c = 0; c < channels;) {
    if (c + 8 <= channels) {
      __m256 sums = x86::aligned_8(x, shifts, c);
      bool exact = x86::all_below(sums, x86::exact_limit);
      if (weights != nullptr) sums = _mm256_mul_ps(sums, x86::floats_8(weights + c));
      if (table != nullptr) {
        const __m256 added = x86::floats_8(table + c);
        exact = exact && x86::all_below(sums, x86::exact_limit) &&
                x86::all_below(added, x86::exact_limit);
        sums = _mm256_add_ps(sums, added);
      }
      if (exact && x86::finish_8(finish.constants, c, sums, y)) {
        c += 8;
        continue;
      }
    }
    y[c] = static_cast<std::int8_t>(
        finish(scaled_and_added(x, weights, table, c, align), static_cast<std::int32_t>(c)));
    ++c;
  }
}

namespace x86 {

/// What does not depend on the token in channels [c, c + 8) of a normalization.
struct NormalizedChannels {
  __m256 power;  ///< aligns the input
  __m256 gamma;
  __m256 bias;
  __m256 mantissa;
  __m256 output_power;
  bool exact;  ///< whatever the input is: no product is larger than its gamma
};

template <class Constants>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline NormalizedChannels normalized_channels(
    const Constants& constants, std::size_t c, float one) noexcept {
  const auto& output = constants.output;
  const __m256 unit = _mm256_set1_ps(1.0F);
  NormalizedChannels of{unit, unit, _mm256_setzero_ps(), unit, unit, true};
  if (!constants.input_shift.empty())
    of.power = powers_of_two(exponents_8(constants.input_shift.data() + c));
  of.gamma = _mm256_mul_ps(floats_8(constants.weights.data() + c), _mm256_set1_ps(one));
  if (!constants.bias.empty()) of.bias = floats_8(constants.bias.data() + c);
  if (output.mantissas.size() == 1)
    of.mantissa = _mm256_set1_ps(static_cast<float>(output.mantissas[0]));
  if (output.mantissas.size() > 1) of.mantissa = floats_8(output.mantissas.data() + c);
  if (!output.shifts.empty()) of.output_power = powers_of_two(exponents_of(output.shifts, c));
  // As store_outputs, of the largest sums.
  const __m256 top = _mm256_add_ps(magnitude(of.gamma), magnitude(of.bias));
  const bool rounded = output.float32_products && !output.mantissas.empty();
  const float limit = rounded ? static_cast<float>(std::int64_t{1} << output.buffer_bits)
                      : output.float32_products ? exact_limit
                                                : exact_limit / 2;
  of.exact = all_below(of.bias, exact_limit) && all_below(top, exact_limit) &&
             all_below(_mm256_mul_ps(top, of.mantissa), limit);
  return of;
}

/// Tokens that share the constants of a channel while these are in registers. False, with nothing
/// done, if the sum of the magnitudes of one is no float.
template <std::size_t Tokens, class X, class Align, class Finish>
[[nodiscard, gnu::target("avx2,fma")]] inline bool normalize_tokens(const X* x,
                                                                    std::size_t channels,
                                                                    std::int8_t* y,
                                                                    const Align& align,
                                                                    const Finish& finish) noexcept {
  const auto& constants = finish.constants;
  const auto& shifts = constants.input_shift;
  const std::size_t whole = channels / 8 * 8;
  __m256 sums[Tokens];
#pragma GCC unroll 4
  for (auto& sum : sums) sum = _mm256_setzero_ps();
  for (std::size_t c = 0; c < whole; c += 8) {
#pragma GCC unroll 4
    for (std::size_t t = 0; t < Tokens; ++t) {
      sums[t] = _mm256_add_ps(sums[t], magnitude(aligned_8(x + t * channels, shifts, c)));
    }
  }
  float divisors[Tokens];
  for (std::size_t t = 0; t < Tokens; ++t) {
    std::int64_t rest = 0;
    for (std::size_t c = whole; c < channels; ++c) {
      const std::int64_t v = align(x[t * channels + c], static_cast<std::int32_t>(c));
      rest += v < 0 ? -v : v;
    }
    if (!all_below(sums[t], exact_limit / 16) || rest >= std::int64_t{1} << 23) return false;
    __m128 halves = _mm_add_ps(_mm256_castps256_ps128(sums[t]), _mm256_extractf128_ps(sums[t], 1));
    halves = _mm_add_ps(halves, _mm_movehl_ps(halves, halves));
    const float sum =
        _mm_cvtss_f32(halves) + _mm_cvtss_f32(_mm_movehdup_ps(halves)) + static_cast<float>(rest);
    divisors[t] = sum == 0 ? 1.0F : sum;  // then all elements are 0
  }
  // Rounding a quotient of such numbers to float32 never makes it the next integer.
  const auto one = static_cast<float>(std::int32_t{1} << constants.weight_shift);
  for (std::size_t c = 0; c < channels;) {
    if (c + 8 <= channels) {
      const NormalizedChannels of = normalized_channels(constants, c, one);
      if (of.exact) {
#pragma GCC unroll 4
        for (std::size_t t = 0; t < Tokens; ++t) {
          const __m256 quotient = _mm256_div_ps(of.gamma, _mm256_set1_ps(divisors[t]));
          const __m256 factor = _mm256_round_ps(quotient, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
          const __m256 aligned = _mm256_mul_ps(floats_8(x + t * channels + c), of.power);
          __m256 v = _mm256_add_ps(_mm256_mul_ps(aligned, factor), of.bias);
          if (constants.output.has_relu) v = _mm256_max_ps(v, _mm256_setzero_ps());
          v = _mm256_mul_ps(_mm256_mul_ps(v, of.mantissa), of.output_power);
          store_rounded(v, constants.output.value_bits, y + t * channels + c);
        }
        c += 8;
        continue;
      }
    }
    const auto channel = static_cast<std::int32_t>(c);
    for (std::size_t t = 0; t < Tokens; ++t) {
      const auto factor =
          static_cast<std::int64_t>(static_cast<float>(constants.weights[c]) * one / divisors[t]);
      const std::int64_t product = align(x[t * channels + c], channel) * factor;
      y[t * channels + c] = static_cast<std::int8_t>(finish(product, channel));
    }
    ++c;
  }
  return true;
}

}  // namespace x86

template <class X, class Align, FinishesInFloat32 Finish>
[[nodiscard, gnu::target("avx2,fma")]] inline std::int64_t normalize_by_magnitude(
    arch::avx2, const X* x, std::size_t channels, std::int64_t tokens, std::int8_t* y,
    const Align& align, const Finish& finish) noexcept {
  if (tokens >= 4 && x86::normalize_tokens<4>(x, channels, y, align, finish)) return 4;
  return x86::normalize_tokens<1>(x, channels, y, align, finish) ? 1 : 0;
}

}  // namespace tenon::kernel
#endif
