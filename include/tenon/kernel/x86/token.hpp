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

/// Channels [c, c + 8) of an input, aligned by `shifts` if there are any; exact while all are below 2^24.
template <class X, class Shifts>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256 aligned_8(const X* x, const Shifts& shifts,
                                                                        std::size_t c) noexcept {
  const __m256 v = floats_8(x + c);
  return shifts.empty() ? v : _mm256_mul_ps(v, powers_of_two(exponents_8(shifts.data() + c)));
}

/// The sums and the output of channels [c, c + 8): false where they would not be exact.
template <class Constants>
[[nodiscard, gnu::target("avx2,fma"), gnu::always_inline]] inline bool finish_8(const Constants& constants, std::size_t c,
                                                                                __m256 sums, std::int8_t* y) noexcept {
  if (!constants.bias.empty()) {
    const __m256 bias = floats_8(constants.bias.data() + c);
    if (!all_below(sums, exact_limit) || !all_below(bias, exact_limit)) return false;
    sums = _mm256_add_ps(sums, bias);
  }
  return store_outputs(constants.output, c, sums, y + c);
}

}  // namespace x86

/// `finish` has the constants of an exported stage, without limits that sums below 2^24 could meet.
template <class Finish>
concept FinishesInFloat32 = x86::StoredInBytes<std::remove_cvref_t<decltype(Finish::constants.output)>> && requires {
  requires std::remove_cvref_t<decltype(Finish::constants)>::has_output;
  requires std::remove_cvref_t<decltype(Finish::constants)>::buffer_bits >= 24;
  requires std::remove_cvref_t<decltype(Finish::constants)>::bias.size() != 1;
  requires std::remove_cvref_t<decltype(Finish::constants)>::output.maximum.empty();
};

template <class X, class W, class Align, FinishesInFloat32 Finish>
[[gnu::target("avx2,fma")]] inline void scale_and_add(arch::avx2, const X* x, const W* weights, const std::int32_t* table,
                                                      std::size_t channels, std::int8_t* y, const Align& align,
                                                      const Finish& finish) noexcept {
  const auto& shifts = finish.constants.input_shift;
  for (std::size_t c = 0; c < channels;) {
    if (c + 8 <= channels) {
      __m256 sums = x86::aligned_8(x, shifts, c);
      bool exact = x86::all_below(sums, x86::exact_limit);
      if (weights != nullptr) sums = _mm256_mul_ps(sums, x86::floats_8(weights + c));
      if (table != nullptr) {
        const __m256 added = x86::floats_8(table + c);
        exact = exact && x86::all_below(sums, x86::exact_limit) && x86::all_below(added, x86::exact_limit);
        sums = _mm256_add_ps(sums, added);
      }
      if (exact && x86::finish_8(finish.constants, c, sums, y)) {
        c += 8;
        continue;
      }
    }
    y[c] = static_cast<std::int8_t>(finish(scaled_and_added(x, weights, table, c, align), static_cast<std::int32_t>(c)));
    ++c;
  }
}

/// False also if the sum of the magnitudes is no float.
template <class X, class Align, FinishesInFloat32 Finish>
[[nodiscard, gnu::target("avx2,fma")]] inline bool normalize_by_magnitude(arch::avx2, const X* x, std::size_t channels,
                                                                          std::int8_t* y, const Align& align,
                                                                          const Finish& finish) noexcept {
  const auto& constants = finish.constants;
  const auto& shifts = constants.input_shift;
  const std::size_t whole = channels / 8 * 8;
  __m256 sums = _mm256_setzero_ps();
  for (std::size_t c = 0; c < whole; c += 8) sums = _mm256_add_ps(sums, x86::magnitude(x86::aligned_8(x, shifts, c)));
  std::int64_t rest = 0;
  for (std::size_t c = whole; c < channels; ++c) {
    const std::int64_t v = align(x[c], static_cast<std::int32_t>(c));
    rest += v < 0 ? -v : v;
  }
  if (!x86::all_below(sums, x86::exact_limit / 16) || rest >= std::int64_t{1} << 23) return false;
  __m128 halves = _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1));
  halves = _mm_add_ps(halves, _mm_movehl_ps(halves, halves));
  const float sum = _mm_cvtss_f32(halves) + _mm_cvtss_f32(_mm_movehdup_ps(halves)) + static_cast<float>(rest);
  // Rounding a quotient of such numbers to float32 never makes it the next integer.
  const float one = sum == 0 ? 0.0F : static_cast<float>(std::int32_t{1} << constants.weight_shift);
  const float divisor = sum == 0 ? 1.0F : sum;
  for (std::size_t c = 0; c < channels;) {
    if (c + 8 <= channels) {
      const __m256 gamma = _mm256_mul_ps(x86::floats_8(constants.weights.data() + c), _mm256_set1_ps(one));
      const __m256 quotient = _mm256_div_ps(gamma, _mm256_set1_ps(divisor));
      const __m256 factor = _mm256_round_ps(quotient, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
      if (x86::finish_8(constants, c, _mm256_mul_ps(x86::aligned_8(x, shifts, c), factor), y)) {
        c += 8;
        continue;
      }
    }
    const auto channel = static_cast<std::int32_t>(c);
    const auto factor = static_cast<std::int64_t>(static_cast<float>(constants.weights[c]) * one / divisor);
    y[c++] = static_cast<std::int8_t>(finish(align(x[channel], channel) * factor, channel));
  }
  return true;
}

}  // namespace tenon::kernel
#endif
