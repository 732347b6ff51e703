// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/traits.hpp>
#include <tenon/tensor/shape.hpp>

namespace tenon {

/// Consecutive indices: first, first + 1, ...
struct TokenRun {
  std::int32_t first = 0;
  std::int32_t count = 0;
  constexpr bool operator==(const TokenRun&) const = default;
};

// Some indices along one axis, in the given order; a single one takes the axis away. Indices are kept as runs, so that
// "all tokens but the first" is one of them.
struct ExtractTokenParams {
  static constexpr LayerTraits traits{LayerKind::extract_token, false, true, false, Accepts::fixed};
  static constexpr std::int32_t max_runs = 32;

  std::array<TokenRun, max_runs> runs{};
  std::int32_t run_count = 0;
  bool keep_axis = true;
  std::int32_t axis = 0;  ///< batch excluded; negative ones count from the end

  /// One token, whose axis goes away.
  [[nodiscard]] static constexpr ExtractTokenParams one(std::int32_t token, std::int32_t axis = 0) noexcept {
    ExtractTokenParams params = range(token, 1, axis);
    params.keep_axis = false;
    return params;
  }
  /// Consecutive tokens.
  [[nodiscard]] static constexpr ExtractTokenParams range(std::int32_t first, std::int32_t count,
                                                          std::int32_t axis = 0) noexcept {
    ExtractTokenParams params;
    params.runs[0] = {first, count};
    params.run_count = 1;
    params.axis = axis;
    return params;
  }

  /// Tokens of the first axis in this order.
  template <class... Tokens>
  [[nodiscard]] static constexpr ExtractTokenParams list(Tokens... tokens) noexcept {
    ExtractTokenParams params;
    (params.append(static_cast<std::int32_t>(tokens)), ...);
    return params;
  }

  /// False when there is no room for one more run.
  constexpr bool append(std::int32_t token) noexcept {
    if (run_count > 0) {
      TokenRun& last = runs[static_cast<std::size_t>(run_count - 1)];
      if (token == last.first + last.count) {
        ++last.count;
        return true;
      }
    }
    if (run_count == max_runs) return false;
    runs[static_cast<std::size_t>(run_count++)] = {token, 1};
    return true;
  }
  [[nodiscard]] constexpr std::int32_t count() const noexcept {
    std::int32_t sum = 0;
    for (std::int32_t i = 0; i < run_count; ++i) sum += runs[static_cast<std::size_t>(i)].count;
    return sum;
  }
  [[nodiscard]] constexpr std::size_t position(const Shape& input) const noexcept {
    return static_cast<std::size_t>(axis < 0 ? axis + input.rank : axis);
  }
  /// Whether every index exists.
  [[nodiscard]] constexpr bool within(const Shape& input) const noexcept {
    const std::size_t at = position(input);
    if (at >= static_cast<std::size_t>(input.rank)) return false;
    for (std::int32_t i = 0; i < run_count; ++i) {
      const TokenRun& r = runs[static_cast<std::size_t>(i)];
      if (r.first < 0 || r.first > input[at] - r.count) return false;
    }
    return run_count > 0;
  }
  [[nodiscard]] constexpr Shape output_shape(const Shape& input) const noexcept {
    Shape output{};
    for (std::size_t i = 0; i < static_cast<std::size_t>(input.rank); ++i) {
      if (i != position(input)) {
        output.push_back(input[i]);
      } else if (keep_axis) {
        output.push_back(count());
      }
    }
    return output;
  }
};

/// On the last axis the fractional bits of the channels are taken along.
template <class F, class Storage>
constexpr Fault prepare(const ExtractTokenParams& params, const Shape& input, Format<F>& x, const FloatVariables&,
                        const LayerQuantizers&, LayerConstants<Storage>&) noexcept {
  const bool last_axis = params.position(input) == static_cast<std::size_t>(input.rank - 1);
  if (!last_axis || x.frac_bits.size() <= 1) return Fault::none;
  typename Format<F>::Ints frac_bits{};
  for (std::int32_t i = 0; i < params.run_count; ++i) {
    const TokenRun& r = params.runs[static_cast<std::size_t>(i)];
    for (std::int32_t t = r.first; t < r.first + r.count; ++t) {
      frac_bits.push_back(x.frac_bits[static_cast<std::size_t>(t)]);
    }
  }
  x.frac_bits = frac_bits;
  return Fault::none;
}

/// Copies, for integers and floats alike.
template <class X, class Y>
constexpr void extract_token(const ExtractTokenParams& params, const Shape& input, const X* x, Y* y) noexcept {
  const std::size_t axis = params.position(input);
  std::int64_t inner = 1;
  for (std::size_t i = axis + 1; i < static_cast<std::size_t>(input.rank); ++i) inner *= input[i];
  const std::int64_t slice = inner * input[axis];
  for (std::int64_t begin = 0; begin < input.size(); begin += slice) {
    for (std::int32_t i = 0; i < params.run_count; ++i) {
      const TokenRun& r = params.runs[static_cast<std::size_t>(i)];
      const X* from = x + begin + r.first * inner;
      for (std::int64_t k = 0; k < r.count * inner; ++k) *y++ = static_cast<Y>(from[k]);
    }
  }
}

template <class Arch, class Constants, class X, class Y>
constexpr void run(Arch, const ExtractTokenParams& params, const Shape& input, const Constants&, const X* x, Y* y,
                   std::int32_t*) noexcept {
  extract_token(params, input, x, y);
}

template <class Arch>
constexpr void run_float(Arch, const ExtractTokenParams& params, const Shape& input, const FloatVariables&,
                         const float* x, float* y) noexcept {
  extract_token(params, input, x, y);
}

}  // namespace tenon
