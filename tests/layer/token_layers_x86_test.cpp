// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <tenon/layer/add_position_embs.hpp>
#include <tenon/layer/attention.hpp>
#include <tenon/layer/batch_normalization.hpp>
#include <tenon/layer/layer_mad_normalization.hpp>
#include <tenon/model/stage.hpp>
#include <vector>

// Layers on tokens with the constants of exported stages: AVX2 against the reference kernels.
#if defined(__x86_64__)
using namespace tenon;

namespace {

[[nodiscard]] bool has_avx2() {
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return true;
  MESSAGE("skipped: this processor has no AVX2");
  return false;
}

/// Constants of a stage that a test fills in; the channels are part of the type, as they are in exported headers.
template <std::size_t Channels, bool Products, bool Float32>
struct TokenConstants : StageConstants {
  static inline std::array<std::int8_t, Channels> input_shift{};
  static inline std::array<std::int8_t, Channels> weights{};
  static inline std::array<std::int32_t, Channels> bias{};
  static inline std::array<std::int32_t, 3 * Channels> table{};
  static constexpr bool has_output = true;
  static constexpr int weight_shift = 16;
  static constexpr bool dividends_fit_24_bits() noexcept { return true; }
  static inline StageOutput<std::uint8_t, Products ? Channels : 0, Channels, 0> output{
      .value_bits = 7, .float32_products = Float32};
};

/// Position embeddings come to inputs that are not aligned.
template <class Constants>
struct WithoutShifts : Constants {
  static constexpr std::array<std::int8_t, 0> input_shift{};
};

template <class Values>
void fill(Values& values, std::mt19937& random, std::int64_t low, std::int64_t high) {
  std::uniform_int_distribution<std::int64_t> draw(low, high);
  for (auto& v : values) v = static_cast<typename Values::value_type>(draw(random));
}

template <class Constants, class X, class Params>
void check_equal(const Params& params, const std::vector<X>& x, std::int32_t channels) {
  const Constants constants{};
  const Shape shape{static_cast<std::int32_t>(x.size()) / channels, channels};
  std::vector<std::int8_t> expected(x.size());
  std::vector<std::int8_t> found(x.size());
  std::vector<std::int32_t> scratch(x.size());
  run(arch::reference{}, params, shape, constants, x.data(), expected.data(), scratch.data());
  run(arch::avx2{}, params, shape, constants, x.data(), found.data(), scratch.data());
  CHECK(found == expected);
}

template <std::size_t Channels, bool Products, bool Float32>
void check_token_layers(std::uint32_t seed) {
  using Constants = TokenConstants<Channels, Products, Float32>;
  std::mt19937 random(seed);
  const int width = static_cast<int>(random() % 20);  // of bias and table: some sums are no floats
  fill(Constants::input_shift, random, 0, random() % 3 == 0 ? 9 : 2);
  fill(Constants::weights, random, -127, 127);
  fill(Constants::bias, random, -(1 << width), 1 << width);
  fill(Constants::table, random, -(1 << (width + 6)), 1 << (width + 6));
  const int right = static_cast<int>(random() % 12);
  fill(Constants::output.shifts, random, -right - 10, -right);
  fill(Constants::output.mantissas, random, 128, 255);
  Constants::output.has_relu = random() % 4 == 0;
  Constants::output.value_bits = random() % 4 == 0 ? 3 : 7;
  std::vector<std::int8_t> bytes(3 * Channels);
  std::vector<std::int32_t> words(3 * Channels);
  fill(bytes, random, -128, 127);
  fill(words, random, -(1 << (width + 8)), 1 << (width + 8));
  if (random() % 4 == 0) std::fill_n(bytes.begin(), Channels, std::int8_t{0});  // a token without a magnitude
  constexpr auto channels = static_cast<std::int32_t>(Channels);
  CAPTURE(seed);
  check_equal<WithoutShifts<Constants>>(AddPositionEmbsParams{}, bytes, channels);
  check_equal<WithoutShifts<Constants>>(AddPositionEmbsParams{}, words, channels);
  check_equal<Constants>(BatchNormalizationParams{}, bytes, channels);
  check_equal<WithoutShifts<Constants>>(BatchNormalizationParams{}, words, channels);
  check_equal<Constants>(LayerMadNormalizationParams{}, bytes, channels);
  // Four tokens at a time and the rest one by one; magnitudes of some are no float.
  std::vector<std::int8_t> tokens(11 * Channels);
  fill(tokens, random, -128, 127);
  for (std::size_t t = 0; t < 11; ++t) {
    const auto token = tokens.begin() + static_cast<std::ptrdiff_t>(t * Channels);
    const int divisor = random() % 3 == 0 ? 1 << random() % 9 : 1;
    std::for_each(token, token + channels, [&](std::int8_t& v) { v = static_cast<std::int8_t>(v / divisor); });
  }
  if (seed % 3 == 0) fill(Constants::input_shift, random, 10, 17);
  check_equal<Constants>(LayerMadNormalizationParams{}, tokens, channels);
}

template <std::size_t Channels>
struct AttentionConstants : StageConstants {
  static inline std::array<std::int8_t, Channels> input_shift{};
  static inline std::array<std::int8_t, 1> second_shift{};
  static constexpr bool has_output = true;
  static constexpr int input_bits = 7;
  static inline int exp_bits = 10;
  static inline int exp_buffer_bits = 31;
  static inline std::int64_t largest_sum = 0;
  static inline std::int64_t largest_score = 0;
  static inline StageOutput<std::uint8_t, 0, Channels, 0> output{.value_bits = 7, .float32_products = true};
};

template <std::int32_t Heads, std::int32_t Dim>
void check_attention(std::int32_t queries, std::int32_t keys, std::uint32_t seed) {
  constexpr auto channels = static_cast<std::size_t>(Heads * Dim);
  using Constants = AttentionConstants<channels>;
  std::mt19937 random(seed);
  const AttentionParams params{.num_heads = Heads};
  constexpr int few_keys_exp_bits[] = {6, 10, 10, 14, 10, 1};
  Constants::exp_bits = keys <= 7 ? few_keys_exp_bits[seed % 6] : seed % 3 == 0 ? 6 : 10;
  Constants::exp_buffer_bits = 31 - static_cast<int>(random() % 9);
  fill(Constants::input_shift, random, 0, seed % 5 == 0 ? 8 : 3);
  fill(Constants::second_shift, random, -14, -6);
  fill(Constants::output.shifts, random, -14, -6);
  Constants::largest_score = std::int64_t{1 << 14} * Dim;
  Constants::largest_sum = detail::largest_weight_sum(keys, Constants::exp_bits, Constants::exp_buffer_bits) << 7;
  std::vector<std::int8_t> q(static_cast<std::size_t>(queries) * channels);
  std::vector<std::int8_t> k(static_cast<std::size_t>(keys) * channels);
  std::vector<std::int8_t> v(k.size());
  const int top = seed % 4 == 1 ? 3 : 128;  // with small scores all keys have a weight
  fill(q, random, -top, top - 1);
  fill(k, random, -128, seed % 11 == 0 ? -128 : 127);
  fill(v, random, -128, seed % 7 == 0 ? -128 : 127);
  const Shape query{queries, static_cast<std::int32_t>(channels)};
  const Shape key{keys, static_cast<std::int32_t>(channels)};
  const Constants constants{};
  std::vector<std::int8_t> expected(q.size());
  std::vector<std::int8_t> found(q.size());
  const std::int64_t elements = attention_scratch(arch::avx2{}, params.shape(query, key), Constants::exp_bits);
  std::vector<std::int32_t> row(static_cast<std::size_t>(elements), std::int32_t{-1431655766});
  run(arch::reference{}, params, query, key, constants, q.data(), k.data(), v.data(), expected.data(), row.data());
  run(arch::avx2{}, params, query, key, constants, q.data(), k.data(), v.data(), found.data(), row.data());
  CAPTURE(seed);
  CAPTURE(keys);
  CHECK(found == expected);
}

}  // namespace

