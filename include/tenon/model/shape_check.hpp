// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <tenon/layer/any_layer.hpp>
#include <tenon/tensor/shape.hpp>
#include <type_traits>

// Whether a layer can compute on inputs of given shapes. The verdict is a value: a typed model
// turns it into a compiler message (shape_report.hpp), others may print it.
namespace tenon {

/// What is wrong with a layer in its place: the number of the error and the two values that
/// disagree.
struct ShapeFinding {
  std::int32_t number = 0;
  Shape found{};
  Shape wanted{};
  constexpr bool operator==(const ShapeFinding&) const = default;
};

namespace shape_error {
inline constexpr std::int32_t not_an_image = 1010;
inline constexpr std::int32_t groups = 1011;
inline constexpr std::int32_t window = 1012;
inline constexpr std::int32_t unknown_input = 1013;
inline constexpr std::int32_t operands = 1014;
inline constexpr std::int32_t concatenated = 1015;
inline constexpr std::int32_t reshaped = 1016;
inline constexpr std::int32_t permuted = 1017;
inline constexpr std::int32_t no_size = 1018;
inline constexpr std::int32_t same_name = 1019;
inline constexpr std::int32_t input_count = 1020;
inline constexpr std::int32_t not_tokens = 1025;
inline constexpr std::int32_t heads = 1026;
inline constexpr std::int32_t token = 1027;
inline constexpr std::int32_t steps = 1028;
inline constexpr std::int32_t dilated_strides = 3040;
inline constexpr std::int32_t misplaced_input = 3041;
inline constexpr std::int32_t unused = 3042;
inline constexpr std::int32_t named_in_chain = 3043;
}  // namespace shape_error

/// How many inputs a layer takes.
template <class Params>
inline constexpr std::size_t inputs_needed =
    std::is_same_v<Params, InputParams>                                              ? 0
    : std::is_same_v<Params, AddParams> || std::is_same_v<Params, ConcatenateParams> ? 2
    : std::is_same_v<Params, AttentionParams>                                        ? 3
                                                                                     : 1;

namespace detail {

constexpr bool positive(Size2D size) noexcept { return size.height > 0 && size.width > 0; }
constexpr Shape as_shape(Size2D size) noexcept { return {size.height, size.width}; }

/// Kernel, pool, strides, dilation and filters of at least one, and no stride with a dilation.
template <class Params>
constexpr ShapeFinding check_sizes(const Params& p) noexcept {
  Size2D strides{};
  if constexpr (requires { p.strides; }) strides = p.strides;
  if (!positive(strides)) return {shape_error::no_size, as_shape(strides), Shape(1)};
  if constexpr (requires { positive(p.kernel_size); }) {
    if (!positive(p.kernel_size)) return {shape_error::no_size, as_shape(p.kernel_size), Shape(1)};
  } else if constexpr (requires { p.kernel_size; }) {
    if (p.kernel_size < 1) return {shape_error::no_size, Shape(p.kernel_size), Shape(1)};
  }
  if constexpr (requires { p.subsample; }) {
    if (p.subsample < 1) return {shape_error::no_size, Shape(p.subsample), Shape(1)};
  }
  if constexpr (requires { p.pool_size; }) {
    if (!positive(p.pool_size)) return {shape_error::no_size, as_shape(p.pool_size), Shape(1)};
  }
  if constexpr (requires { p.filters; }) {
    if (p.filters < 1) return {shape_error::no_size, Shape(p.filters), Shape(1)};
  }
  if constexpr (requires { p.units; }) {
    if (p.units < 1) return {shape_error::no_size, Shape(p.units), Shape(1)};
  }
  if constexpr (requires { p.dilation_rate; }) {
    if (!positive(p.dilation_rate))
      return {shape_error::no_size, as_shape(p.dilation_rate), Shape(1)};
    if (p.dilation_rate != Size2D{} && strides != Size2D{}) {
      return {shape_error::dilated_strides, as_shape(strides), as_shape(p.dilation_rate)};
    }
  }
  return {};
}

template <class Params>
constexpr ShapeFinding check_groups(const Params& p, const Shape& x) noexcept {
  if (p.groups < 1) return {shape_error::no_size, Shape(p.groups), Shape(1)};
  if (x.channels() % p.groups != 0)
    return {shape_error::groups, Shape(x.channels()), Shape(p.groups)};
  if (p.filters % p.groups != 0) return {shape_error::groups, Shape(p.filters), Shape(p.groups)};
  return {};
}

/// Layers whose input is a list: tokens of an image, steps of a sequence.
template <class Params>
inline constexpr bool on_tokens =
    std::is_same_v<Params, ClassTokenParams> || std::is_same_v<Params, AddPositionEmbsParams> ||
    std::is_same_v<Params, StatefulRecurrentParams>;

constexpr ShapeFinding check_tokens(const ExtractTokenParams& p, const Shape& x) noexcept {
  if (p.within(x)) return {};
  std::int32_t last = -1;
  for (std::size_t i = 0; i < static_cast<std::size_t>(p.run_count); ++i) {
    const TokenRun& run = p.runs[i];
    if (run.first < 0) return {shape_error::token, x, Shape{p.axis, run.first}};
    last = run.first + run.count - 1 > last ? run.first + run.count - 1 : last;
  }
  return {shape_error::token, x, Shape{p.axis, last}};
}

constexpr ShapeFinding check_projection(const StatefulProjectionParams& p,
                                        const Shape& x) noexcept {
  const Shape rows = p.rows_shape(x);
  if (rows.size() != x.size()) return {shape_error::reshaped, x, p.downshape};
  if (p.subsample > 1 && (rows.rank < 2 || rows[0] % p.subsample != 0)) {
    return {shape_error::steps, rows, Shape(p.subsample)};
  }
  StatefulProjectionParams flat = p;
  flat.upshape = Shape{};
  const Shape made = flat.output_shape(x);
  if (p.output_shape(x).size() != made.size()) return {shape_error::reshaped, made, p.upshape};
  return {};
}

constexpr ShapeFinding check_permutation(const PermuteParams& p, const Shape& x) noexcept {
  Shape axes;
  axes.rank = x.rank;
  std::uint32_t seen = 0;
  for (std::size_t i = 0; i < Shape::max_rank; ++i) {
    axes[i] = p.axes[i];
    const bool inside = static_cast<std::int32_t>(i) < x.rank;
    if (inside && axes[i] >= 0 && axes[i] < x.rank) seen |= 1U << static_cast<unsigned>(axes[i]);
  }
  return seen + 1 == 1U << static_cast<unsigned>(x.rank)
             ? ShapeFinding{}
             : ShapeFinding{shape_error::permuted, axes, Shape(x.rank)};
}

}  // namespace detail

[[nodiscard]] constexpr ShapeFinding check_shape(const InputParams& p) noexcept {
  for (std::int32_t i = 0; i < p.shape.rank; ++i) {
    if (p.shape[static_cast<std::size_t>(i)] < 1) return {shape_error::no_size, p.shape, Shape(1)};
  }
  return {};
}

/// A layer with one input.
template <class Params>
[[nodiscard]] constexpr ShapeFinding check_shape(const Params& p, const Shape& x) noexcept {
  ShapeFinding finding = detail::check_sizes(p);
  if (finding.number != 0) return finding;
  constexpr bool image = requires { p.window(x); }
  || std::is_same_v<Params, GlobalAveragePooling2DParams> ||
      std::is_same_v<Params, BufferTempConvParams> ||
      std::is_same_v<Params, DepthwiseBufferTempConvParams>;
  if (image && x.rank != 3) return {shape_error::not_an_image, x, Shape(3)};
  if (detail::on_tokens<Params> && x.rank != 2) return {shape_error::not_tokens, x, Shape(2)};
  if constexpr (requires { p.groups; }) {
    finding = detail::check_groups(p, x);
    if (finding.number != 0) return finding;
  }
  if constexpr (requires { p.window(x); }) {
    const Window2D window = p.window(x);
    if (window.y.output < 1 || window.x.output < 1) {
      return {shape_error::window,
              {(window.y.kernel - 1) * window.y.dilation + 1,
               (window.x.kernel - 1) * window.x.dilation + 1},
              x};
    }
  }
  if constexpr (std::is_same_v<Params, ReshapeParams>) {
    const Shape y = p.output_shape(x);
    if (y.size() != x.size()) return {shape_error::reshaped, x, p.target_shape};
  }
  if constexpr (std::is_same_v<Params, PermuteParams>) return detail::check_permutation(p, x);
  if constexpr (std::is_same_v<Params, ExtractTokenParams>) return detail::check_tokens(p, x);
  if constexpr (std::is_same_v<Params, StatefulProjectionParams>) {
    return detail::check_projection(p, x);
  }
  return {};
}

[[nodiscard]] constexpr ShapeFinding check_shape(const AddParams&, const Shape& a,
                                                 const Shape& b) noexcept {
  return a == b ? ShapeFinding{} : ShapeFinding{shape_error::operands, a, b};
}

/// As many values as keys, and heads of equally many channels.
[[nodiscard]] constexpr ShapeFinding check_shape(const AttentionParams& p, const Shape& query,
                                                 const Shape& key, const Shape& value) noexcept {
  if (p.num_heads < 1) return {shape_error::no_size, Shape(p.num_heads), Shape(1)};
  for (const Shape& x : {query, key, value}) {
    if (x.rank != 2) return {shape_error::not_tokens, x, Shape(2)};
  }
  if (key != value) return {shape_error::operands, key, value};
  if (query.channels() != key.channels()) return {shape_error::operands, query, key};
  return query.channels() % p.num_heads == 0
             ? ShapeFinding{}
             : ShapeFinding{shape_error::heads, Shape(query.channels()), Shape(p.num_heads)};
}

[[nodiscard]] constexpr ShapeFinding check_shape(const ConcatenateParams& p, const Shape& a,
                                                 const Shape& b) noexcept {
  const std::size_t axis = p.position(a);
  if (axis >= static_cast<std::size_t>(a.rank)) return {shape_error::concatenated, a, b};
  Shape alike = b;
  alike[axis] = a[axis];
  return alike == a ? ShapeFinding{} : ShapeFinding{shape_error::concatenated, a, b};
}

}  // namespace tenon
