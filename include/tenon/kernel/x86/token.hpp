// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/x86/float32_output.hpp>

// Layers that go through a tensor of tokens channel by channel, in float32 where that is exact. `constants` are those of an
// exported stage; `finish(sum, channel)` is its bias and output quantizer in integers, for the channels that are left.
namespace tenon::kernel {
namespace x86 {

/// Channels [c, c + 8) of an input, aligned by `shifts` if there are any; exact while all are below 2^24.
template <class X, class Shifts>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline __m256 aligned_8(const X* x, const Shifts& shifts,
                                                                        std::size_t c) noexcept {
  const __m256 v = floats_8(x + c);
  return shifts.empty() ? v : _mm256_mul_ps(v, powers_of_two(exponents_8(shifts.data() + c)));
}

template <class X, class Shifts>
[[nodiscard]] constexpr std::int64_t aligned_1(const X* x, const Shifts& shifts, std::size_t c) noexcept {
  const std::int64_t v = x[c];
  return shifts.empty() ? v : v * (std::int64_t{1} << shifts[c]);
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

/// Exported stages whose constants the kernels here can read, without limits that sums below 2^24 could meet.
template <class Constants>
concept FinishedInFloat32 = x86::StoredInBytes<decltype(Constants::output)> && requires {
  requires Constants::has_output && Constants::buffer_bits >= 24;
  requires Constants::bias.size() != 1 && Constants::output.maximum.empty();
};

/// y = finish(x * weights + table): a batch normalization, or position embeddings. Weights or table may be null. The input is
/// aligned by `constants.input_shift`.
template <FinishedInFloat32 Constants, class X, class W, class Finish>
[[gnu::target("avx2,fma")]] inline void scale_and_add(arch::avx2, const Constants& constants, const X* x, const W* weights,
                                                      const std::int32_t* table, std::size_t channels, std::int8_t* y,
                                                      const Finish& finish) noexcept {
  const auto& shifts = constants.input_shift;
  const auto slowly = [&](std::size_t c) {
    std::int64_t sum = x86::aligned_1(x, shifts, c);
    if (weights != nullptr) sum *= weights[c];
    if (table != nullptr) sum += table[c];
    y[c] = static_cast<std::int8_t>(finish(sum, static_cast<std::int32_t>(c)));
  };
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
      if (exact && x86::finish_8(constants, c, sums, y)) {
        c += 8;
        continue;
      }
    }
    slowly(c++);
  }
}

/// y = finish(x * trunc(weights * 2^weight_shift / sum |x|)) of a token, where that is less than 2^24: a normalization by the mean
/// magnitude. False if the sum of magnitudes is no float; then nothing is done.
template <FinishedInFloat32 Constants, class X, class Finish>
[[nodiscard, gnu::target("avx2,fma")]] inline bool normalize_by_magnitude(arch::avx2, const Constants& constants, const X* x,
                                                                          std::size_t channels, std::int8_t* y,
                                                                          const Finish& finish) noexcept {
  const auto& shifts = constants.input_shift;
  const std::size_t whole = channels / 8 * 8;
  __m256 sums = _mm256_setzero_ps();
  for (std::size_t c = 0; c < whole; c += 8) sums = _mm256_add_ps(sums, x86::magnitude(x86::aligned_8(x, shifts, c)));
  std::int64_t rest = 0;
  for (std::size_t c = whole; c < channels; ++c) {
    const std::int64_t v = x86::aligned_1(x, shifts, c);
    rest += v < 0 ? -v : v;
  }
  if (!x86::all_below(sums, x86::exact_limit / 16) || rest >= std::int64_t{1} << 23) return false;
  __m128 halves = _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1));
  halves = _mm_add_ps(halves, _mm_movehl_ps(halves, halves));
  const float sum = _mm_cvtss_f32(halves) + _mm_cvtss_f32(_mm_movehdup_ps(halves)) + static_cast<float>(rest);
  const auto one = static_cast<float>(std::int32_t{1} << constants.weight_shift);
  // Rounding a quotient of such numbers to float32 never makes it the next integer.
  const __m256 divided = _mm256_set1_ps(sum == 0 ? 0 : one);
  const __m256 divisor = _mm256_set1_ps(sum == 0 ? 1 : sum);
  const auto slowly = [&](std::size_t k) {
    const std::int64_t gamma = sum == 0 ? 0 : static_cast<std::int64_t>(constants.weights[k]) << constants.weight_shift;
    const std::int64_t factor = gamma / (sum == 0 ? 1 : static_cast<std::int64_t>(sum));
    y[k] = static_cast<std::int8_t>(finish(x86::aligned_1(x, shifts, k) * factor, static_cast<std::int32_t>(k)));
  };
  for (std::size_t c = 0; c < channels;) {
    if (c + 8 <= channels) {
      const __m256 gamma = _mm256_mul_ps(x86::floats_8(constants.weights.data() + c), divided);
      const __m256 factor = _mm256_round_ps(_mm256_div_ps(gamma, divisor), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
      if (x86::finish_8(constants, c, _mm256_mul_ps(x86::aligned_8(x, shifts, c), factor), y)) {
        c += 8;
        continue;
      }
    }
    slowly(c++);
  }
  return true;
}

}  // namespace tenon::kernel
#endif