TEST_CASE("normalizations and position embeddings with AVX2 equal the reference") {
  if (!has_avx2()) return;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    check_token_layers<32, true, true>(seed);
    check_token_layers<19, true, true>(seed);
    check_token_layers<8, true, false>(seed);
    check_token_layers<40, false, true>(seed);
    check_token_layers<5, false, false>(seed);
  }
}

TEST_CASE("attention with AVX2 equals the reference") {
  if (!has_avx2()) return;
  std::uint32_t seed = 0;
  // Keys around a pair, a panel of 16, and 32 weights; queries around a tile of six.
  for (const std::int32_t keys : {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 49, 130}) {
    for (const std::int32_t queries : {1, 2, 3, 5, 6, 7, 11, 12, 13}) {
      check_attention<4, 8>(queries, keys, ++seed);
      check_attention<3, 64>(queries, keys, ++seed);
      check_attention<2, 16>(queries, keys, ++seed);
      check_attention<1, 40>(queries, keys, ++seed);
      check_attention<2, 12>(queries, keys, ++seed);  // a width without a kernel
    }
  }
  for (int i = 0; i < 4; ++i) check_attention<3, 64>(197, 197, ++seed);
  check_attention<1, 128>(4, 1024, ++seed);
  check_attention<1, 32>(1, 1500, 1);  // more keys than a kernel takes
}
#endif
